//! The fence around what one host keeps of one identity: only who comes with the epoch in force gets in. Pure decisions; the
//! host makes each of them one transaction together with what it stores.
//!
//! Epochs only grow, and each step of a move and each end of one has a new one. So a message that was delayed, repeated or
//! overtaken finds a higher epoch and does nothing.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::record::array;
use crate::base64url;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, ObjectWriter, Value};
use crate::time::UnixSeconds;

/// The count of changes to where an identity is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u32);

impl Epoch {
    /// That of a registration.
    pub const FIRST: Self = Self(1);

    /// From the store or the wire.
    ///
    /// Errors: `claim_invalid` beyond 32 bits.
    pub fn from_i64(number: i64) -> Result<Self> {
        u32::try_from(number)
            .map(Self)
            .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "epoch"))
    }

    /// The number.
    pub const fn as_i64(self) -> i64 {
        self.0 as i64
    }

    /// The next one.
    ///
    /// Errors: `limit_exceeded` after 2³² moves.
    pub fn next(self) -> Result<Self> {
        let next = self.0.checked_add(1).map(Self);
        next.ok_or(Error::with_detail(ErrorCode::LimitExceeded, "epoch"))
    }
}

/// What a host is for. No host is for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Keeps identifiers and the ids that they stand for.
    Identity,
    /// Keeps data by id.
    Data,
}

impl Kind {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Data => "data",
        }
    }

    /// The kind of that name.
    ///
    /// Errors: `claim_invalid`.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "identity" => Ok(Self::Identity),
            "data" => Ok(Self::Data),
            _ => Err(Error::with_detail(ErrorCode::ClaimInvalid, "kind")),
        }
    }
}

/// What a host has of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    fence: Epoch,
    presence: Presence,
    /// The last writes, oldest first; none of what was deleted.
    recent: Vec<Known>,
}

/// A write that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    name: [u8; 16],
    /// What it wrote; not known of one that was done in another area, whose key the digest is under.
    content: Option<[u8; 16]>,
}

/// What tells one write from another: 128 random bits, chosen by whoever asks for it, and what it writes. The same name with
/// something else is no repetition: to answer as if it had been done would lose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteId {
    name: [u8; 16],
    content: [u8; 16],
}

impl WriteId {
    /// `name` is one draw of randomness, or a number that the caller never uses again; `content` a digest of what is written
    /// (`AreaKeys::write_content`).
    pub const fn from_bytes(name: [u8; 16], content: [u8; 16]) -> Self {
        Self { name, content }
    }

    /// Reads the one text of each, 22 characters of base64url.
    ///
    /// Errors: `claim_invalid`.
    pub fn parse(name: &str, content: &str) -> Result<Self> {
        Ok(Self { name: half(name)?, content: half(content)? })
    }
}

impl Known {
    /// As the store has it.
    fn to_text(self) -> String {
        let content = self.content.map_or_else(String::new, |content| base64url::encode(&content));
        [base64url::encode(&self.name), content].join(".")
    }

    fn from_text(text: &str) -> Result<Self> {
        let (name, content) = text.split_once('.').ok_or(INVALID_WRITE)?;
        let content = if content.is_empty() { None } else { Some(half(content)?) };
        Ok(Self { name: half(name)?, content })
    }
}

impl From<WriteId> for Known {
    fn from(WriteId { name, content }: WriteId) -> Self {
        Self { name, content: Some(content) }
    }
}

const INVALID_WRITE: Error = Error::with_detail(ErrorCode::ClaimInvalid, "write");

fn half(text: &str) -> Result<[u8; 16]> {
    base64url::decode_array(text).map_err(|_| INVALID_WRITE)
}

/// Writes of an identity that a host remembers: a repetition that is overtaken by more than these is done again.
pub const REMEMBERED_WRITES: usize = 16;

/// In which state it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In force: read and written.
    Active,
    /// On its way to another area: read, not written.
    Frozen,
    /// A copy that is not in force: neither read nor written.
    Staged,
    /// Gone. What stays is the opaque id, the fence, and how much was deleted when, which certificates are made of.
    Deleted(Deletion),
}

/// What was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Identifiers or items of data.
    pub items: u32,
    /// When.
    pub at: UnixSeconds,
}

