//! DPoP proofs (RFC 9449): the page's signature over one request. Both sides; the `jti` is burned by the host.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::base64url;
use crate::crypto;
use crate::error::{Error, ErrorCode, Result};
use crate::jose::{
    AlgorithmSet, HostVerdict, Judgement, Jwk, Jws, PrivateJwk, SignatureAlgorithm, VerifyingKey,
    jws,
};
use crate::json::{self, Object, ObjectWriter};
use crate::time::{Tolerance, UnixSeconds};
use crate::uri;

/// The JOSE type of a proof.
pub const TYP: &str = "dpop+jwt";

/// The claim that covers a request's body: base64url of the SHA-256 of its bytes. RFC 9449 leaves bodies out; a service that
/// needs to know that the page sent this very body demands it.
pub const BODY_HASH: &str = "lp_body";

const MAX_JTI_BYTES: usize = 128;

/// What one proof is about.
#[derive(Clone, Copy)]
pub struct ProofClaims<'a> {
    /// `htm`, the HTTP method.
    pub method: &'a str,
    /// `htu`, the address; its query and fragment are left out of the proof.
    pub url: &'a str,
    /// `iat`.
    pub issued_at: UnixSeconds,
    /// `jti`, unique for each proof.
    pub jti: &'a str,
    /// The access token that the request carries, for `ath`.
    pub token: Option<&'a str>,
    /// `nonce`, the last one that the server gave.
    pub nonce: Option<&'a str>,
}

/// A proof that lacks its signature, for keys that only the platform can use.
pub struct ProofDraft(String);

impl ProofDraft {
    /// Writes header and claims of a proof by the holder of `key`.
    ///
    /// Errors: `malformed` for an address that is none, `key_unusable`.
    pub fn new(key: &Jwk, claims: ProofClaims<'_>) -> Result<Self> {
        Self::covering(key, claims, None)
    }

    /// The same for a request whose body the proof covers: its SHA-256 in base64url, as [`BODY_HASH`].
    ///
    /// Errors: as [`Self::new`].
    pub fn covering(key: &Jwk, claims: ProofClaims<'_>, body: Option<&str>) -> Result<Self> {
        let htu = uri::normalise(claims.url)?;
        Self::with_htu(key, claims, &htu, body)
    }

    /// As [`Self::new`] with the address as it is written, but for query and fragment: verifiers normalise both sides
    /// (RFC 9449 §4.3). For clients that can do without the code for that.
    ///
    /// Errors: `key_unusable`.
    pub fn of_plain_url(key: &Jwk, claims: ProofClaims<'_>, body: Option<&str>) -> Result<Self> {
        let htu = claims.url.split(['?', '#']).next().unwrap_or_default();
        Self::with_htu(key, claims, htu, body)
    }

    fn with_htu(key: &Jwk, claims: ProofClaims<'_>, htu: &str, body: Option<&str>) -> Result<Self> {
        let alg = key.signature_algorithm()?;
        let header = ObjectWriter::new()
            .string("alg", alg.as_str())
            .raw("jwk", &key.required_members_json())
            .string("typ", TYP)
            .finish();
        let ath = claims.token.map(token_hash);
        let payload = ObjectWriter::new()
            .string("htm", claims.method)
            .string("htu", htu)
            .integer("iat", claims.issued_at.as_i64())
            .string("jti", claims.jti)
            .optional_string("ath", ath.as_deref())
            .optional_string("nonce", claims.nonce)
            .optional_string(BODY_HASH, body.map(token_hash).as_deref())
            .finish();
        Ok(Self(jws::signing_input(&header, payload.as_bytes())))
    }

    /// The ASCII text to be signed: Ed25519, or ECDSA P-256 with SHA-256 as 64 raw bytes.
    pub fn signing_input(&self) -> &str {
        &self.0
    }

    /// The proof, with its signature.
    pub fn finish(self, signature: &[u8]) -> String {
        jws::attach_signature(&self.0, signature)
    }

    /// The proof, signed with a key that is at hand.
    ///
    /// Errors: `key_unusable`.
    pub fn sign(self, key: &PrivateJwk) -> Result<String> {
        let signature = jws::sign_input(key, self.0.as_bytes())?;
        Ok(self.finish(&signature))
    }
}

/// What a verifier knows about the request that a proof came with.
#[derive(Clone, Copy)]
pub struct ProofExpectation<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The public address of the request.
    pub url: &'a str,
    /// The access token as it was presented, if any.
    pub token: Option<&'a str>,
    /// The key that has to have signed, if it is known.
    pub jkt: Option<&'a str>,
    /// The verifier's time.
    pub now: UnixSeconds,
    /// How old a proof may be, and how far ahead of our clock.
    pub window: Tolerance,
}

/// A proof that holds. It has been used once only when its (`jkt`, `jti`) has been burned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of the key (RFC 7638).
    pub jkt: String,
    /// Unique id of the proof.
    pub jti: String,
    /// When it was made.
    pub issued_at: UnixSeconds,
    /// The server's nonce that it carries.
    pub nonce: Option<String>,
}

/// Checks a proof against the request, without a host's help.
///
/// Errors: `invalid_dpop_proof` for one that is malformed or badly signed; `proof_key_mismatch` for one that names another
/// key; `proof_method_mismatch`, `proof_url_mismatch`, `proof_token_mismatch`, `proof_expired` for a good one that is not
/// for this request.
pub fn verify(text: &str, expected: &ProofExpectation<'_>) -> Result<Proof> {
    UnverifiedProof::parse(text)?.verify(expected)
}

/// A proof of which nothing is known but its key, by which it has to be signed.
pub struct UnverifiedProof<'t> {
    jws: Jws<'t>,
    key: Jwk,
    algorithm: SignatureAlgorithm,
}

