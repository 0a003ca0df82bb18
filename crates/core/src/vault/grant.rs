//! What the vault lets installs do by themselves: the configured fields, and the policies made of them. The maxima are given
//! away when a policy is issued, so that whoever collects policies and then blocks the network gets no more than one subject's
//! share.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::kind::{Kind, rule_of};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::Jwk;
use crate::json::{Object, ObjectWriter, Value};
use crate::keyring::KeyRing;
use crate::signed;
use crate::time::{UnixSeconds, Validity};
use crate::tokenization::op_id::InstallId;
use crate::tokenization::policy::{
    MAX_FIELDS, MAX_LIFETIME_SECONDS, MAX_PER_FIELD, MAX_RECONCILE_SECONDS,
};
use crate::tokenization::pools::MAX_POOL;
use crate::tokenization::{FieldPolicy, PolicyClaims, field_name};

/// A field as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, which scopes name too.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// How many tokens an install may hold ready.
    pub pool: u32,
    /// Whether installs may make provisional tokens.
    pub provisional: bool,
    /// How many tokens an install may give out by itself under one policy.
    pub max: u32,
    /// How many all policies of one subject may allow together at any time.
    pub max_per_subject: u32,
}

/// The configured fields.
pub struct Fields(Vec<Field>);

impl Fields {
    /// Reads an array of `{"name", "kind", "pool", "provisional", "max", "maxPerSubject"}`.
    ///
    /// Errors: `claim_invalid` with the name of the member; `limit_exceeded`.
    pub fn from_value(items: Option<&Value>) -> Result<Self> {
        let Some(Value::Array(items)) = items else { return Err(invalid("fields")) };
        if items.is_empty() || items.len() > MAX_FIELDS {
            return Err(Error::with_detail(ErrorCode::LimitExceeded, "fields"));
        }
        let mut fields: Vec<Field> = Vec::with_capacity(items.len());
        for item in items {
            let Value::Object(item) = item else { return Err(invalid("fields")) };
            let field = Field::from_value(item)?;
            if fields.iter().any(|other| other.name == field.name) {
                return Err(invalid("name"));
            }
            fields.push(field);
        }
        Ok(Self(fields))
    }

    /// The field of that name.
    pub fn find(&self, name: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }
}

impl Field {
    fn to_json(&self) -> String {
        ObjectWriter::new()
            .string("name", &self.name)
            .string("kind", self.kind.as_str())
            .integer("pool", i64::from(self.pool))
            .boolean("provisional", self.provisional)
            .integer("max", i64::from(self.max))
            .integer("maxPerSubject", i64::from(self.max_per_subject))
            .finish()
    }

    fn from_value(item: &Object) -> Result<Self> {
        let number = |name, limit| match u32::try_from(item.integer(name)?) {
            Ok(number) if number <= limit => Ok(number),
            _ => Err(invalid(name)),
        };
        let Some(Value::Bool(provisional)) = item.get("provisional") else {
            return Err(invalid("provisional"));
        };
        Ok(Self {
            name: field_name(item.string("name")?)?.to_owned(),
            kind: Kind::from_name(item.string("kind")?).ok_or(invalid("kind"))?,
            pool: number("pool", MAX_POOL)?,
            provisional: *provisional,
            max: number("max", MAX_PER_FIELD)?,
            max_per_subject: number("maxPerSubject", MAX_PER_FIELD)?,
        })
    }
}

/// A policy as it is remembered until no operation can come under it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// `jti`.
    pub id: String,
    /// Which install it is for.
    pub install: InstallId,
    /// The proof key that it is bound to.
    pub jkt: Option<String>,
    /// `ver`.
    pub version: u64,
    /// `iat`.
    pub issued_at: UnixSeconds,
    /// `exp`.
    pub expires_at: UnixSeconds,
    /// `rexp`.
    pub reconcile_until: UnixSeconds,
    /// `kid` of the key that operations are sealed to.
    pub seal_kid: String,
    /// What it allows.
    pub fields: Vec<FieldPolicy>,
}

/// A request for a policy.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// A fresh `jti`.
    pub id: String,
    /// The install.
    pub install: InstallId,
    /// The proof key that the request has proved.
    pub jkt: Option<String>,
    /// The fields whose values the caller may tokenize.
    pub fields: Vec<Field>,
    /// The key to seal to.
    pub seal_kid: String,
    /// How long tokens may be made, in seconds.
    pub lifetime_seconds: i64,
    /// When operations are not taken any more.
    pub reconcile_until: UnixSeconds,
    /// The vault's time.
    pub now: UnixSeconds,
}

