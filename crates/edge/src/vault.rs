//! The vault: its keys and fields, what comes in, and what goes out. Values stay in this module unless they are revealed.

use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use lingpai_core::base64url;
use lingpai_core::jose::SymmetricJwk;
use lingpai_core::json::{self, Object, ObjectWriter, Value};
use lingpai_core::keyring::KeyRing;
use lingpai_core::signed::Trust;
use lingpai_core::time::UnixSeconds;
use lingpai_core::tokenization::pools::PoolRequest;
use lingpai_core::tokenization::reconcile::{self, Submission};
use lingpai_core::tokenization::{Policy, tokens};
use lingpai_core::uri::ServiceUrl;
use lingpai_core::vault::at_rest::Slot;
use lingpai_core::vault::grant::{Field, Fields, Granted, Wanted, seal_key};
use lingpai_core::vault::index::Home;
use lingpai_core::vault::intake::{self, Accepted, Unopened};
use lingpai_core::vault::lookup::{self, Lookup};
use lingpai_core::vault::{DataKeys, IndexKey};
use lingpai_core::{Error, ErrorCode};
use wasm_bindgen::prelude::*;
use zeroize::Zeroize as _;

use crate::clock::unix_seconds;
use crate::entropy;
use crate::error::Crossing;
use crate::handles::Handles;
use crate::named::named;

struct Vault {
    issuer: String,
    reconcile_url: String,
    signing_keys: KeyRing,
    seal_keys: KeyRing,
    data_keys: DataKeys,
    index: IndexKey,
    fields: Fields,
    lifetime_seconds: i64,
    reconcile_seconds: i64,
}

static VAULTS: Handles<Vault> = Handles::new();

/// Reads `{"issuer", "gateway", "signingKeys", "sealKeys", "dataKeys", "indexKey", "shards", "fields",
/// "policyLifetimeSeconds", "reconcileSeconds"}` and gives the number of a vault.
///
/// Errors: those of JSON, of addresses, of keys and of fields, with the name of the option.
#[wasm_bindgen(js_name = vaultNew)]
pub fn vault_new(config: &str) -> Crossing<u32> {
    let mut config = json::parse_object(config.as_bytes())?;
    let vault = Vault::read(&config);
    config.zeroize();
    VAULTS.keep(vault?)
}

/// Forgets a vault and wipes its keys.
#[wasm_bindgen(js_name = vaultFree)]
pub fn vault_free(vault: u32) {
    VAULTS.take(vault);
}

/// What the holder's object is asked for a policy: `{"holder", "command"}`. `fields` is a JSON array of names.
///
/// Errors: `closed`; `insufficient_scope` for a field that is not configured; `key_not_found` where no key to seal to lasts.
#[wasm_bindgen(js_name = vaultWanted)]
pub fn vault_wanted(
    vault: u32,
    tenant: &str,
    subject: &str,
    jkt: Option<String>,
    fields: &str,
    now_seconds: f64,
) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let now = unix_seconds(now_seconds);
        let Value::Array(names) = json::parse(fields.as_bytes())? else {
            return Err(ErrorCode::Malformed.into());
        };
        let field = |name: &Value| {
            let found = name.as_str().and_then(|name| vault.fields.find(name));
            found.cloned().ok_or(Error::from(ErrorCode::InsufficientScope))
        };
        let (seal, reconcile_until) =
            seal_key(&vault.seal_keys, vault.lifetime_seconds, vault.reconcile_seconds, now)?;
        let wanted = Wanted {
            id: entropy::id()?,
            install: vault.index.install(tenant, subject, jkt.as_deref(), entropy::bytes()?),
            jkt,
            fields: names.iter().map(field).collect::<Result<_, _>>()?,
            seal_kid: seal.kid().unwrap_or_default().to_owned(),
            lifetime_seconds: vault.lifetime_seconds,
            reconcile_until,
            now,
        };
        Ok(ObjectWriter::new()
            .string("holder", &vault.index.holder(tenant, subject))
            .raw("command", &wanted.to_json())
            .finish())
    })
}

/// By what the object of a person is named.
///
/// Errors: `closed`.
#[wasm_bindgen(js_name = vaultHolder)]
pub fn vault_holder(vault: u32, tenant: &str, subject: &str) -> Crossing<String> {
    VAULTS.with(vault, |vault| Ok(vault.index.holder(tenant, subject)))
}

