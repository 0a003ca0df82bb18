//! Aliases of accounts: made, named, and what lies in a store sealed.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use lingpai_core::alias::identifier::AccountIdentifier;
use lingpai_core::alias::keys::{self, AliasKeys, secret_hash};
use lingpai_core::alias::method::{Method, Multiplier, Tweak};
use lingpai_core::alias::portion::PortionRule;
use lingpai_core::json::{self, Object, ObjectWriter, Value};
use lingpai_core::{Error, ErrorCode, base64url, dpop};
use wasm_bindgen::prelude::*;
use zeroize::{Zeroize as _, Zeroizing};

use crate::entropy;
use crate::error::Crossing;
use crate::handles::Handles;

struct Aliases {
    method: Method,
    rule: PortionRule,
    keys: AliasKeys,
    /// Keys of before, with which answers of before are opened.
    older: Vec<AliasKeys>,
}

static ALIASES: Handles<Aliases> = Handles::new();

/// Reads `{"keys": ["…"], "method": "ff1" | "multiply", "multiplier"?, "keepFirst", "keepLast"}` and gives the number under
/// which it is kept. Keys are 32 bytes or more in base64url; the first is used, the others open what they have sealed.
///
/// Errors: those of JSON; `key_unusable`; `claim_invalid`.
#[wasm_bindgen(js_name = aliasesNew)]
pub fn aliases_new(config: &str) -> Crossing<u32> {
    let mut config = json::parse_object(config.as_bytes())?;
    let aliases = read(&config);
    config.zeroize();
    ALIASES.keep(aliases?)
}

/// Forgets them and wipes the keys.
#[wasm_bindgen(js_name = aliasesFree)]
pub fn aliases_free(aliases: u32) {
    ALIASES.take(aliases);
}

fn read(config: &Object) -> Result<Aliases, Error> {
    let method = match config.string("method")? {
        "ff1" => Method::Ff1,
        "multiply" => {
            let multiplier = u64::try_from(config.integer("multiplier")?);
            Method::Multiply(Multiplier::new(multiplier.unwrap_or(0))?)
        }
        _ => return Err(Error::with_detail(ErrorCode::ClaimInvalid, "method")),
    };
    let invalid = |name| Error::with_detail(ErrorCode::ClaimInvalid, name);
    let kept = |name| u8::try_from(config.integer(name)?).map_err(|_| invalid(name));
    let Some(Value::Array(keys)) = config.get("keys") else {
        return Err(invalid("keys"));
    };
    let mut keys = keys.iter().map(|key| {
        let unusable = |_| Error::new(ErrorCode::KeyUnusable);
        let text = key.as_str().ok_or(ErrorCode::KeyUnusable)?;
        AliasKeys::derive(&Zeroizing::new(base64url::decode_secret_vec(text).map_err(unusable)?))
    });
    Ok(Aliases {
        method,
        rule: PortionRule { keep_first: kept("keepFirst")?, keep_last: kept("keepLast")? },
        keys: keys.next().ok_or_else(|| invalid("keys"))??,
        older: keys.collect::<Result<_, _>>()?,
    })
}

/// The sequence to try after so many others were taken, and the name under which stores know it: `{"alias", "name"}`.
/// Nothing where the sequence is the account itself.
///
/// Errors: those of `AccountIdentifier::parse` and `Method::sequence`.
#[wasm_bindgen(js_name = aliasSequence)]
pub fn alias_sequence(aliases: u32, account: &str, modifications: u8) -> Crossing<Option<String>> {
    let identifier = AccountIdentifier::parse(account)?;
    let tweak = Tweak(entropy::bytes()?);
    ALIASES.with(aliases, |Aliases { method, rule, keys, .. }| {
        let sequence = method.sequence(&identifier, *rule, &keys.ff1, &tweak, modifications)?;
        Ok(sequence.map(|alias| {
            let name = keys.name(&alias);
            ObjectWriter::new().string("alias", &alias).string("name", &name).finish()
        }))
    })
}

/// The name under which stores know an alias.
///
/// Errors: `closed`.
#[wasm_bindgen(js_name = aliasName)]
pub fn alias_name(aliases: u32, alias: &str) -> Crossing<String> {
    ALIASES.with(aliases, |aliases| Ok(aliases.keys.name(alias)))
}

/// The name under which stores know a visit or an operation.
#[wasm_bindgen(js_name = storedName)]
pub fn stored_name(kind: &str, text: &str) -> String {
    keys::stored_name(kind, text)
}

/// What a proof has to say of a body that it covers.
#[wasm_bindgen(js_name = bodyHash)]
pub fn body_hash(body: &str) -> String {
    dpop::token_hash(body)
}

/// Whether a text is a JSON object as the protocol has them (I-JSON): no name twice, nothing beyond the bounds.
///
/// Errors: those of JSON.
#[wasm_bindgen(js_name = checkObject)]
pub fn check_object(text: &str) -> Crossing<()> {
    json::parse_object(text.as_bytes())?;
    Ok(())
}

/// Seals a text for a store.
///
/// Errors: those of `AliasKeys::seal`.
#[wasm_bindgen(js_name = aliasSeal)]
pub fn alias_seal(aliases: u32, context: &str, text: &str) -> Crossing<String> {
    let iv = entropy::bytes()?;
    ALIASES.with(aliases, |aliases| Ok(aliases.keys.seal(context, text, iv)?))
}

/// Opens what was sealed under the same context, by this key or an older one.
///
/// Errors: `decryption_failed`.
#[wasm_bindgen(js_name = aliasUnseal)]
pub fn alias_unseal(aliases: u32, context: &str, sealed: &str) -> Crossing<String> {
    ALIASES.with(aliases, |Aliases { keys, older, .. }| {
        let opened = core::iter::once(keys)
            .chain(older)
            .find_map(|keys| keys.open(context, sealed).ok())
            .ok_or(ErrorCode::DecryptionFailed)?;
        Ok(opened.as_str().to_owned())
    })
}

/// A secret of 128 bits that closes or claims an alias, and what a store keeps of it: `{"secret", "hash"}`.
///
/// Errors: `internal` where the host has no randomness.
#[wasm_bindgen(js_name = aliasSecret)]
pub fn alias_secret() -> Crossing<String> {
    let secret = entropy::id()?;
    Ok(ObjectWriter::new().string("secret", &secret).string("hash", &secret_hash(&secret)).finish())
}
