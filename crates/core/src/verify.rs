//! The edge's check of a token: signature and claims under a policy that was read once. What needs the request or a store
//! (proof of possession, revocation, single use) comes after it, in the order of the protocol.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{JwkSet, Jws, SymmetricJwk, VerifyingKey};
use crate::json::{self, Object, Value};
use crate::limits::{MAX_COMPACT_BYTES, MAX_STATUS_LIST_BYTES};
use crate::scope::Scope;
use crate::signed;
use crate::time::{Tolerance, UnixSeconds};

/// The keys that a verifier believes.
pub enum Keys {
    /// Public keys of the issuer, found by `kid`.
    Set(JwkSet),
    /// A key that a service shares with its issuer and configures explicitly (HS256).
    Shared(SymmetricJwk),
}

/// The type of Status List Tokens (draft-ietf-oauth-status-list §5.1). They are longer than other tokens, and may go
/// without `iss` and without `exp`.
const STATUS_LIST: &str = "statuslist+jwt";

/// What a verifier demands.
pub struct Policy {
    /// `iss`, letter by letter.
    pub issuer: String,
    /// One of these has to be in `aud`; where there are none, `aud` is not looked at.
    pub audiences: Vec<String>,
    /// The JOSE type, such as `vt+jwt` or `at+jwt`; `None` accepts a token without one, and only that.
    pub typ: Option<String>,
    /// The issuer's keys.
    pub keys: Keys,
    /// How far the issuer's clock may differ.
    pub tolerance: Tolerance,
    /// What the token must at least allow.
    pub required_scope: Scope,
}

/// The times and bindings of a verified token: what has to be looked at again each time it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// `exp`; the end of all time for a status list that has none.
    pub expires_at: UnixSeconds,
    /// `nbf`, if there is one.
    pub not_before: Option<UnixSeconds>,
    /// `iat`, if there is one.
    pub issued_at: Option<UnixSeconds>,
    /// `cnf.jkt`: the key whose proof has to come with the token.
    pub jkt: Option<String>,
}

/// A token whose signature and claims hold.
pub struct VerifiedToken {
    /// The claims as they were signed, a JSON object.
    pub claims_json: Vec<u8>,
    /// What has to be looked at each time.
    pub facts: TokenFacts,
}

impl Policy {
    /// Verifies a token: canonical form, type, algorithm, key, signature, and then the claims.
    ///
    /// Errors: `limit_exceeded`, `malformed`, `not_canonical`, `duplicate_member`, `critical_header`, `type_mismatch`,
    /// `algorithm_not_allowed`, `key_not_found`, `signature_invalid`, `issuer_mismatch`, `audience_mismatch`,
    /// `claim_invalid`, `token_expired`, `token_not_yet_valid`, `insufficient_scope`.
    pub fn verify(&self, token: &str, now: UnixSeconds) -> Result<VerifiedToken> {
        let jws = Jws::parse_within(self.limit_bytes(), token)?;
        if jws.header().typ() != self.typ.as_deref() {
            return Err(ErrorCode::TypeMismatch.into());
        }
        jws.algorithm()?;
        let key = self.key(&jws)?;
        let claims_json = jws.into_verified(&key)?;
        let claims = json::parse_object_within(self.limit_bytes(), &claims_json)?;
        self.check_parties(&claims)?;
        let facts = TokenFacts::from_claims(&claims, !self.is_for_status_lists())?;
        facts.check(now, self.tolerance)?;
        if !self.required_scope.as_str().is_empty() {
            let scope = Scope::parse(claims.optional_string("scope")?.unwrap_or_default())?;
            if !self.required_scope.is_within(&scope) {
                return Err(ErrorCode::InsufficientScope.into());
            }
        }
        Ok(VerifiedToken { claims_json, facts })
    }

