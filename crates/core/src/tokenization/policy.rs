//! The degrade policy: a signed word of the issuer to one install, what it may do by itself while the vault is away, how
//! often, and how long. Whoever only blocks the network gets no more than this.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::op_id::InstallId;
use super::pools::MAX_POOL;
use super::reconcile::array;
use super::{MAX_TENANT_BYTES, bounded, field_name, invalid};
use crate::error::{ErrorCode, Result};
use crate::jose::{Jwk, Jws, PrivateJwk};
use crate::json::{Object, ObjectWriter, Value};
use crate::signed::{self, Trust};
use crate::time::{Tolerance, UnixSeconds, Validity};

/// The JOSE type of a policy.
pub const TYP: &str = "lp-policy+jwt";
/// Where it is asked for, below the gateway's address.
pub const PATH: &str = "/v1/policies";
/// The longest time in which tokens may be made under a policy, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 24 * 3600;
/// The longest time in which they may be reconciled, in seconds. The vault remembers operations for longer.
pub const MAX_RECONCILE_SECONDS: i64 = 30 * 24 * 3600;
/// Fields in one policy.
pub const MAX_FIELDS: usize = 64;
/// Tokens that one policy may allow for one field.
pub const MAX_PER_FIELD: u32 = 1_000_000;

/// What a policy allows for one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPolicy {
    /// `name`.
    pub name: String,
    /// `norm`: the name of a [`super::Normalisation`]. One that is not known is `exact` to a tokenizer.
    pub normalisation: String,
    /// `pool`: how many tokens of the vault may be held ready; 0 for none.
    pub pool: u32,
    /// `provisional`: whether provisional tokens may be made.
    pub provisional: bool,
    /// `max`: how many tokens may be given out without the vault under this policy, of either kind.
    pub max: u32,
}

/// The claims of a policy.
#[derive(Clone, Debug)]
pub struct PolicyClaims {
    /// `iss`, the authority.
    pub issuer: String,
    /// `aud`, the address of reconciliation: `{gateway}/v1/reconcile`.
    pub audience: String,
    /// `jti`, the policy's name.
    pub id: String,
    /// `tenant`, whose values these are.
    pub tenant: String,
    /// `iid`, the install that it is for.
    pub install: InstallId,
    /// `ver`. A tokenizer that has seen a higher one does not go back.
    pub version: u64,
    /// `iat` and `exp`: when tokens may be made.
    pub validity: Validity,
    /// `rexp`: the first second in which operations are not taken any more.
    pub reconcile_until: UnixSeconds,
    /// `cnf.jkt`: the key whose proofs come with operations.
    pub jkt: Option<String>,
    /// `seal`: the vault's key.
    pub seal: Jwk,
    /// `fields`, each with its own name.
    pub fields: Vec<FieldPolicy>,
}

impl PolicyClaims {
    /// What is allowed for the field of that name.
    pub fn field(&self, name: &str) -> Option<&FieldPolicy> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A policy whose signature and issuer have been verified.
#[derive(Clone, Debug)]
pub struct Policy {
    text: String,
    claims: PolicyClaims,
}

impl Policy {
    /// Signs a policy.
    ///
    /// Errors: `key_unusable`; and as [`Self::verify`] for claims that no tokenizer would accept.
    pub fn issue(claims: &PolicyClaims, key: &PrivateJwk) -> Result<String> {
        let cnf = claims.jkt.as_deref().map(|jkt| ObjectWriter::new().string("jkt", jkt).finish());
        let fields = array(claims.fields.iter().map(FieldPolicy::to_json));
        let version = i64::try_from(claims.version).map_err(|_| invalid("ver"))?;
        check_times(claims.validity, claims.reconcile_until)?;
        check_seal(&claims.seal)?;
        let json = ObjectWriter::with_capacity(1024)
            .string("iss", &claims.issuer)
            .string("aud", &claims.audience)
            .string("jti", &claims.id)
            .string("tenant", bounded(&claims.tenant, MAX_TENANT_BYTES, "tenant")?)
            .string("iid", claims.install.as_str())
            .integer("ver", version)
            .integer("iat", claims.validity.issued_at.as_i64())
            .integer("exp", claims.validity.expires_at.as_i64())
            .integer("rexp", claims.reconcile_until.as_i64())
            .optional_raw("cnf", cnf.as_deref())
            .raw("seal", &claims.seal.to_json())
            .raw("fields", &fields)
            .finish();
        read_fields(&crate::json::parse_object(json.as_bytes())?)?;
        signed::sign(TYP, &json, key)
    }