/// What somebody wants of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// To see what is there.
    Read,
    /// To change what is there, once. In a data host the first write makes the entry.
    Write(WriteId),
    /// To register an identifier.
    Claim,
    /// To stop writes.
    Freeze,
    /// To take a copy of what is frozen.
    Export,
    /// To put a copy there that is not in force. The names of writes that come with it are [`Entry::carrying`]'s.
    Stage,
    /// To put in force what is there.
    Activate,
    /// To delete what is there: so many items, at this time.
    Delete(Deletion),
}

/// A host's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Do it.
    Granted,
    /// That write has been done already.
    Repeated,
    /// Another write had that name.
    Conflict,
    /// Nothing is there.
    Absent,
    /// It is being moved: the same may succeed in a moment.
    Moving,
    /// The epoch is not in force here any more: ask the directory again.
    Moved,
}

impl Verdict {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Repeated => "repeated",
            Self::Conflict => "conflict",
            Self::Absent => "absent",
            Self::Moving => "moving",
            Self::Moved => "moved",
        }
    }
}

/// Decides what somebody who comes with `epoch` gets. `entry` is what the host has for the identity; the second value is what it has
/// to hold from now on.
pub fn decide(
    kind: Kind,
    entry: Option<Entry>,
    command: Command,
    epoch: Epoch,
) -> (Verdict, Option<Entry>) {
    let recent = entry.as_ref().map_or_else(Vec::new, |entry| entry.recent.clone());
    let becomes = |presence| {
        // Digests over values go with the values.
        let recent = match presence {
            Presence::Deleted(_) => Vec::new(),
            _ => recent.clone(),
        };
        (Verdict::Granted, Some(Entry { fence: epoch, presence, recent }))
    };
    let current = entry.as_ref().map(|entry| (entry.fence, entry.presence));
    let stays = |verdict| (verdict, entry);
    let Some((fence, presence)) = current else {
        return match (command, kind) {
            // A fence stays even where there was nothing: what comes late must not find the door open.
            (Command::Delete(Deletion { at, .. }), _) => {
                becomes(Presence::Deleted(Deletion { items: 0, at }))
            }
            (Command::Stage, _) => becomes(Presence::Staged),
            (Command::Claim, Kind::Identity) => becomes(Presence::Active),
            (Command::Write(write), Kind::Data) => {
                let recent = vec![write.into()];
                let entry = Entry { fence: epoch, presence: Presence::Active, recent };
                (Verdict::Granted, Some(entry))
            }
            (Command::Activate, Kind::Data) => becomes(Presence::Active),
            (Command::Freeze, Kind::Data) => becomes(Presence::Frozen),
            (Command::Read, Kind::Data) => stays(Verdict::Granted),
            _ => stays(Verdict::Absent),
        };
    };
    match (command, presence) {
        (Command::Delete(deletion), _) if epoch > fence => becomes(Presence::Deleted(deletion)),
        (Command::Delete(_), Presence::Deleted(_)) if epoch == fence => stays(Verdict::Granted),
        (Command::Stage, Presence::Deleted(_)) if epoch > fence => becomes(Presence::Staged),
        (Command::Stage, Presence::Staged) if epoch >= fence => becomes(Presence::Staged),
        (_, Presence::Deleted(_)) | (Command::Delete(_) | Command::Stage, _) => {
            stays(Verdict::Moved)
        }

        // For each epoch there is at most one area that lets anybody in: the old one until the decision, the new one from the
        // step that puts it in force.
        (Command::Read, Presence::Active) if epoch >= fence => stays(Verdict::Granted),
        (Command::Read, Presence::Frozen) if epoch == fence => stays(Verdict::Granted),
        (Command::Write(write), Presence::Active) if epoch >= fence => {
            if let Some(known) = recent.iter().find(|known| known.name == write.name) {
                // Of one that came along it is known that it was done, and not what it wrote.
                let same = known.content.is_none_or(|content| content == write.content);
                return stays(if same { Verdict::Repeated } else { Verdict::Conflict });
            }
            let recent = remember(recent.clone(), write.into());
            (Verdict::Granted, Some(Entry { fence: epoch, presence, recent }))
        }
        (Command::Read | Command::Write(_), Presence::Active) => stays(Verdict::Moved),
        (Command::Read | Command::Write(_), Presence::Frozen | Presence::Staged) => {
            stays(Verdict::Moving)
        }

        (Command::Claim, Presence::Active) if epoch == fence => stays(Verdict::Granted),
        (Command::Freeze, Presence::Frozen) if epoch == fence => stays(Verdict::Granted),
        (Command::Freeze, _) if epoch > fence => becomes(Presence::Frozen),
        (Command::Export, Presence::Frozen) if epoch == fence => stays(Verdict::Granted),
        (Command::Activate, _) if epoch >= fence => becomes(Presence::Active),
        (Command::Claim | Command::Freeze | Command::Export | Command::Activate, _) => {
            stays(Verdict::Moved)
        }
    }
}

