//! An operation: a token that was given out without the vault, with the value it stands for, sealed to the vault's key. The
//! tokenizer seals it and cannot open it again; the vault opens it.

use alloc::borrow::ToOwned;
use alloc::string::String;

use zeroize::{Zeroize as _, Zeroizing};

use super::op_id::OpId;
use super::provisional::{self, Salt};
use super::{MAX_TENANT_BYTES, MAX_TOKEN_BYTES, MAX_VALUE_BYTES, bounded, field_name, invalid};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Jwe, Jwk, PrivateJwk, jwe};
use crate::json::{self, Object, ObjectWriter};
use crate::sealed_token::SealEntropy;
use crate::secret::ContentKey;

/// The JOSE type of a sealed operation.
pub const TYP: &str = "lp-op+jwe";
/// Its `cty`.
pub const CTY: &str = "json";

const MAX_ID_BYTES: usize = 128;

/// What ties an operation's token to its value or to its holder.
pub enum Binding {
    /// A provisional token commits to the value under this salt.
    Commitment(Salt),
    /// A token of a pool belongs to the holder of this lease.
    Lease(String),
}

/// What is under the seal.
pub struct Operation {
    /// Which operation it is.
    pub op: OpId,
    /// `jti` of the policy that allowed it.
    pub policy: String,
    /// Whose values these are.
    pub tenant: String,
    /// The field of the value.
    pub field: String,
    /// The token that was given out.
    pub token: String,
    /// The value that it stands for, as it was given.
    pub value: Zeroizing<String>,
    /// Why the token may stand for it.
    pub binding: Binding,
}

impl Operation {
    /// Seals the operation to the vault's key.
    ///
    /// Errors: `claim_invalid` for what the vault would refuse to read; `key_unusable`; `limit_exceeded`.
    pub fn seal(&self, to: &Jwk, entropy: SealEntropy) -> Result<String> {
        self.check()?;
        let mut salt = Zeroizing::new(String::new());
        // Room for a value with every byte escaped, so that no copy is left behind on growing.
        let out = ObjectWriter::with_capacity(1024 + 6 * (self.value.len() + self.token.len()))
            .string("op", &self.op.to_text())
            .string("policy", &self.policy)
            .string("tenant", &self.tenant)
            .string("field", &self.field)
            .string("token", &self.token)
            .string("value", &self.value);
        let out = match &self.binding {
            Binding::Commitment(secret) => {
                *salt = secret.to_text_secret();
                out.string("salt", &salt)
            }
            Binding::Lease(lease) => out.string("lease", lease),
        };
        let plaintext = Zeroizing::new(out.finish());
        let SealEntropy { content_key, ephemeral, iv } = entropy;
        let content_key = ContentKey::from_seed(content_key);
        jwe::seal(to, TYP, CTY, &content_key, ephemeral, iv, plaintext.as_bytes())
    }

    /// Opens a sealed operation with the key that [`seal_key_id`] names. Whether the policy allows it, and whether what is
    /// repeated outside of the seal agrees, is for the vault to see next.
    ///
    /// Errors: those of [`Jwe::parse`] and [`Jwe::open`]; `type_mismatch`; `malformed`, `claim_invalid` for a content that
    /// is no operation.
    pub fn open(sealed: &str, key: &PrivateJwk) -> Result<Self> {
        let jwe = parse_envelope(sealed)?;
        let opened = jwe.open(key)?;
        let mut content = json::parse_object(&opened.plaintext)?;
        let operation = Self::from_content(&content);
        content.zeroize();
        operation
    }

    /// Whether the token may stand for the value, as far as that shows without knowing the lease.
    pub fn binds(&self) -> bool {
        match &self.binding {
            Binding::Commitment(salt) => provisional::is_commitment(
                &self.token,
                &self.tenant,
                &self.field,
                &self.value,
                salt,
            ),
            Binding::Lease(_) => !self.token.starts_with(provisional::PREFIX),
        }
    }

    fn from_content(content: &Object) -> Result<Self> {
        const COMMON: [&str; 6] = ["op", "policy", "tenant", "field", "token", "value"];
        if !content.has_exactly(&COMMON, &["salt", "lease"]) {
            return Err(ErrorCode::Malformed.into());
        }
        let binding = match (content.optional_string("salt")?, content.optional_string("lease")?) {
            (Some(salt), None) => Binding::Commitment(Salt::parse(salt)?),
            (None, Some(lease)) => Binding::Lease(lease.to_owned()),
            _ => return Err(Error::with_detail(ErrorCode::ClaimInvalid, "lease")),
        };
        let operation = Self {
            op: OpId::parse(content.string("op")?)?,
            policy: content.string("policy")?.to_owned(),
            tenant: content.string("tenant")?.to_owned(),
            field: content.string("field")?.to_owned(),
            token: content.string("token")?.to_owned(),
            value: Zeroizing::new(content.string("value")?.to_owned()),
            binding,
        };
        operation.check()?;
        Ok(operation)
    }

    fn check(&self) -> Result<()> {
        bounded(&self.policy, MAX_ID_BYTES, "policy")?;
        bounded(&self.tenant, MAX_TENANT_BYTES, "tenant")?;
        field_name(&self.field)?;
        bounded(&self.token, MAX_TOKEN_BYTES, "token")?;
        if let Binding::Lease(lease) = &self.binding {
            bounded(lease, MAX_ID_BYTES, "lease")?;
        }
        if self.value.len() > MAX_VALUE_BYTES { Err(invalid("value")) } else { Ok(()) }
    }
}

/// The name of the key that an operation is sealed to.
///
/// Errors: as [`Operation::open`] before the key is used.
pub fn seal_key_id(sealed: &str) -> Result<String> {
    parse_envelope(sealed).map(|jwe| jwe.kid().to_owned())
}

fn parse_envelope(sealed: &str) -> Result<Jwe<'_>> {
    let jwe = Jwe::parse(sealed)?;
    if jwe.typ() == TYP && jwe.cty() == CTY { Ok(jwe) } else { Err(ErrorCode::TypeMismatch.into()) }
}
