//! Tokens without the vault, and the vault's answers while it is there.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use lingpai_core::crypto::Drbg;
use lingpai_core::json::ObjectWriter;
use lingpai_core::sealed_token::SealEntropy;
use lingpai_core::tokenization::reconcile::{self, Outcome};
use lingpai_core::tokenizer::ladder::{self, Standing, Wanted, WantedEntropy};
use lingpai_core::{ErrorCode, Result};
use zeroize::Zeroizing;

use super::policy;
use super::rows::{self, array, batch_json};
use super::upkeep::life;
use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;

/// `jti`, whether the store is durable, whether the policy's key is here, time, how many values, field and value of each, rows → `batch`, and `placed` with the
/// `token` and the `rung` of each.
///
/// Errors: those of the core's `degrade`, each for the whole call; `closed` says that it has to be read again.
pub(super) fn degrade(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let policy = policy::named(fields, device)?.clone();
    let (durable, key_at_hand, now) = (fields.flag()?, fields.flag()?, fields.time()?);
    let generator = device.generator()?;
    let standing = Standing { durable, key_at_hand, life: life(generator)?, now };
    let count = fields.number()?;
    let wanted = (0..count).map(|_| wanted(fields, generator)).collect::<Result<Vec<Wanted>>>()?;
    let rows = rows::rest(fields)?;
    let (batch, placed) = ladder::degrade(&rows, &policy, wanted, standing)?;
    let placed = placed.iter().map(|it| {
        ObjectWriter::new().string("token", &it.token).string("rung", it.rung.as_str()).finish()
    });
    let out = ObjectWriter::new().raw("batch", &batch_json(&batch));
    Ok(out.raw("placed", &array(placed)).finish().into_bytes())
}

/// There is no key here that cannot be read, so nothing is kept by which a value is found again: see PROTOCOL §7.
fn wanted(fields: &mut Fields<'_>, generator: &mut Drbg) -> Result<Wanted> {
    let (field, value) = (fields.text()?.into(), Zeroizing::new(String::from(fields.text()?)));
    let mut iv = [0; 12];
    generator.fill(&mut iv)?;
    let seal = SealEntropy { content_key: generator.seed()?, ephemeral: generator.seed()?, iv };
    let entropy = WantedEntropy { salt: generator.seed()?, seal };
    Ok(Wanted { field, value, lookup: None, entropy })
}

/// An answer with tokens, how many were asked for → an array, in the order of the request, of `{"token"}`, `{"retry"}` or
/// `{"refused"}`.
///
/// Errors: those of an answer that is none.
pub(super) fn read_answer(fields: &mut Fields<'_>) -> Output {
    let results = reconcile::parse_answer(fields.text()?)?;
    let each = (0..fields.number()?).map(|at| {
        let name = at.to_string();
        let result = results.iter().find(|result| result.op == name);
        let out = ObjectWriter::new();
        Ok(match result.ok_or(ErrorCode::Malformed)?.outcome {
            Outcome::Done(ref token) => out.string("token", token),
            Outcome::Retry => out.boolean("retry", true),
            Outcome::Conflict => out.string("refused", "conflict"),
            Outcome::Refused(refusal) => out.string("refused", refusal.as_str()),
        }
        .finish())
    });
    let each = each.collect::<Result<Vec<String>>>()?;
    Ok(array(each.into_iter()).into_bytes())
}
