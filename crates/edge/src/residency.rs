//! Residency as text: rules and area keys behind numbers, and the decisions of hosts and directory, so that any store that can
//! run one of them inside a transaction can be one.

use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use lingpai_core::base64url;
use lingpai_core::json::{self, Object, ObjectWriter, Value};
use lingpai_core::keyring::KeyRing;
use lingpai_core::residency::directory::{self, Cause, Outcome, Record};
use lingpai_core::residency::fence::{self, Command, Deletion, Entry, Kind, Verdict, WriteId};
use lingpai_core::residency::plan::{self, Task};
use lingpai_core::residency::rules::{Place, Rules};
use lingpai_core::residency::sealed_value::{AreaKeySet, Content};
use lingpai_core::residency::{Area, Epoch, IdentityId, certificate};
use lingpai_core::sealed_token::SealEntropy;
use lingpai_core::time::UnixSeconds;
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::clock::unix_seconds;
use crate::entropy;
use crate::error::Crossing;
use crate::handles::Handles;

static RULES: Handles<Rules> = Handles::new();
static KEYS: Handles<AreaKeySet> = Handles::new();

/// What is wrong with rules, in words; nothing if they can be loaded.
#[wasm_bindgen(js_name = residencyRulesProblem)]
pub fn residency_rules_problem(rules: &str) -> Option<String> {
    Rules::parse(rules).err().map(|problem| problem.to_string())
}

/// Loads rules and gives their number.
///
/// Errors: `claim_invalid` for rules with a problem.
#[wasm_bindgen(js_name = residencyRulesNew)]
pub fn residency_rules_new(rules: &str) -> Crossing<u32> {
    RULES.keep(Rules::parse(rules).map_err(|_| ErrorCode::ClaimInvalid)?)
}

/// Forgets rules.
#[wasm_bindgen(js_name = residencyRulesFree)]
pub fn residency_rules_free(rules: u32) {
    RULES.take(rules);
}

/// An identifier in its one form.
///
/// Errors: those of `Rules::identifier`.
#[wasm_bindgen(js_name = residencyIdentifier)]
pub fn residency_identifier(rules: u32, kind: &str, text: &str) -> Crossing<String> {
    RULES.with(rules, |rules| Ok(rules.identifier(kind, text)?.expose().to_owned()))
}

/// The home of an identifier: `{"area", "by"}`.
///
/// Errors: those of `Rules::identifier` and `Rules::home`.
#[wasm_bindgen(js_name = residencyHome)]
pub fn residency_home(
    rules: u32,
    kind: &str,
    text: &str,
    region: Option<String>,
) -> Crossing<String> {
    RULES.with(rules, |rules| {
        let home = rules.home(&rules.identifier(kind, text)?, region.as_deref())?;
        Ok(ObjectWriter::new()
            .string("area", home.area.as_str())
            .string("by", home.by.as_str())
            .finish())
    })
}

/// The area to which a type of data is pinned; nothing if it lives at home.
///
/// Errors: `claim_invalid`.
#[wasm_bindgen(js_name = residencyPlace)]
pub fn residency_place(rules: u32, data_type: &str) -> Crossing<Option<String>> {
    RULES.with(rules, |rules| match rules.place(data_type)? {
        Place::Home => Ok(None),
        Place::Pinned(area) => Ok(Some(area.as_str().to_owned())),
    })
}

/// Reads `{"<area>": {"sealKeys", "lookupKey"}, …}` and gives the number of the keys.
///
/// Errors: those of JSON, of names and of keys.
#[wasm_bindgen(js_name = areaKeysNew)]
pub fn area_keys_new(keys: &str) -> Crossing<u32> {
    KEYS.keep(AreaKeySet::parse(keys)?)
}

/// Forgets keys and wipes them.
#[wasm_bindgen(js_name = areaKeysFree)]
pub fn area_keys_free(keys: u32) {
    KEYS.take(keys);
}

/// The hash by which an area finds an identifier in its one form.
///
/// Errors: `key_not_found`.
#[wasm_bindgen(js_name = areaLookup)]
pub fn area_lookup(keys: u32, area: &str, kind: &str, value: &str) -> Crossing<String> {
    KEYS.with(keys, |keys| Ok(keys.of(area)?.lookup(kind, value)))
}

/// What tells a write from another one of the same name, in base64url. The action is the method that was called.
///
/// Errors: `key_not_found`; `claim_invalid` for a text that is no id.
#[wasm_bindgen(js_name = areaWriteContent)]
pub fn area_write_content(
    keys: u32,
    area: &str,
    id: &str,
    action: &str,
    kind: &str,
    value: &str,
) -> Crossing<String> {
    KEYS.with(keys, |keys| {
        let id = IdentityId::parse(id)?;
        Ok(base64url::encode(&keys.of(area)?.write_content(id, action, kind, value)))
    })
}