/// The thumbprint in the body of a request for a policy, if there is one.
///
/// Errors: those of JSON, `claim_invalid`.
#[wasm_bindgen(js_name = vaultWantedKey)]
pub fn vault_wanted_key(body: &str) -> Crossing<Option<String>> {
    let body = json::parse_object(body.as_bytes())?;
    let jkt = body.optional_string("jkt")?.map(lingpai_core::signed::thumbprint).transpose()?;
    Ok(jkt.map(|jkt| jkt.to_owned()))
}

/// Signs the policy that was granted.
///
/// Errors: `closed`; `server_error` where no key serves.
#[wasm_bindgen(js_name = vaultPolicy)]
pub fn vault_policy(vault: u32, tenant: &str, granted: &str, now_seconds: f64) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let now = unix_seconds(now_seconds);
        let granted = Granted::from_value(&json::parse_object(granted.as_bytes())?)?;
        let seal = vault.seal_keys.find(&granted.seal_kid, now).ok_or(ErrorCode::ServerError)?;
        let key = vault.signing_keys.active(now).ok_or(ErrorCode::ServerError)?;
        let claims = granted.claims(&vault.issuer, &vault.reconcile_url, tenant, seal.public());
        Ok(Policy::issue(&claims, key)?)
    })
}

/// Reads values to be tokenized: an array of `{"op", "field"}` with `"refused"`, or with what the shard registers.
///
/// Errors: those of JSON, `claim_invalid`, `limit_exceeded`; `invalid_scope` for a field that is not configured.
#[wasm_bindgen(js_name = vaultAccept)]
pub fn vault_accept(vault: u32, tenant: &str, body: &str, now_seconds: f64) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let now = unix_seconds(now_seconds);
        let mut out = Vec::new();
        for item in tokens::parse_request(body)? {
            let field = vault.field(&item.field)?;
            let object = ObjectWriter::new().string("op", &item.op).string("field", &item.field);
            out.push(match intake::accept(tenant, field, &item.value, &vault.index) {
                Ok(value) => vault.write_value(object, tenant, field, &value, now)?.finish(),
                Err(refusal) => object.string("refused", refusal.as_str()).finish(),
            });
        }
        Ok(array(&out))
    })
}

/// Verifies a policy that came as a credential: `{"jti", "tenant", "holder", "install", "jkt"?, "rexp", "max": {field: number}}`.
/// Whether its time has passed is for the operations to say.
///
/// Errors: those of a signed token, and `token_expired` long after its time.
#[wasm_bindgen(js_name = vaultPolicyOf)]
pub fn vault_policy_of(vault: u32, policy: &str, now_seconds: f64) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let policy = vault.policy(policy, unix_seconds(now_seconds))?;
        let claims = policy.claims();
        let max = claims.fields.iter().fold(ObjectWriter::new(), |object, field| {
            object.integer(&field.name, i64::from(field.max))
        });
        Ok(ObjectWriter::new()
            .string("jti", &claims.id)
            .string("tenant", &claims.tenant)
            .string("holder", &IndexKey::holder_of(&claims.install))
            .string("install", claims.install.as_str())
            .optional_string("jkt", claims.jkt.as_deref())
            .integer("rexp", claims.reconcile_until.as_i64())
            .raw("max", &max.finish())
            .finish())
    })
}

/// The fields of the operations in a request, one for each, in their order: an array of names. Nothing is opened.
///
/// Errors: those of JSON, `claim_invalid`, `limit_exceeded`.
#[wasm_bindgen(js_name = vaultSubmitted)]
pub fn vault_submitted(body: &str) -> Crossing<String> {
    let submissions = reconcile::parse_request(body)?;
    let fields = submissions.into_iter().map(|it| Value::String(it.field));
    Ok(Value::Array(fields.collect()).to_json())
}

/// Opens operations that came under a policy: an array of `{"op", "digest", "field", "token"}` with `"foreign"`, `"refused"` or
/// `"missing"`, or with what shards and holder need.
///
/// Errors: as [`vault_policy_of`]; those of JSON, `claim_invalid`, `limit_exceeded`.
#[wasm_bindgen(js_name = vaultOpen)]
pub fn vault_open(vault: u32, policy: &str, body: &str, now_seconds: f64) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let now = unix_seconds(now_seconds);
        let policy = vault.policy(policy, now)?;
        let mut out = Vec::new();
        for submission in reconcile::parse_request(body)? {
            out.push(vault.open(&submission, &policy, now)?);
        }
        Ok(array(&out))
    })
}