    /// Verifies a policy whose operations go to `reconcile_url`. Its times are compared each time that it is used:
    /// [`Self::check_generation`], [`Self::check_reconciliation`].
    ///
    /// Errors: those of a signed token, `audience_mismatch`, `claim_invalid`, `lifetime_exceeded`, `key_unusable`.
    pub fn verify(text: &str, trust: Trust<'_>, reconcile_url: &str) -> Result<Self> {
        let claims = signed::verify(text, TYP, trust)?;
        if claims.string("aud")? != reconcile_url {
            return Err(ErrorCode::AudienceMismatch.into());
        }
        let validity = Validity::from_claims(&claims, MAX_LIFETIME_SECONDS)?;
        let reconcile_until = UnixSeconds::new(claims.integer("rexp")?);
        check_times(validity, reconcile_until)?;
        let seal = Jwk::from_value(claims.object("seal")?)?;
        check_seal(&seal)?;
        let claims = PolicyClaims {
            issuer: claims.string("iss")?.to_owned(),
            audience: reconcile_url.to_owned(),
            id: bounded(claims.string("jti")?, 128, "jti")?.to_owned(),
            tenant: bounded(claims.string("tenant")?, MAX_TENANT_BYTES, "tenant")?.to_owned(),
            install: InstallId::parse(claims.string("iid")?)?,
            version: u64::try_from(claims.integer("ver")?).map_err(|_| invalid("ver"))?,
            validity,
            reconcile_until,
            jkt: signed::confirmation(&claims)?.map(ToOwned::to_owned),
            seal,
            fields: read_fields(&claims)?,
        };
        Ok(Self { text: text.to_owned(), claims })
    }

    /// `rexp` of a text that nobody has verified, if it says so at all: for deciding how long to keep what depends on it, and for
    /// nothing else.
    pub fn unverified_reconcile_until(text: &str) -> Option<UnixSeconds> {
        let jws = Jws::parse(text).ok()?;
        let claims = crate::json::parse_object(jws.unverified_payload()).ok()?;
        claims.integer("rexp").ok().map(UnixSeconds::new)
    }

    /// The policy as it goes into an `Authorization` header.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    pub const fn claims(&self) -> &PolicyClaims {
        &self.claims
    }

    /// Refuses to make tokens outside of the policy's time.
    ///
    /// Errors: `token_expired`, `token_not_yet_valid`.
    pub fn check_generation(&self, now: UnixSeconds, tolerance: Tolerance) -> Result<()> {
        self.claims.validity.check(now, tolerance)
    }

    /// Refuses operations that come too late.
    ///
    /// Errors: `token_expired`.
    pub fn check_reconciliation(&self, now: UnixSeconds) -> Result<()> {
        if now >= self.claims.reconcile_until {
            Err(ErrorCode::TokenExpired.into())
        } else {
            Ok(())
        }
    }
}

impl FieldPolicy {
    pub(crate) fn to_json(&self) -> String {
        ObjectWriter::new()
            .string("name", &self.name)
            .string("norm", &self.normalisation)
            .integer("pool", i64::from(self.pool))
            .boolean("provisional", self.provisional)
            .integer("max", i64::from(self.max))
            .finish()
    }

    pub(crate) fn from_value(item: &Object) -> Result<Self> {
        let number = |name, limit| match u32::try_from(item.integer(name)?) {
            Ok(number) if number <= limit => Ok(number),
            _ => Err(invalid(name)),
        };
        let Some(Value::Bool(provisional)) = item.get("provisional") else {
            return Err(invalid("provisional"));
        };
        Ok(Self {
            name: field_name(item.string("name")?)?.to_owned(),
            normalisation: bounded(item.string("norm")?, 64, "norm")?.to_owned(),
            pool: number("pool", MAX_POOL)?,
            provisional: *provisional,
            max: number("max", MAX_PER_FIELD)?,
        })
    }
}

fn read_fields(claims: &Object) -> Result<Vec<FieldPolicy>> {
    let Some(Value::Array(items)) = claims.get("fields") else { return Err(invalid("fields")) };
    if items.len() > MAX_FIELDS {
        return Err(ErrorCode::LimitExceeded.into());
    }
    let mut fields: Vec<FieldPolicy> = Vec::with_capacity(items.len());
    for item in items {
        let Value::Object(item) = item else { return Err(invalid("fields")) };
        let field = FieldPolicy::from_value(item)?;
        if fields.iter().any(|other| other.name == field.name) {
            return Err(invalid("fields"));
        }
        fields.push(field);
    }
    Ok(fields)
}

fn check_times(validity: Validity, reconcile_until: UnixSeconds) -> Result<()> {
    let last = validity.issued_at.plus(MAX_RECONCILE_SECONDS);
    if validity.expires_at > validity.issued_at.plus(MAX_LIFETIME_SECONDS) || reconcile_until > last
    {
        return Err(ErrorCode::LifetimeExceeded.into());
    }
    if reconcile_until < validity.expires_at { Err(invalid("rexp")) } else { Ok(()) }
}

fn check_seal(seal: &Jwk) -> Result<()> {
    if seal.is_encryption() && seal.kid().is_some() { Ok(()) } else { Err(invalid("seal")) }
}