fn remember(mut recent: Vec<Known>, write: Known) -> Vec<Known> {
    if recent.len() >= REMEMBERED_WRITES {
        recent.remove(0);
    }
    recent.push(write);
    recent
}

impl Entry {
    /// The lowest epoch that gets in.
    pub const fn fence(&self) -> Epoch {
        self.fence
    }

    /// In which state it is there.
    pub const fn presence(&self) -> Presence {
        self.presence
    }

    /// What was deleted here, if anything was and nothing came back.
    pub const fn deletion(&self) -> Option<Deletion> {
        match self.presence {
            Presence::Deleted(deletion) => Some(deletion),
            _ => None,
        }
    }

    /// The names of the last writes, oldest first, each 22 characters of base64url: they move along, so that a caller whose answer
    /// was lost may ask again wherever the identity is then. What was written stays behind.
    pub fn recent_names(&self) -> impl Iterator<Item = String> {
        self.recent.iter().map(|known| base64url::encode(&known.name))
    }

    /// A copy that was just staged, with the names of writes that it came with; the last [`REMEMBERED_WRITES`] of them count.
    ///
    /// Errors: `claim_invalid` for a text that is no name.
    pub fn carrying<'a>(mut self, names: impl Iterator<Item = &'a str>) -> Result<Self> {
        self.recent.clear();
        for name in names {
            let known = Known { name: half(name)?, content: None };
            self.recent = remember(self.recent, known);
        }
        Ok(self)
    }

    /// As a JSON object, for the store.
    pub fn to_json(&self) -> String {
        let object = ObjectWriter::new()
            .integer("fence", self.fence.as_i64())
            .string("presence", self.presence.as_str());
        match self.deletion() {
            Some(Deletion { items, at }) => {
                object.integer("items", i64::from(items)).integer("at", at.as_i64())
            }
            None => object
                .raw("recent", &array(self.recent.iter().map(|write| quoted(&write.to_text())))),
        }
        .finish()
    }

    /// From what the store holds.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let entry = json::parse_object(text.as_bytes())?;
        let invalid = |name| Error::with_detail(ErrorCode::ClaimInvalid, name);
        let presence = match entry.string("presence")? {
            "active" => Presence::Active,
            "frozen" => Presence::Frozen,
            "staged" => Presence::Staged,
            "deleted" => Presence::Deleted(Deletion {
                items: u32::try_from(entry.integer("items")?).map_err(|_| invalid("items"))?,
                at: UnixSeconds::new(entry.integer("at")?),
            }),
            _ => return Err(invalid("presence")),
        };
        let recent = match (presence, entry.get("recent")) {
            // One that was written before they went with what was deleted is cleared as it is read.
            (Presence::Deleted(_), _) => Vec::new(),
            (_, Some(Value::Array(recent))) => recent
                .iter()
                .map(|write| write.as_str().map_or(Err(invalid("recent")), Known::from_text))
                .collect::<Result<_>>()?,
            _ => return Err(invalid("recent")),
        };
        Ok(Self { fence: Epoch::from_i64(entry.integer("fence")?)?, presence, recent })
    }
}

impl Presence {
    /// The name in the store.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
            Self::Staged => "staged",
            Self::Deleted(_) => "deleted",
        }
    }
}

/// A text that needs no escapes.
fn quoted(text: &str) -> String {
    ["\"", text, "\""].concat()
}
