//! Records of the directory and tasks of its plans as JSON: what the directory stores, and what its drivers carry around.

use alloc::string::String;
use alloc::vec::Vec;

use super::area::{Area, MAX_AREAS};
use super::directory::{Cause, Fact, Record, Removal, State};
use super::fence::{Deletion, Epoch, Kind};
use super::plan::{Step, Task};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, ObjectWriter, Value};
use crate::time::UnixSeconds;

impl Record {
    /// As a JSON object, for the store.
    pub fn to_json(&self) -> String {
        let object = ObjectWriter::new()
            .string("area", self.area.as_str())
            .integer("epoch", self.epoch.as_i64())
            .string("state", self.state.as_str());
        let object = match &self.state {
            State::Registering | State::Active => object,
            State::Moving { to, done } => {
                object.string("to", to.as_str()).integer("done", i64::from(*done))
            }
            State::Copied { to } => object.string("to", to.as_str()),
            State::Settling { left, done } => {
                object.string("left", left.as_str()).integer("done", i64::from(*done))
            }
            State::Removing(removal, done) => {
                object.raw("removal", &removal.to_json()).integer("done", i64::from(*done))
            }
            State::Removed(removal) => object.raw("removal", &removal.to_json()),
        };
        object
            .integer("attempts", i64::from(self.attempts))
            .optional_integer("wake", self.wake_at.map(UnixSeconds::as_i64))
            .optional_string("undone", self.undone.map(ErrorCode::as_str))
            .finish()
    }

    /// From what the store holds.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let record = json::parse_object(text.as_bytes())?;
        let removal = || Removal::from_json(record.object("removal")?);
        let done = || small(&record, "done");
        let state = match record.string("state")? {
            "registering" => State::Registering,
            "active" => State::Active,
            "moving" => State::Moving { to: area(&record, "to")?, done: done()? },
            "copied" => State::Copied { to: area(&record, "to")? },
            "settling" => State::Settling { left: area(&record, "left")?, done: done()? },
            "removing" => State::Removing(removal()?, done()?),
            "removed" => State::Removed(removal()?),
            _ => return Err(invalid("state")),
        };
        Ok(Self {
            area: area(&record, "area")?,
            epoch: Epoch::from_i64(record.integer("epoch")?)?,
            state,
            attempts: number(&record, "attempts")?,
            wake_at: record.optional_integer("wake")?.map(UnixSeconds::new),
            undone: record.optional_string("undone")?.and_then(ErrorCode::from_str_code),
        })
    }
}

impl State {
    /// The name in the store and on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Registering => "registering",
            Self::Active => "active",
            Self::Moving { .. } => "moving",
            Self::Copied { .. } => "copied",
            Self::Settling { .. } => "settling",
            Self::Removing(..) => "removing",
            Self::Removed(_) => "removed",
        }
    }
}

impl Cause {
    /// The name in the store and in certificates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Identity => "identity",
            Self::Person => "person",
        }
    }

    /// The cause of that name.
    ///
    /// Errors: `claim_invalid`.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "abandoned" => Ok(Self::Abandoned),
            "identity" => Ok(Self::Identity),
            "person" => Ok(Self::Person),
            _ => Err(invalid("cause")),
        }
    }
}

impl Removal {
    /// As a JSON object: `{"cause", "areas", "facts": [{"area", "kind", "items", "at"}], "since", "revoked"?, "vault"?, "ended"?}`.
    pub fn to_json(&self) -> String {
        let areas = self.areas.iter().map(|area| Value::String(area.as_str().into()));
        let vault = self.vault.map(|it| write_deletion(ObjectWriter::new(), it).finish());
        ObjectWriter::new()
            .string("cause", self.cause.as_str())
            .raw("areas", &Value::Array(areas.collect()).to_json())
            .raw("facts", &array(self.facts.iter().map(Fact::to_json)))
            .integer("since", self.since.as_i64())
            .optional_integer("revoked", self.revoked_at.map(UnixSeconds::as_i64))
            .optional_raw("vault", vault.as_deref())
            .optional_integer("ended", self.ended_at.map(UnixSeconds::as_i64))
            .finish()
    }

    fn from_json(removal: &Object) -> Result<Self> {
        let areas = items(removal, "areas")?;
        if areas.len() > MAX_AREAS {
            return Err(invalid("areas"));
        }
        let areas = areas
            .iter()
            .map(|item| item.as_str().map_or_else(|| Err(invalid("areas")), Area::parse));
        let facts = items(removal, "facts")?.iter().map(|item| match item {
            Value::Object(fact) => Fact::from_json(fact),
            _ => Err(invalid("facts")),
        });
        Ok(Self {
            cause: Cause::named(removal.string("cause")?)?,
            areas: areas.collect::<Result<_>>()?,
            facts: facts.collect::<Result<_>>()?,
            since: UnixSeconds::new(removal.integer("since")?),
            revoked_at: removal.optional_integer("revoked")?.map(UnixSeconds::new),
            vault: removal.optional_object("vault")?.map(read_deletion).transpose()?,
            ended_at: removal.optional_integer("ended")?.map(UnixSeconds::new),
        })
    }
}