impl Vault {
    fn open(&self, submission: &Submission, policy: &Policy, now: UnixSeconds) -> Crossing<String> {
        let Submission { op, field, token, sealed } = submission;
        let object = ObjectWriter::new()
            .string("op", op)
            .string("digest", &self.index.digest(&[field, token, sealed]))
            .string("field", field)
            .string("token", token);
        let claims = policy.claims();
        let opened =
            intake::open(submission, claims, &self.fields, &self.seal_keys, &self.index, now);
        let opened = match opened {
            Ok(opened) => opened,
            Err(Unopened::Foreign) => return Ok(object.boolean("foreign", true).finish()),
            Err(Unopened::KeyMissing) => return Ok(object.boolean("missing", true).finish()),
            Err(Unopened::Refused(refusal)) => {
                return Ok(object.string("refused", refusal.as_str()).finish());
            }
        };
        let field = self.field(field)?;
        let object = self.write_value(object, &claims.tenant, field, &opened.value, now)?;
        Ok(object
            .integer("home", i64::from(opened.home.shard))
            .optional_string("lease", opened.lease.as_deref())
            .finish())
    }

    /// What a shard needs to register a value that it may not have: an id, and the value under the data key.
    fn write_value(
        &self,
        object: ObjectWriter,
        tenant: &str,
        field: &Field,
        value: &Accepted,
        now: UnixSeconds,
    ) -> Crossing<ObjectWriter> {
        let id = entropy::id()?;
        let slot = Slot { tenant, field: &field.name, value: &id };
        let record = self.data_keys.seal(slot, &value.canonical, entropy::bytes()?, now)?;
        Ok(object
            .integer("shard", i64::from(value.shard))
            .string("fingerprint", &value.fingerprint)
            .integer("limit", integer(self.index.capacity(field.kind)))
            .string("value", &id)
            .string("record", &record))
    }

    fn field(&self, name: &str) -> Crossing<&Field> {
        self.fields.find(name).ok_or(ErrorCode::InvalidScope.into())
    }

    /// Long after `rexp` there is nothing left that an operation could be compared with.
    fn policy(&self, text: &str, now: UnixSeconds) -> Crossing<Policy> {
        let keys = self.signing_keys.published(now);
        let policy = Policy::verify(text, Trust::new(&self.issuer, &keys), &self.reconcile_url)?;
        let margin = lingpai_core::vault::settlement::MEMORY_MARGIN_SECONDS;
        policy.check_reconciliation(now.plus(-margin))?;
        Ok(policy)
    }
}

/// Reads a request for a pool: `{"field", "count", "shard", "limit"}`; the count is no more than the field allows to be held, and
/// the shard, drawn at random, is the one whose tokens are leased.
///
/// Errors: those of JSON, `claim_invalid`; `invalid_scope` for a field that is not configured or has no pool.
#[wasm_bindgen(js_name = vaultPool)]
pub fn vault_pool(vault: u32, body: &str) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let request = PoolRequest::parse(body)?;
        let field = vault.field(&request.field)?;
        if field.pool == 0 {
            return Err(ErrorCode::InvalidScope.into());
        }
        Ok(ObjectWriter::new()
            .string("field", &field.name)
            .integer("count", i64::from(request.count.min(field.pool)))
            .integer("share", i64::from(field.max_per_subject))
            .integer("shard", i64::from(vault.index.shard_of_fingerprint(&entropy::id()?)))
            .integer("limit", integer(vault.index.capacity(field.kind)))
            .string("lease", &entropy::id()?)
            .finish())
    })
}

/// The token of a shard with that count.
///
/// Errors: `limit_exceeded` where the shard has no more; `invalid_scope`.
#[wasm_bindgen(js_name = vaultToken)]
pub fn vault_token(
    vault: u32,
    tenant: &str,
    field: &str,
    shard: u16,
    count: f64,
) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let kind = vault.field(field)?.kind;
        Ok(vault.index.token(tenant, field, kind, shard, count as u64)?)
    })
}

/// Reads questions about tokens: an array of `{"field", "token", "shard"?, "count"?}`. Without a shard it is no token of the field.
///
/// Errors: those of JSON, `claim_invalid`, `limit_exceeded`; `invalid_scope` for a field that is not configured.
#[wasm_bindgen(js_name = vaultLookups)]
pub fn vault_lookups(vault: u32, tenant: &str, body: &str) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let mut out = Vec::new();
        for Lookup { field, token } in lookup::parse_request(body)? {
            let kind = vault.field(&field)?.kind;
            let home = vault.index.home_of_token(tenant, &field, kind, &token)?;
            let object = ObjectWriter::new().string("field", &field).string("token", &token);
            out.push(write_home(object, home).finish());
        }
        Ok(array(&out))
    })
}