/// Seals an identifier (`"identifier"`) or an item of data (`"data"`) to the key of an area.
///
/// Errors: those of `AreaKeys::seal`.
#[wasm_bindgen(js_name = areaSeal)]
pub fn area_seal(
    keys: u32,
    area: &str,
    what: &str,
    id: &str,
    kind: &str,
    value: &str,
    now_seconds: f64,
) -> Crossing<String> {
    KEYS.with(keys, |keys| {
        let entropy = SealEntropy {
            content_key: entropy::seed()?,
            ephemeral: entropy::seed()?,
            iv: entropy::bytes()?,
        };
        let (id, now) = (IdentityId::parse(id)?, unix_seconds(now_seconds));
        Ok(keys.of(area)?.seal(content(what)?, id, kind, value, now, entropy)?)
    })
}

/// Opens what [`area_seal`] made.
///
/// Errors: those of `AreaKeys::open`.
#[wasm_bindgen(js_name = areaOpen)]
pub fn area_open(
    keys: u32,
    area: &str,
    what: &str,
    id: &str,
    kind: &str,
    sealed: &str,
    now_seconds: f64,
) -> Crossing<String> {
    KEYS.with(keys, |keys| {
        let (id, now) = (IdentityId::parse(id)?, unix_seconds(now_seconds));
        let value = keys.of(area)?.open(content(what)?, id, kind, sealed, now)?;
        Ok(String::clone(&value))
    })
}

/// A fresh identity id.
///
/// Errors: `internal` without randomness.
#[wasm_bindgen(js_name = identityNew)]
pub fn identity_new() -> Crossing<String> {
    Ok(IdentityId::from_random(entropy::bytes()?).to_text())
}

/// The shard of an identity's data.
///
/// Errors: `claim_invalid` for a text that is no id.
#[wasm_bindgen(js_name = identityShard)]
pub fn identity_shard(id: &str) -> Crossing<u8> {
    Ok(IdentityId::parse(id)?.shard())
}

/// Decides about a command to a host of a kind, given its entry for the identity. The command is
/// `{"kind": "read" | "write" | "claim" | "freeze" | "export" | "stage" | "activate" | "delete", "epoch", "write"?, "content"?, "recent"?,
/// "items"?, "at"?}`; `recent` are the names of writes that a staged copy comes with. Gives
/// `{"verdict", "entry"?, "recent"?, "deletion"?: {"items", "at"}}`, `recent` for an export that is granted.
///
/// Errors: those of JSON, `claim_invalid`.
#[wasm_bindgen(js_name = fenceDecide)]
pub fn fence_decide(kind: &str, entry: Option<String>, command: &str) -> Crossing<String> {
    let entry = entry.as_deref().map(Entry::parse).transpose()?;
    let members = json::parse_object(command.as_bytes())?;
    let command = match members.string("kind")? {
        "read" => Command::Read,
        "write" => {
            let (name, content) = (members.string("write")?, members.string("content")?);
            Command::Write(WriteId::parse(name, content)?)
        }
        "claim" => Command::Claim,
        "freeze" => Command::Freeze,
        "export" => Command::Export,
        "stage" => Command::Stage,
        "activate" => Command::Activate,
        "delete" => Command::Delete(deletion(&members)?),
        _ => return Err(invalid("kind").into()),
    };
    let epoch = Epoch::from_i64(members.integer("epoch")?)?;
    let (verdict, mut entry) = fence::decide(Kind::named(kind)?, entry, command, epoch);
    let granted = verdict == Verdict::Granted;
    if granted && command == Command::Stage {
        entry = entry.map(|entry| entry.carrying(names(&members)?.into_iter())).transpose()?;
    }
    let exported = entry.as_ref().filter(|_| granted && command == Command::Export);
    let recent = exported.map(|entry| {
        let names: Vec<String> = entry.recent_names().collect();
        json_array(&names)
    });
    let deleted = entry.as_ref().and_then(Entry::deletion).map(|deletion| {
        ObjectWriter::new()
            .integer("items", i64::from(deletion.items))
            .integer("at", deletion.at.as_i64())
            .finish()
    });
    Ok(ObjectWriter::new()
        .string("verdict", verdict.as_str())
        .optional_raw("entry", entry.as_ref().map(Entry::to_json).as_deref())
        .optional_raw("recent", recent.as_deref())
        .optional_raw("deletion", deleted.as_deref())
        .finish())
}