impl Fact {
    /// As a JSON object.
    pub fn to_json(&self) -> String {
        let object = ObjectWriter::new()
            .string("area", self.area.as_str())
            .string("kind", self.kind.as_str());
        write_deletion(object, self.deletion).finish()
    }

    fn from_json(fact: &Object) -> Result<Self> {
        Ok(Self {
            area: area(fact, "area")?,
            kind: Kind::named(fact.string("kind")?)?,
            deletion: read_deletion(fact)?,
        })
    }
}

impl Task {
    /// As a JSON object: `{"epoch", "number", "step", "area"}`, or with `"from"` and `"to"` in place of `"area"`.
    pub fn to_json(&self) -> String {
        let object = ObjectWriter::new()
            .integer("epoch", self.epoch.as_i64())
            .integer("number", i64::from(self.number))
            .string("step", self.step.as_str());
        match &self.step {
            Step::FreezeIdentity(area)
            | Step::FreezeData(area)
            | Step::ActivateIdentity(area)
            | Step::ActivateData(area)
            | Step::DeleteData(area)
            | Step::DeletePinned(area)
            | Step::DeleteIdentity(area) => object.string("area", area.as_str()),
            Step::CopyIdentity { from, to } | Step::CopyData { from, to } => {
                object.string("from", from.as_str()).string("to", to.as_str())
            }
            Step::Commit | Step::Revoke | Step::EraseVault => object,
        }
        .finish()
    }

    /// From what a driver carried around.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let task = json::parse_object(text.as_bytes())?;
        let at = || area(&task, "area");
        let step = match task.string("step")? {
            "freeze_identity" => Step::FreezeIdentity(at()?),
            "freeze_data" => Step::FreezeData(at()?),
            "copy_identity" => {
                Step::CopyIdentity { from: area(&task, "from")?, to: area(&task, "to")? }
            }
            "copy_data" => Step::CopyData { from: area(&task, "from")?, to: area(&task, "to")? },
            "commit" => Step::Commit,
            "activate_identity" => Step::ActivateIdentity(at()?),
            "activate_data" => Step::ActivateData(at()?),
            "delete_data" => Step::DeleteData(at()?),
            "delete_pinned" => Step::DeletePinned(at()?),
            "delete_identity" => Step::DeleteIdentity(at()?),
            "revoke" => Step::Revoke,
            "erase_vault" => Step::EraseVault,
            _ => return Err(invalid("step")),
        };
        let epoch = Epoch::from_i64(task.integer("epoch")?)?;
        Ok(Self { epoch, number: small(&task, "number")?, step })
    }
}

impl Step {
    /// The name on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::FreezeIdentity(_) => "freeze_identity",
            Self::FreezeData(_) => "freeze_data",
            Self::CopyIdentity { .. } => "copy_identity",
            Self::CopyData { .. } => "copy_data",
            Self::Commit => "commit",
            Self::ActivateIdentity(_) => "activate_identity",
            Self::ActivateData(_) => "activate_data",
            Self::DeleteData(_) => "delete_data",
            Self::DeletePinned(_) => "delete_pinned",
            Self::DeleteIdentity(_) => "delete_identity",
            Self::Revoke => "revoke",
            Self::EraseVault => "erase_vault",
        }
    }
}

/// The texts as a JSON array.
pub(super) fn array(items: impl Iterator<Item = String>) -> String {
    let mut out = String::from("[");
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&item);
    }
    out.push(']');
    out
}

fn write_deletion(object: ObjectWriter, deletion: Deletion) -> ObjectWriter {
    object.integer("items", i64::from(deletion.items)).integer("at", deletion.at.as_i64())
}

fn read_deletion(object: &Object) -> Result<Deletion> {
    Ok(Deletion { items: number(object, "items")?, at: UnixSeconds::new(object.integer("at")?) })
}

fn items<'a>(object: &'a Object, name: &'static str) -> Result<&'a Vec<Value>> {
    match object.get(name) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(invalid(name)),
    }
}

fn area(object: &Object, name: &'static str) -> Result<Area> {
    Area::parse(object.string(name)?)
}

fn number(object: &Object, name: &'static str) -> Result<u32> {
    u32::try_from(object.integer(name)?).map_err(|_| invalid(name))
}

fn small(object: &Object, name: &'static str) -> Result<u8> {
    u8::try_from(object.integer(name)?).map_err(|_| invalid(name))
}

const fn invalid(name: &'static str) -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, name)
}
