//! The certificate of an erasure: what was deleted where and when, signed by the authority. It names nobody. Whoever knows the
//! opaque id can tell that it is about that one, and nobody else can.

use alloc::string::String;

use super::directory::{Fact, Record, Removal, State};
use super::fence::{Deletion, Kind};
use super::identity_id::IdentityId;
use super::record::array;
use crate::base64url;
use crate::crypto::sha256_of;
use crate::error::{ErrorCode, Result};
use crate::jose::PrivateJwk;
use crate::json::ObjectWriter;
use crate::signed;
use crate::time::UnixSeconds;

/// `typ` of the certificate, a JWS.
pub const TYP: &str = "lp-erasure+jwt";

/// Signs the certificate of a record that has come to its end:
/// `{"iss", "iat", "jti", "sub_hash", "cause", "closed", "sessions_ended", "deleted": [{"area", "kind", "items", "at"}], "vault"?, "completed"}`.
/// Times are Unix seconds; `closed` is when nothing got in any more.
///
/// Errors: `moving` while anything is left to delete; `identity_unknown` for an identity that is not erased; those of keys.
pub fn sign(
    record: &Record,
    id: IdentityId,
    issuer: &str,
    now: UnixSeconds,
    jti: &str,
    key: &PrivateJwk,
) -> Result<String> {
    let (removal, ended_at) = match record.state() {
        State::Removed(removal @ Removal { ended_at: Some(ended_at), .. }) => (removal, *ended_at),
        State::Removing(..) => return Err(ErrorCode::Moving.into()),
        _ => return Err(ErrorCode::IdentityUnknown.into()),
    };
    let vault = removal.vault.map(|Deletion { items, at }| {
        ObjectWriter::new().integer("items", i64::from(items)).integer("at", at.as_i64()).finish()
    });
    let claims = ObjectWriter::with_capacity(1024)
        .string("iss", issuer)
        .integer("iat", now.as_i64())
        .string("jti", jti)
        .string("sub_hash", &subject_hash(id))
        .string("cause", removal.cause.as_str())
        .integer("closed", removal.since.as_i64())
        .optional_integer("sessions_ended", removal.revoked_at.map(UnixSeconds::as_i64))
        .raw("deleted", &array(deleted(removal)))
        .optional_raw("vault", vault.as_deref())
        .integer("completed", ended_at.as_i64())
        .finish();
    signed::sign(TYP, &claims, key)
}

/// What stands for the identity in a certificate: SHA-256 of the ASCII text `lingpai-v1 erasure`, a zero byte and the 16 bytes of
/// the id. The id is random, so that nobody finds it by trying.
pub fn subject_hash(id: IdentityId) -> String {
    base64url::encode(&sha256_of(&[b"lingpai-v1 erasure\0", id.as_bytes()]))
}

/// One line for each area and kind; the data that live at home and those that are pinned to the area are one.
fn deleted(removal: &Removal) -> impl Iterator<Item = String> {
    removal.areas.iter().flat_map(move |area| {
        [Kind::Identity, Kind::Data].into_iter().filter_map(move |kind| {
            let facts = removal.facts.iter().filter(|fact| fact.area == *area && fact.kind == kind);
            let deletion = facts.map(|fact| fact.deletion).reduce(|one, other| Deletion {
                items: one.items.saturating_add(other.items),
                at: one.at.max(other.at),
            })?;
            Some(Fact { area: area.clone(), kind, deletion }.to_json())
        })
    })
}