impl<'t> UnverifiedProof<'t> {
    /// Reads a proof: type, a header of exactly `alg jwk typ`, EdDSA or ES256, and a public key for it.
    ///
    /// Errors: `invalid_dpop_proof`.
    pub fn parse(text: &'t str) -> Result<Self> {
        let read = || {
            let jws = Jws::parse(text)?;
            let header = jws.header();
            let exact = header.has_exactly(&["alg", "jwk", "typ"]);
            if header.typ() != Some(TYP) || !exact {
                return Err(ErrorCode::TypeMismatch.into());
            }
            let key = Jwk::from_value_for_one_use(header.others().object("jwk")?)?;
            let algorithm = jws.algorithm()?;
            if !ALGORITHMS.contains(algorithm) || !key.verifies(algorithm) {
                return Err(ErrorCode::AlgorithmNotAllowed.into());
            }
            Ok(Self { jws, key, algorithm })
        };
        read().map_err(invalid)
    }

    /// The key that the proof claims to be by.
    pub const fn key(&self) -> &Jwk {
        &self.key
    }

    /// Whether that key has this thumbprint (RFC 7638).
    pub fn is_by(&self, jkt: &str) -> bool {
        self.key.thumbprint() == jkt
    }

    /// The algorithm that it claims to be signed by.
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Compares the key, verifies the signature, and then checks the proof against the request.
    ///
    /// Errors: as the function [`verify`]; `invalid_dpop_proof` also where only a host can verify the signature.
    pub fn verify(self, expected: &ProofExpectation<'_>) -> Result<Proof> {
        let jkt = self.owner(expected)?;
        let claims = self.jws.into_verified(&VerifyingKey::Jwk(&self.key)).map_err(invalid)?;
        accept(jkt, &claims, expected)
    }

    /// The same with the host's word for the signature: the third part of the text, over the first two, under
    /// [`Self::key`] by [`Self::algorithm`].
    ///
    /// Errors: as the function [`verify`].
    pub fn resolve(self, verdict: HostVerdict, expected: &ProofExpectation<'_>) -> Result<Proof> {
        let jkt = self.owner(expected)?;
        let judged = self.jws.judge(VerifyingKey::Jwk(&self.key), ALGORITHMS).map_err(invalid)?;
        let claims = match judged {
            Judgement::Verified(claims) => claims,
            Judgement::AskHost(check) => check.resolve(verdict).map_err(invalid)?,
        };
        accept(jkt, &claims, expected)
    }

    /// The thumbprint of the key, if it is the one expected: looked at before any arithmetic, by whomever it is done.
    fn owner(&self, expected: &ProofExpectation<'_>) -> Result<String> {
        let jkt = self.key.thumbprint();
        let expects_another = expected.jkt.is_some_and(|expected| expected != jkt);
        if expects_another { Err(ErrorCode::ProofKeyMismatch.into()) } else { Ok(jkt) }
    }
}

/// By what a proof may be signed.
const ALGORITHMS: AlgorithmSet =
    AlgorithmSet::EMPTY.with(SignatureAlgorithm::EdDsa).with(SignatureAlgorithm::Es256);

/// Checks the claims of a proof whose signature holds.
fn accept(jkt: String, claims: &[u8], expected: &ProofExpectation<'_>) -> Result<Proof> {
    let claims = json::parse_object(claims).map_err(invalid)?;
    check_request(&claims, expected)?;
    let issued_at = UnixSeconds::new(claim_integer(&claims, "iat")?);
    // A proof carries one time only; both ends of the window count from it.
    let age = expected.now.as_i64().abs_diff(issued_at.as_i64());
    if age > u64::from(expected.window.as_seconds()) {
        return Err(ErrorCode::ProofExpired.into());
    }
    let jti = claim_string(&claims, "jti")?;
    if jti.is_empty() || jti.len() > MAX_JTI_BYTES {
        return Err(Error::with_detail(ErrorCode::InvalidDpopProof, "jti"));
    }
    let nonce = claims.optional_string("nonce").map_err(|_| ErrorCode::InvalidDpopProof)?;
    Ok(Proof { jkt, jti: jti.to_owned(), issued_at, nonce: nonce.map(ToOwned::to_owned) })
}

/// `ath`: the hash of an access token as it is presented (RFC 9449 §4.2). [`BODY_HASH`] is made alike.
pub fn token_hash(token: &str) -> String {
    base64url::encode(&crypto::sha256(token.as_bytes()))
}

fn invalid(_: Error) -> Error {
    ErrorCode::InvalidDpopProof.into()
}

fn check_request(claims: &Object, expected: &ProofExpectation<'_>) -> Result<()> {
    if claim_string(claims, "htm")? != expected.method {
        return Err(ErrorCode::ProofMethodMismatch.into());
    }
    let htu = uri::normalise(claim_string(claims, "htu")?);
    if htu.map_err(|_| ErrorCode::ProofUrlMismatch)? != uri::normalise(expected.url)? {
        return Err(ErrorCode::ProofUrlMismatch.into());
    }
    let ath = claims.optional_string("ath").map_err(|_| ErrorCode::InvalidDpopProof)?;
    if ath != expected.token.map(token_hash).as_deref() {
        return Err(ErrorCode::ProofTokenMismatch.into());
    }
    Ok(())
}

fn claim_string<'a>(claims: &'a Object, name: &'static str) -> Result<&'a str> {
    claims.string(name).map_err(|_| Error::with_detail(ErrorCode::InvalidDpopProof, name))
}

fn claim_integer(claims: &Object, name: &'static str) -> Result<i64> {
    claims.integer(name).map_err(|_| Error::with_detail(ErrorCode::InvalidDpopProof, name))
}
