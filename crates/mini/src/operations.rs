//! The operations by number. The numbers are those of `npm/mini/src/engine/operations.ts`; fields are in the order in which
//! they are read here.

use alloc::vec;
use alloc::vec::Vec;

use lingpai_core::crypto::{self, Drbg};
use lingpai_core::entropy::Entropy;
use lingpai_core::exchange_answer::{self, Asked, ExchangeGrant};
use lingpai_core::json::ObjectWriter;
use lingpai_core::{ErrorCode, Result, base64url, pacing};

use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;
#[cfg(feature = "primitives")]
use crate::primitives;
#[cfg(feature = "proofs")]
use crate::proof;
#[cfg(feature = "tokenizer")]
use crate::tokenizer;
#[cfg(feature = "visit")]
use crate::visit;

/// Never inlined: what it leaves on the stack has to lie where its caller wipes.
#[inline(never)]
pub(crate) fn carry_out(operation: u32, message: &[u8], device: &mut Device) -> Output {
    let mut fields = Fields::new(message);
    let fields = &mut fields;
    match operation {
        1 => Ok(crypto::sha256(fields.bytes()?).to_vec()),
        6 => Ok(base64url::encode(fields.bytes()?).into_bytes()),
        7 => base64url::decode(fields.text()?),
        8 => seed(fields, device),
        9 => random(fields, device),
        10 => resend_after(fields, device),
        11 => refresh_at(fields),
        12 => read_answer(fields),
        13 => is_code(fields),
        #[cfg(feature = "primitives")]
        2..=5 => primitives::carry_out(operation, fields),
        #[cfg(feature = "proofs")]
        20..30 => proof::carry_out(operation, fields, device),
        #[cfg(feature = "visit")]
        30..40 => visit::carry_out(operation, fields, device),
        #[cfg(feature = "tokenizer")]
        40.. => tokenizer::carry_out(operation, fields, device),
        _ => Err(ErrorCode::Internal.into()),
    }
}

/// Two draws of the host and a name for what they are for: starts the generator, or adds to it.
fn seed(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let entropy = Entropy::of_draws(fields.bytes()?, fields.bytes()?)?;
    let purpose = fields.bytes()?;
    match &mut device.generator {
        Some(generator) => generator.reseed(entropy),
        none => *none = Some(Drbg::new(entropy, purpose)),
    }
    Ok(Vec::new())
}

/// A number of bytes → as many random ones.
fn random(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let length = fields.number()? as usize;
    if length > 1024 {
        return Err(ErrorCode::LimitExceeded.into());
    }
    let mut out = vec![0; length];
    device.generator()?.fill(&mut out)?;
    Ok(out)
}

/// Attempts, milliseconds since the first, what the server asked for (or absent) → milliseconds, or nothing to give up.
fn resend_after(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let mut jitter = [0; 1];
    // Without entropy nobody is spread; that costs the server something, and the user nothing.
    if let Ok(generator) = device.generator() {
        generator.fill(&mut jitter)?;
    }
    let (attempts, elapsed) = (fields.number()?, fields.number()?);
    let wait = pacing::resend_after_ms(attempts, elapsed, jitter[0], fields.optional_number()?);
    Ok(wait.map_or_else(Vec::new, |wait| wait.to_le_bytes().to_vec()))
}

/// `iat`, `exp` → when a refresh is due.
fn refresh_at(fields: &mut Fields<'_>) -> Output {
    let at = pacing::refresh_at(fields.time()?, fields.time()?);
    let at = u32::try_from(at.as_i64()).map_err(|_| ErrorCode::ClaimInvalid)?;
    Ok(at.to_le_bytes().to_vec())
}

/// The body of an answer, then what was asked for; see [`asked`] → what was granted, as JSON.
fn read_answer(fields: &mut Fields<'_>) -> Output {
    let body = fields.text()?;
    exchange_answer::read(body, &asked(fields)?).map(describe)
}

/// A name → itself where it is that of a code: nothing outside the union gets out. Else nothing.
fn is_code(fields: &mut Fields<'_>) -> Output {
    let name = fields.text()?;
    Ok(ErrorCode::from_str_code(name).map_or_else(Vec::new, |_| name.into()))
}

/// Client, audience, scope, thumbprint, subject; the last three may be absent.
pub(crate) fn asked<'a>(fields: &mut Fields<'a>) -> Result<Asked<'a>> {
    Ok(Asked {
        client_id: fields.text()?,
        audience: fields.text()?,
        scope: fields.optional_text()?,
        jkt: fields.optional_text()?,
        subject: fields.optional_text()?,
    })
}

pub(crate) fn describe(grant: ExchangeGrant) -> Vec<u8> {
    ObjectWriter::with_capacity(grant.token.len() + 1024)
        .string("token", &grant.token)
        .string("subject", &grant.subject)
        .string("scope", grant.scope.as_str())
        .integer("issuedAtSeconds", grant.validity.issued_at.as_i64())
        .integer("expiresAtSeconds", grant.validity.expires_at.as_i64())
        .integer("nowSeconds", grant.now.as_i64())
        .optional_string("refreshToken", grant.refresh_token.as_deref())
        .finish()
        .into_bytes()
}
