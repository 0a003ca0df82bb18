//! The edge's check of a token: signature and claims under a policy that was read once. What needs the request or a store
//! (proof of possession, revocation, single use) comes after it, in the order of the protocol.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{
    AlgorithmSet, HostCheck, HostVerdict, Judgement, Jwk, JwkSet, Jws, SignatureAlgorithm,
    SymmetricJwk, VerifyingKey,
};
use crate::json::{self, Member, Members, Value};
use crate::limits::{MAX_COMPACT_BYTES, MAX_STATUS_LIST_BYTES};
use crate::scope::Scope;
use crate::signed;
use crate::time::{Tolerance, UnixSeconds};
use crate::token_facts::TimeRules;
use crate::visit_token;

pub use crate::token_facts::TokenFacts;

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
    /// The JOSE type, such as `vt+jwt` or `at+jwt`; `None` accepts a token without one, and only that. Visit tokens have to
    /// be what the protocol says of them, too: header exactly `alg kid typ`, at most 900 seconds of life.
    pub typ: Option<String>,
    /// The issuer's keys.
    pub keys: Keys,
    /// The only algorithms that are accepted; `None` for whatever the keys are for. Where they are named, a token without
    /// `kid` may be verified by the one key that fits, since issuers with one key often do not name it.
    pub algorithms: Option<AlgorithmSet>,
    /// The algorithms that the host is asked about although they are implemented here.
    pub host: AlgorithmSet,
    /// How far the issuer's clock may differ.
    pub tolerance: Tolerance,
    /// How long after `iat`, in seconds, a token may be used, whatever its `exp` says.
    pub max_age_seconds: Option<u32>,
    /// Claims that have to be there, and not `null`.
    pub required_claims: Vec<String>,
    /// What the token must at least allow.
    pub required_scope: Scope,
}

/// A token whose signature and claims hold.
pub struct VerifiedToken {
    /// The claims as they were signed, a JSON object.
    pub claims_json: String,
    /// What has to be looked at each time.
    pub facts: TokenFacts,
    /// How it was signed.
    pub algorithm: SignatureAlgorithm,
    /// The name of the key in its header.
    pub kid: Option<String>,
}

/// How far a verification comes without the host.
pub enum Verification<'p, 't> {
    /// To its end.
    Done(VerifiedToken),
    /// To the signature.
    AskHost(PendingToken<'p, 't>),
}

/// A token whose header and key are acceptable and whose signature the host has to verify.
pub struct PendingToken<'p, 't> {
    policy: &'p Policy,
    check: HostCheck<'t, 'p>,
    kid: Option<String>,
}

impl PendingToken<'_, '_> {
    /// By which algorithm.
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.check.algorithm()
    }

    /// Under which key.
    pub const fn key(&self) -> &Jwk {
        self.check.key()
    }

    /// What is to be verified, for hosts that do not cut it from the text themselves: the input and the signature over it.
    pub fn signed(&self) -> (&str, &[u8]) {
        (self.check.signing_input(), self.check.signature())
    }

    /// Goes on with the host's answer.
    ///
    /// Errors: `signature_invalid`, and those about claims of [`Policy::verify`].
    pub fn resolve(self, verdict: HostVerdict, now: UnixSeconds) -> Result<VerifiedToken> {
        let algorithm = self.check.algorithm();
        let claims_json = self.check.resolve(verdict)?;
        self.policy.accept(claims_json, algorithm, self.kid, now)
    }
}

impl Policy {
    /// Verifies a token without a host's help: canonical form, type, algorithm, key, signature, and then the claims.
    ///
    /// Errors: `limit_exceeded`, `malformed`, `not_canonical`, `duplicate_member`, `critical_header`, `type_mismatch`,
    /// `algorithm_not_allowed` (with the detail `host` where a host could help), `key_not_found`, `signature_invalid`,
    /// `issuer_mismatch`, `audience_mismatch`, `claim_invalid`, `lifetime_exceeded`, `token_expired`,
    /// `token_not_yet_valid`, `insufficient_scope`.
    pub fn verify(&self, token: &str, now: UnixSeconds) -> Result<VerifiedToken> {
        match self.judge(token, AlgorithmSet::EMPTY, now)? {
            Verification::Done(verified) => Ok(verified),
            Verification::AskHost(_) => {
                Err(Error::with_detail(ErrorCode::AlgorithmNotAllowed, "host"))
            }
        }
    }

    /// As [`Self::verify`], and stops where the host has to verify the signature: where the algorithm is not implemented
    /// here, and where the policy wants the host.
    ///
    /// Errors: as [`Self::verify`].
    pub fn begin<'p, 't>(
        &'p self,
        token: &'t str,
        now: UnixSeconds,
    ) -> Result<Verification<'p, 't>> {
        self.judge(token, self.host, now)
    }

    fn judge<'p, 't>(
        &'p self,
        token: &'t str,
        host: AlgorithmSet,
        now: UnixSeconds,
    ) -> Result<Verification<'p, 't>> {
        let jws = Jws::parse_within(self.limit_bytes(), token)?;
        let algorithm = self.check_header(&jws)?;
        let kid = jws.header().kid().map(ToOwned::to_owned);
        let key = self.key(kid.as_deref(), algorithm)?;
        match jws.judge(key, host)? {
            Judgement::Verified(claims_json) => {
                self.accept(claims_json, algorithm, kid, now).map(Verification::Done)
            }
            Judgement::AskHost(check) => {
                Ok(Verification::AskHost(PendingToken { policy: self, check, kid }))
            }
        }
    }