/// The key that operations are sealed to from now on, and until when they are taken. No key is given out that retires before
/// the last operation can come; where every key retires earlier, operations are taken until the last one does.
///
/// Errors: `key_not_found` where no key lasts as long as tokens may be made.
pub fn seal_key(
    ring: &KeyRing,
    lifetime_seconds: i64,
    reconcile_seconds: i64,
    now: UnixSeconds,
) -> Result<(&Jwk, UnixSeconds)> {
    let mut seconds = reconcile_seconds.clamp(1, MAX_RECONCILE_SECONDS);
    let least = lifetime_seconds.clamp(1, MAX_LIFETIME_SECONDS);
    loop {
        let until = now.plus(seconds);
        if let Some(key) = ring.active_until(now, until) {
            return Ok((key.public(), until));
        }
        if seconds <= least {
            return Err(ErrorCode::KeyNotFound.into());
        }
        seconds = (seconds / 2).max(least);
    }
}

/// Decides about a request for a policy, given those that are remembered of the same subject. The policy of an install is given
/// again during the first half of its life, so that a lost answer costs nothing of the subject's share; but for one that allows
/// nothing of a field of which there is something to be had again.
///
/// A page that keeps no proof key is another install each time it is opened. So an install that is met for the first time gets
/// no more than its [`portion`], and none of the quarter that is kept for those that came back with the key that they had.
pub fn grant(remembered: &[Granted], wanted: Wanted) -> (Granted, bool) {
    let now = wanted.now;
    let of_install = || remembered.iter().filter(|it| it.install == wanted.install);
    let newest = of_install().max_by_key(|it| it.version);
    let came_back = of_install().any(|it| it.is_past_half(now));
    let given_away = |name: &str| -> u32 {
        let live = remembered.iter().filter(|it| it.expires_at > now);
        live.flat_map(|it| &it.fields)
            .filter(|field| field.name == name)
            .fold(0_u32, |sum, field| sum.saturating_add(field.max))
    };
    let fields = wanted.fields.iter().map(|field| {
        let share = field.max_per_subject;
        let left = share.saturating_sub(given_away(&field.name));
        let max = match came_back {
            true => field.max.min(left),
            false if left > share / 2 => field.max.min(left),
            false => portion(field.max, share, left.saturating_sub(share / 4)),
        };
        FieldPolicy {
            name: field.name.clone(),
            normalisation: rule_of(field.kind),
            pool: field.pool,
            provisional: field.provisional,
            max,
        }
    });
    let fields: Vec<FieldPolicy> = fields.collect();
    let had = |own: &FieldPolicy, new: &FieldPolicy| own.max > 0 || new.max == 0;
    let serves = |it: &&Granted| {
        it.serves(&wanted) && it.fields.iter().zip(&fields).all(|(own, new)| had(own, new))
    };
    if let Some(newest) = newest.filter(serves) {
        return (newest.clone(), false);
    }
    // The clock, so that it never falls although policies are forgotten.
    let clock = u64::try_from(now.as_i64()).unwrap_or_default();
    let version = newest.map_or(clock, |it| clock.max(it.version.saturating_add(1)));
    let granted = Granted {
        fields,
        id: wanted.id,
        install: wanted.install,
        jkt: wanted.jkt,
        version,
        issued_at: now,
        expires_at: now.plus(wanted.lifetime_seconds.clamp(1, MAX_LIFETIME_SECONDS)),
        reconcile_until: wanted.reconcile_until,
        seal_kid: wanted.seal_kid,
    };
    (granted, true)
}

/// How much of a subject's share one who asks for `wanted` gets, where `left` of it has not been given away: all of it as long as
/// half of the share is there, a sixteenth of what is left after that. So many who ask do not leave the next one with nothing.
pub fn portion(wanted: u32, share: u32, left: u32) -> u32 {
    let most = if left > share / 2 { left } else { left.div_ceil(16) };
    wanted.min(most)
}

impl Wanted {
    /// As JSON, for the object that decides.
    pub fn to_json(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(Field::to_json).collect();
        ObjectWriter::new()
            .string("jti", &self.id)
            .string("iid", self.install.as_str())
            .optional_string("jkt", self.jkt.as_deref())
            .raw("fields", &["[", &fields.join(","), "]"].concat())
            .string("kid", &self.seal_kid)
            .integer("lifetime", self.lifetime_seconds)
            .integer("rexp", self.reconcile_until.as_i64())
            .integer("now", self.now.as_i64())
            .finish()
    }

