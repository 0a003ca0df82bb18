//! Signed policies, verified once and then named by their `jti`.

use lingpai_core::jose::JwkSet;
use lingpai_core::json::ObjectWriter;
use lingpai_core::signed::Trust;
use lingpai_core::tokenization::{Normalisation, Policy};
use lingpai_core::tokenizer::{known, upkeep};
use lingpai_core::uri::ServiceUrl;
use lingpai_core::{ErrorCode, Result};

use super::rows::array;
use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;

/// Policies that are kept verified. More are seldom in use than the one at hand and the one before.
const MOST: usize = 8;

/// A policy, the address of reconciliation, issuer and its keys → what it says, and its `key` in the store. From then on
/// it is known by its `jti`.
pub(super) fn verify(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let (text, reconcile_url) = (fields.text()?, fields.text()?);
    let (issuer, keys) = (ServiceUrl::parse(fields.text()?)?, JwkSet::parse(fields.text()?)?);
    let policy = Policy::verify(text, Trust::new(issuer.as_str(), &keys), reconcile_url)?;
    let facts = facts(&policy);
    device.policies.retain(|it| it.claims().id != policy.claims().id);
    if device.policies.len() >= MOST {
        device.policies.remove(0);
    }
    device.policies.push(policy);
    Ok(facts.into_bytes())
}

/// `jti`, field, value → the same text for all values that are one to the policy.
pub(super) fn message(fields: &mut Fields<'_>, device: &Device) -> Output {
    let policy = named(fields, device)?;
    let (field, value) = (fields.text()?, fields.text()?);
    let rule = policy.claims().field(field).map(|field| field.normalisation.as_str());
    // A rule of a later version is the vault's alone.
    let rule = rule.and_then(Normalisation::from_name).unwrap_or(Normalisation::Exact);
    Ok(known::message(field, &rule.apply(value)).into_bytes())
}

/// The policy whose `jti` comes next.
pub(super) fn named<'a>(fields: &mut Fields<'_>, device: &'a Device) -> Result<&'a Policy> {
    let id = fields.text()?;
    let found = device.policies.iter().find(|policy| policy.claims().id == id);
    found.ok_or(ErrorCode::KeyNotFound.into())
}

fn facts(policy: &Policy) -> alloc::string::String {
    let claims = policy.claims();
    let fields = claims.fields.iter().map(|field| {
        ObjectWriter::new()
            .string("name", &field.name)
            .integer("pool", i64::from(field.pool))
            .boolean("provisional", field.provisional)
            .integer("max", i64::from(field.max))
            .finish()
    });
    ObjectWriter::new()
        .string("id", &claims.id)
        .string("key", &upkeep::policy_key(&claims.id))
        .integer("version", i64::try_from(claims.version).unwrap_or(i64::MAX))
        .integer("expiresAtSeconds", claims.validity.expires_at.as_i64())
        .integer("reconcileUntilSeconds", claims.reconcile_until.as_i64())
        .integer("renewAtSeconds", upkeep::renew_policy_at(policy).as_i64())
        .optional_string("jkt", claims.jkt.as_deref())
        .raw("fields", &array(fields))
        .finish()
}