/// Decides about a command to the directory, given its record of the identity. The command is one of
/// `{"kind": "look" | "confirm" | "abandon" | "wake"}`, `{"kind": "register", "area"}`, `{"kind": "move", "area"}`,
/// `{"kind": "remove", "cause", "areas"}`, `{"kind": "report", "task", "outcome": "done" | "failed" | <code>, "items"?, "at"?}`. Gives
/// `{"record"?, "task"?, "wakeAt"?, "state"?, "undone"?, "route"?: {"area", "epoch", "writable"}, "refused"?}`: the record to
/// store (none: forget it), the next step, when to look again, and where to turn.
///
/// Errors: those of JSON, `claim_invalid`; a refusal is an answer, not an error.
#[wasm_bindgen(js_name = directoryDecide)]
pub fn directory_decide(
    record: Option<String>,
    command: &str,
    now_seconds: f64,
) -> Crossing<String> {
    let before = record.as_deref().map(Record::parse).transpose()?;
    let members = json::parse_object(command.as_bytes())?;
    let now = unix_seconds(now_seconds);
    let area = || Area::parse(members.string("area")?);
    let changed = match members.string("kind")? {
        "look" => Ok(before.clone()),
        "register" => directory::register(before.clone(), area()?, now),
        "confirm" => directory::confirm(before.clone()),
        "abandon" => directory::abandon(before.clone(), now),
        "wake" => directory::wake(before.clone(), now),
        "move" => directory::begin_move(before.clone(), area()?, now),
        "remove" => {
            let cause = Cause::named(members.string("cause")?)?;
            directory::begin_removal(before.clone(), cause, &areas(&members)?, now)
        }
        "report" => {
            let task = Task::parse(&members.object("task")?.to_json())?;
            directory::report(before.clone(), &task, outcome(&members)?, now)
        }
        _ => return Err(invalid("kind").into()),
    };
    let (after, refused) = match changed {
        Ok(after) => (after, None),
        Err(error) => (before, Some(error.code())),
    };
    Ok(decision(after.as_ref(), refused))
}

/// Signs the certificate of an erasure from the directory's record of it, by the serving key of a ring.
///
/// Errors: those of `certificate::sign` and of keys; `server_error` where no key serves.
#[wasm_bindgen(js_name = erasureCertificate)]
pub fn erasure_certificate(
    record: &str,
    id: &str,
    issuer: &str,
    signing_keys: &str,
    now_seconds: f64,
) -> Crossing<String> {
    let now = unix_seconds(now_seconds);
    let ring = KeyRing::parse(signing_keys, "sig")?;
    let key = ring.active(now).ok_or(ErrorCode::ServerError)?;
    let (record, id) = (Record::parse(record)?, IdentityId::parse(id)?);
    Ok(certificate::sign(&record, id, issuer, now, &entropy::id()?, key)?)
}

/// What stands for an identity in certificates.
///
/// Errors: `claim_invalid`.
#[wasm_bindgen(js_name = erasureSubject)]
pub fn erasure_subject(id: &str) -> Crossing<String> {
    Ok(certificate::subject_hash(IdentityId::parse(id)?))
}

fn decision(record: Option<&Record>, refused: Option<ErrorCode>) -> String {
    let route = record.and_then(|record| record.route().ok()).map(|route| {
        ObjectWriter::new()
            .string("area", route.area.as_str())
            .integer("epoch", route.epoch.as_i64())
            .boolean("writable", route.writable)
            .finish()
    });
    let task = record.and_then(plan::next).map(|task| task.to_json());
    ObjectWriter::with_capacity(1024)
        .optional_raw("record", record.map(Record::to_json).as_deref())
        .optional_raw("task", task.as_deref())
        .optional_integer("wakeAt", record.and_then(Record::wake_at).map(UnixSeconds::as_i64))
        .optional_string("state", record.map(|record| record.state().as_str()))
        .optional_string("undone", record.and_then(Record::undone).map(ErrorCode::as_str))
        .optional_raw("route", route.as_deref())
        .optional_string("refused", refused.map(ErrorCode::as_str))
        .finish()
}

fn outcome(members: &Object) -> Crossing<Outcome> {
    Ok(match members.string("outcome")? {
        "done" if members.get("items").is_some() => Outcome::Done(Some(deletion(members)?)),
        "done" => Outcome::Done(None),
        "failed" => Outcome::Failed,
        code => Outcome::Refused(ErrorCode::from_str_code(code).ok_or(invalid("outcome"))?),
    })
}

fn areas(members: &Object) -> Crossing<Vec<Area>> {
    let Some(Value::Array(items)) = members.get("areas") else {
        return Err(invalid("areas").into());
    };
    let area = |item: &Value| item.as_str().map_or_else(|| Err(invalid("areas")), Area::parse);
    Ok(items.iter().map(area).collect::<Result<_, _>>()?)
}

/// The names of writes in `"recent"`, none where there is no such member.
fn names(members: &Object) -> Result<Vec<&str>, Error> {
    match members.get("recent") {
        None => Ok(Vec::new()),
        Some(Value::Array(names)) => {
            names.iter().map(|name| name.as_str().ok_or(invalid("recent"))).collect()
        }
        Some(_) => Err(invalid("recent")),
    }
}

/// Texts that need no escapes, as a JSON array.
fn json_array(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| ["\"", text, "\""].concat()).collect();
    ["[", &quoted.join(","), "]"].concat()
}

fn deletion(members: &Object) -> Result<Deletion, Error> {
    let items = u32::try_from(members.integer("items")?).map_err(|_| invalid("items"))?;
    Ok(Deletion { items, at: UnixSeconds::new(members.integer("at")?) })
}

fn content(name: &str) -> Result<Content, Error> {
    match name {
        "identifier" => Ok(Content::Identifier),
        "data" => Ok(Content::Data),
        _ => Err(invalid("content")),
    }
}

const fn invalid(name: &'static str) -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, name)
}