    fn check_header(&self, jws: &Jws<'_>) -> Result<SignatureAlgorithm> {
        if self.is_for(visit_token::TYP) {
            signed::exact_header(jws, visit_token::TYP)?;
        } else if jws.header().typ().map(short) != self.typ.as_deref().map(short) {
            return Err(ErrorCode::TypeMismatch.into());
        }
        let algorithm = jws.algorithm()?;
        if self.algorithms.is_some_and(|accepted| !accepted.contains(algorithm)) {
            return Err(ErrorCode::AlgorithmNotAllowed.into());
        }
        Ok(algorithm)
    }

    fn key(&self, kid: Option<&str>, algorithm: SignatureAlgorithm) -> Result<VerifyingKey<'_>> {
        match &self.keys {
            // Without a `kid` only a set of one key leaves no choice to the token, or a policy that names algorithms.
            Keys::Set(set) if kid.is_none() && self.algorithms.is_none() && set.len() != 1 => {
                Err(ErrorCode::KeyNotFound.into())
            }
            Keys::Set(set) => set.select(kid, algorithm).map(VerifyingKey::Jwk),
            Keys::Shared(key) if kid.is_some() && key.kid().is_some() && kid != key.kid() => {
                Err(ErrorCode::KeyNotFound.into())
            }
            Keys::Shared(key) => Ok(VerifyingKey::Symmetric(key)),
        }
    }

    /// Checks the claims of a token whose signature holds.
    fn accept(
        &self,
        claims_json: Vec<u8>,
        algorithm: SignatureAlgorithm,
        kid: Option<String>,
        now: UnixSeconds,
    ) -> Result<VerifiedToken> {
        let claims_json = String::from_utf8(claims_json).map_err(|_| ErrorCode::Malformed)?;
        let claims = Members::parse_within(self.limit_bytes(), &claims_json)?;
        self.check_parties(&claims)?;
        for name in NAMES {
            claims.optional_string(name)?;
        }
        let rules = TimeRules {
            expires: !self.is_for(STATUS_LIST),
            max_age_seconds: self.max_age_seconds,
            max_lifetime_seconds: self
                .is_for(visit_token::TYP)
                .then_some(visit_token::MAX_LIFETIME_SECONDS),
        };
        let facts = TokenFacts::from_claims(&claims, rules)?;
        facts.check(now, self.tolerance)?;
        for name in &self.required_claims {
            if matches!(claims.get(name), None | Some(Member::Other(Value::Null))) {
                return Err(Error::with_detail(ErrorCode::ClaimInvalid, "required"));
            }
        }
        if !self.required_scope.as_str().is_empty() {
            let scope = Scope::parse(claims.optional_string("scope")?.unwrap_or_default())?;
            if !self.required_scope.is_within(&scope) {
                return Err(ErrorCode::InsufficientScope.into());
            }
        }
        Ok(VerifiedToken { claims_json, facts, algorithm, kid })
    }

    fn check_parties(&self, claims: &Members<'_>) -> Result<()> {
        let anonymous = self.is_for(STATUS_LIST) && claims.get("iss").is_none();
        if !anonymous && claims.string("iss")? != self.issuer {
            return Err(ErrorCode::IssuerMismatch.into());
        }
        if self.audiences.is_empty() {
            return Ok(());
        }
        let ours = |aud: &str| self.audiences.iter().any(|audience| audience == aud);
        let meant = match claims.get("aud") {
            Some(Member::Text(aud)) => ours(aud),
            Some(Member::Other(Value::Array(list))) => {
                list.iter().any(|aud| matches!(aud, Value::String(aud) if ours(aud)))
            }
            _ => return Err(Error::with_detail(ErrorCode::ClaimInvalid, "aud")),
        };
        if meant { Ok(()) } else { Err(ErrorCode::AudienceMismatch.into()) }
    }

    fn is_for(&self, typ: &str) -> bool {
        self.typ.as_deref() == Some(typ)
    }

    fn limit_bytes(&self) -> usize {
        if self.is_for(STATUS_LIST) { MAX_STATUS_LIST_BYTES } else { MAX_COMPACT_BYTES }
    }
}

/// Registered claims that name somebody or something: text wherever they occur, since revocation and single use go by them.
const NAMES: [&str; 4] = ["sub", "client_id", "jti", "sid"];

/// A media type without `application/`, which may be left out where there is no other slash (RFC 7515 §4.1.9).
fn short(typ: &str) -> &str {
    match typ.strip_prefix("application/") {
        Some(subtype) if !subtype.contains('/') => subtype,
        _ => typ,
    }
}

/// The issuer that a token names, before anything of it is believed; to choose among those that are believed.
///
/// Errors: `limit_exceeded`, `malformed`, `not_canonical`, `duplicate_member`, `critical_header`, `claim_invalid`.
pub fn claimed_issuer(token: &str) -> Result<String> {
    let jws = Jws::parse(token)?;
    Ok(json::parse_object(jws.unverified_payload())?.string("iss")?.to_owned())
}