    /// The `kid` under which a token's key has to be looked up, before anything of the token is believed; for a host that
    /// fetches keys.
    ///
    /// Errors: those of parsing.
    pub fn key_id(token: &str) -> Result<Option<String>> {
        Ok(Jws::parse(token)?.header().kid().map(ToOwned::to_owned))
    }

    fn key<'a>(&'a self, jws: &Jws<'_>) -> Result<VerifyingKey<'a>> {
        match (&self.keys, jws.header().kid()) {
            (Keys::Set(set), Some(kid)) => {
                set.find(kid).map(VerifyingKey::Jwk).ok_or(ErrorCode::KeyNotFound.into())
            }
            // Without a `kid` only a set of one key leaves no choice to the token.
            (Keys::Set(set), None) => {
                let mut keys = set.iter();
                match (keys.next(), keys.next()) {
                    (Some(only), None) => Ok(VerifyingKey::Jwk(only)),
                    _ => Err(ErrorCode::KeyNotFound.into()),
                }
            }
            (Keys::Shared(key), kid) => {
                if kid.is_some() && key.kid().is_some() && kid != key.kid() {
                    return Err(ErrorCode::KeyNotFound.into());
                }
                Ok(VerifyingKey::Symmetric(key))
            }
        }
    }

    fn is_for_status_lists(&self) -> bool {
        self.typ.as_deref() == Some(STATUS_LIST)
    }

    fn limit_bytes(&self) -> usize {
        if self.is_for_status_lists() { MAX_STATUS_LIST_BYTES } else { MAX_COMPACT_BYTES }
    }

    fn check_parties(&self, claims: &Object) -> Result<()> {
        let anonymous = self.is_for_status_lists() && claims.get("iss").is_none();
        if !anonymous && claims.string("iss")? != self.issuer {
            return Err(ErrorCode::IssuerMismatch.into());
        }
        if self.audiences.is_empty() {
            return Ok(());
        }
        let ours = |aud: &str| self.audiences.iter().any(|audience| audience == aud);
        let meant = match claims.get("aud") {
            Some(Value::String(aud)) => ours(aud),
            Some(Value::Array(list)) => {
                list.iter().any(|aud| matches!(aud, Value::String(aud) if ours(aud)))
            }
            _ => return Err(Error::with_detail(ErrorCode::ClaimInvalid, "aud")),
        };
        if meant { Ok(()) } else { Err(ErrorCode::AudienceMismatch.into()) }
    }
}

impl TokenFacts {
    fn from_claims(claims: &Object, expires: bool) -> Result<Self> {
        let expires_at = match expires || claims.get("exp").is_some() {
            true => UnixSeconds::new(claims.integer("exp")?),
            false => UnixSeconds::new(i64::MAX),
        };
        Ok(Self {
            expires_at,
            not_before: claims.optional_integer("nbf")?.map(UnixSeconds::new),
            issued_at: claims.optional_integer("iat")?.map(UnixSeconds::new),
            jkt: signed::confirmation(claims)?.map(ToOwned::to_owned),
        })
    }

    /// From when (if the token says so) until just before when [`Self::check`] lets the token pass.
    pub fn window(&self, tolerance: Tolerance) -> (Option<UnixSeconds>, UnixSeconds) {
        let leeway = i64::from(tolerance.as_seconds());
        let begins = self.not_before.max(self.issued_at);
        (begins.map(|begins| begins.plus(-leeway)), self.expires_at.plus(leeway))
    }

    /// Refuses a token outside its time; to be asked at each use.
    ///
    /// Errors: `token_expired`, `token_not_yet_valid`.
    pub fn check(&self, now: UnixSeconds, tolerance: Tolerance) -> Result<()> {
        let (begins, ends) = self.window(tolerance);
        if now >= ends {
            return Err(ErrorCode::TokenExpired.into());
        }
        if begins.is_some_and(|begins| now < begins) {
            return Err(ErrorCode::TokenNotYetValid.into());
        }
        Ok(())
    }
}