    /// From such JSON.
    ///
    /// Errors: `claim_invalid`.
    pub fn from_value(wanted: &Object) -> Result<Self> {
        Ok(Self {
            id: wanted.string("jti")?.to_owned(),
            install: InstallId::parse(wanted.string("iid")?)?,
            jkt: proof_key(wanted)?,
            fields: Fields::from_value(wanted.get("fields"))?.0,
            seal_kid: wanted.string("kid")?.to_owned(),
            lifetime_seconds: wanted.integer("lifetime")?,
            reconcile_until: UnixSeconds::new(wanted.integer("rexp")?),
            now: UnixSeconds::new(wanted.integer("now")?),
        })
    }
}

fn proof_key(object: &Object) -> Result<Option<String>> {
    object
        .optional_string("jkt")?
        .map(|jkt| signed::thumbprint(jkt).map(ToOwned::to_owned))
        .transpose()
}

impl Granted {
    /// Whether the first half of its life is over.
    fn is_past_half(&self, now: UnixSeconds) -> bool {
        let life = self.expires_at.as_i64().saturating_sub(self.issued_at.as_i64());
        now >= self.issued_at.plus(life / 2)
    }

    /// Whether it is young enough to be given again, and says what a new one would.
    fn serves(&self, wanted: &Wanted) -> bool {
        let same = self.fields.len() == wanted.fields.len()
            && self.fields.iter().zip(&wanted.fields).all(|(own, field)| {
                own.name == field.name
                    && own.normalisation == field.kind.normalisation().as_str()
                    && own.pool == field.pool
                    && own.provisional == field.provisional
                    && own.max <= field.max
            });
        same && self.jkt == wanted.jkt
            && self.seal_kid == wanted.seal_kid
            && !self.is_past_half(wanted.now)
    }

    /// The claims to be signed.
    pub fn claims(&self, issuer: &str, audience: &str, tenant: &str, seal: &Jwk) -> PolicyClaims {
        PolicyClaims {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            id: self.id.clone(),
            tenant: tenant.to_owned(),
            install: self.install.clone(),
            version: self.version,
            validity: Validity {
                issued_at: self.issued_at,
                expires_at: self.expires_at,
                not_before: self.issued_at,
            },
            reconcile_until: self.reconcile_until,
            jkt: self.jkt.clone(),
            seal: seal.clone(),
            fields: self.fields.clone(),
        }
    }

    /// As JSON, for a store.
    pub fn to_json(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(FieldPolicy::to_json).collect();
        ObjectWriter::new()
            .string("jti", &self.id)
            .string("iid", self.install.as_str())
            .optional_string("jkt", self.jkt.as_deref())
            .integer("ver", i64::try_from(self.version).unwrap_or(i64::MAX))
            .integer("iat", self.issued_at.as_i64())
            .integer("exp", self.expires_at.as_i64())
            .integer("rexp", self.reconcile_until.as_i64())
            .string("kid", &self.seal_kid)
            .raw("fields", &["[", &fields.join(","), "]"].concat())
            .finish()
    }

    /// From such JSON.
    ///
    /// Errors: `claim_invalid`.
    pub fn from_value(granted: &Object) -> Result<Self> {
        let Some(Value::Array(fields)) = granted.get("fields") else {
            return Err(invalid("fields"));
        };
        let field = |field: &Value| match field {
            Value::Object(field) => FieldPolicy::from_value(field),
            _ => Err(invalid("fields")),
        };
        Ok(Self {
            id: granted.string("jti")?.to_owned(),
            install: InstallId::parse(granted.string("iid")?)?,
            jkt: proof_key(granted)?,
            version: u64::try_from(granted.integer("ver")?).map_err(|_| invalid("ver"))?,
            issued_at: UnixSeconds::new(granted.integer("iat")?),
            expires_at: UnixSeconds::new(granted.integer("exp")?),
            reconcile_until: UnixSeconds::new(granted.integer("rexp")?),
            seal_kid: granted.string("kid")?.to_owned(),
            fields: fields.iter().map(field).collect::<Result<_>>()?,
        })
    }
}

const fn invalid(name: &'static str) -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, name)
}