fn write_home(object: ObjectWriter, home: Option<Home>) -> ObjectWriter {
    let count = home.and_then(|home| home.count).map(integer);
    object
        .optional_integer("shard", home.map(|home| i64::from(home.shard)))
        .optional_integer("count", count)
}

/// Opens a record: the value.
///
/// Errors: `key_not_found`, `decryption_failed`.
#[wasm_bindgen(js_name = vaultReveal)]
pub fn vault_reveal(
    vault: u32,
    tenant: &str,
    field: &str,
    value: &str,
    record: &str,
    now_seconds: f64,
) -> Crossing<String> {
    VAULTS.with(vault, |vault| {
        let slot = Slot { tenant, field, value };
        let opened = vault.data_keys.open(slot, record, unix_seconds(now_seconds))?;
        Ok(opened.to_string())
    })
}

static DATA_KEYS: Handles<DataKeys> = Handles::new();

/// Reads a ring of data keys and gives its number.
///
/// Errors: those of JSON and of keys.
#[wasm_bindgen(js_name = dataKeysNew)]
pub fn data_keys_new(ring: &str) -> Crossing<u32> {
    let mut ring = json::parse(ring.as_bytes())?;
    let keys = DataKeys::from_value(Some(&ring));
    ring.zeroize();
    DATA_KEYS.keep(keys?)
}

/// Forgets data keys and wipes them.
#[wasm_bindgen(js_name = dataKeysFree)]
pub fn data_keys_free(keys: u32) {
    DATA_KEYS.take(keys);
}

/// The `kid` of the key that seals now.
///
/// Errors: `key_not_found`, `closed`.
#[wasm_bindgen(js_name = dataKeysActive)]
pub fn data_keys_active(keys: u32, now_seconds: f64) -> Crossing<String> {
    DATA_KEYS.with(keys, |keys| Ok(keys.active_kid(unix_seconds(now_seconds))?.to_owned()))
}

/// A record under the key that seals now; nothing where it is already.
///
/// Errors: `key_not_found`, `decryption_failed`.
#[wasm_bindgen(js_name = dataKeysReseal)]
pub fn data_keys_reseal(
    keys: u32,
    tenant: &str,
    field: &str,
    value: &str,
    record: &str,
    now_seconds: f64,
) -> Crossing<Option<String>> {
    DATA_KEYS.with(keys, |keys| {
        let slot = Slot { tenant, field, value };
        Ok(keys.reseal(slot, record, entropy::bytes()?, unix_seconds(now_seconds))?)
    })
}

/// SHA-256 of a text, in base64url: the links of an audit trail.
#[wasm_bindgen(js_name = vaultLink)]
pub fn vault_link(text: &str) -> String {
    base64url::encode(&lingpai_core::crypto::sha256(text.as_bytes()))
}

impl Vault {
    fn read(config: &Object) -> Crossing<Self> {
        let seconds = |name| config.integer(name);
        let gateway = named("gateway", ServiceUrl::parse(config.string("gateway")?))?;
        let index_key = named("indexKey", SymmetricJwk::from_value(config.object("indexKey")?))?;
        let shards = u16::try_from(config.integer("shards")?)
            .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "shards"))?;
        Ok(Self {
            issuer: named("issuer", ServiceUrl::parse(config.string("issuer")?))?
                .as_str()
                .to_owned(),
            reconcile_url: gateway.join(reconcile::PATH),
            signing_keys: named(
                "signingKeys",
                KeyRing::from_value(config.get("signingKeys"), "sig"),
            )?,
            seal_keys: named("sealKeys", KeyRing::from_value(config.get("sealKeys"), "enc"))?,
            data_keys: named("dataKeys", DataKeys::from_value(config.get("dataKeys")))?,
            index: named("shards", IndexKey::new(&index_key, shards))?,
            fields: Fields::from_value(config.get("fields"))?,
            lifetime_seconds: seconds("policyLifetimeSeconds")?,
            reconcile_seconds: seconds("reconcileSeconds")?,
        })
    }
}

fn integer(number: u64) -> i64 {
    // Beyond 2^53 JavaScript cannot count; no shard gives out so many.
    i64::try_from(number).unwrap_or(i64::MAX).min((1 << 53) - 1)
}

fn array(elements: &[String]) -> String {
    ["[", &elements.join(","), "]"].concat()
}
