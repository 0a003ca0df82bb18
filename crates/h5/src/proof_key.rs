//! The key that proves that a request comes from this page (DPoP): in the browser's keeping where there is WebCrypto, in
//! this module's memory where there is none. The module without arithmetic is not loaded there.

use js_sys::{Array, Object, Reflect, Uint8Array};
use lingpai_core::ErrorCode;
#[cfg(feature = "curve25519")]
use lingpai_core::crypto::Ed25519PrivateKey;
use lingpai_core::dpop::{ProofClaims, ProofDraft};
use lingpai_core::jose::Jwk;
use lingpai_core::json::ObjectWriter;
#[cfg(feature = "curve25519")]
use lingpai_core::{Result, base64url};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use crate::database::Database;
#[cfg(feature = "curve25519")]
use crate::entropy;
use crate::kept::{PLACES, place};
use crate::platform;
use crate::refusal::{JsResult, code_to_js, to_js};

const PROBE: &[u8] = b"probe";

/// A proof key with its public half.
pub(crate) struct ProofKey {
    public: Jwk,
    signer: Signer,
    /// Whether it will still be there after a reload.
    pub(crate) kept: bool,
}

enum Signer {
    Platform {
        subtle: SubtleCrypto,
        key: CryptoKey,
    },
    // Not a `PrivateJwk`: that would bring the private side of every algorithm along.
    #[cfg(feature = "curve25519")]
    Memory(Box<Ed25519PrivateKey>),
}

#[derive(Clone, Copy)]
enum Algorithm {
    Ed25519,
    Es256,
}

/// What WebCrypto is asked for, best first.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Es256];

impl ProofKey {
    /// The key kept under `name`, or a new one that is kept there if it can be.
    pub(crate) async fn open(
        subtle: Option<&SubtleCrypto>,
        database: Option<&Database>,
        name: &str,
    ) -> JsResult<Self> {
        let Some(subtle) = subtle else {
            return Self::in_memory();
        };
        // Each place is read again before the next one is taken: a read that failed for once must not cost the key.
        for nth in 0..2 * PLACES {
            let Some(database) = database else { break };
            let name = place(name, nth / 2);
            let Ok(mut pair) = database.get(&name).await else { continue };
            if pair.is_undefined() {
                let Some(kept) = Self::keep_new(subtle, database, &name).await else { break };
                pair = kept;
            }
            if let Ok(key) = Self::of_pair(subtle, &pair, true).await {
                return Ok(key);
            }
        }
        for algorithm in ALGORITHMS {
            if let Ok(pair) = generate(subtle, algorithm).await
                && let Ok(key) = Self::of_pair(subtle, &pair, false).await
            {
                return Ok(key);
            }
        }
        Self::in_memory()
    }

    /// A new pair that is kept, or what another tab has kept in the meantime. Some browsers sign with Ed25519 but cannot
    /// keep such a key.
    async fn keep_new(subtle: &SubtleCrypto, database: &Database, name: &str) -> Option<JsValue> {
        for algorithm in ALGORITHMS {
            if let Ok(pair) = generate(subtle, algorithm).await
                && let Ok(kept) = database.claim(name, &pair).await
            {
                return Some(kept);
            }
        }
        None
    }

    #[cfg(feature = "curve25519")]
    fn in_memory() -> JsResult<Self> {
        let made = || -> Result<Self> {
            let key = Ed25519PrivateKey::from_seed(&entropy::seed()?);
            let json = ObjectWriter::new()
                .string("kty", "OKP")
                .string("crv", "Ed25519")
                .string("x", &base64url::encode(&key.public().to_bytes()))
                .finish();
            let signer = Signer::Memory(Box::new(key));
            Ok(Self { public: Jwk::parse(&json)?, signer, kept: false })
        };
        made().map_err(to_js)
    }

    #[cfg(not(feature = "curve25519"))]
    fn in_memory() -> JsResult<Self> {
        Err(unusable())
    }

    async fn of_pair(subtle: &SubtleCrypto, pair: &JsValue, kept: bool) -> JsResult<Self> {
        let half = |name: &str| -> JsResult<CryptoKey> {
            let key = Reflect::get(pair, &name.into())?;
            if key.is_object() { Ok(key.unchecked_into()) } else { Err(unusable()) }
        };
        let (key, public) = (half("privateKey")?, half("publicKey")?);
        let jwk = JsFuture::from(subtle.export_key("jwk", &public)?).await?;
        let member = |name: &str| Reflect::get(&jwk, &name.into()).ok()?.as_string();
        let json = ObjectWriter::new()
            .string("kty", &member("kty").ok_or_else(unusable)?)
            .string("crv", &member("crv").ok_or_else(unusable)?)
            .string("x", &member("x").ok_or_else(unusable)?)
            .optional_string("y", member("y").as_deref())
            .finish();
        let jwk = Jwk::parse(&json).map_err(to_js)?;
        let pair =
            Self { public: jwk, signer: Signer::Platform { subtle: subtle.clone(), key }, kept };
        // What comes out of a store may have lost a half, or be of two pairs.
        let signature = pair.sign(PROBE).await?;
        let (signature, probe) = (Uint8Array::from(&signature[..]), Uint8Array::from(PROBE));
        let verifying = subtle.verify_with_object_and_js_u8_array_and_js_u8_array(
            &pair.parameters()?,
            &public,
            &signature,
            &probe,
        )?;
        if JsFuture::from(verifying).await?.is_truthy() { Ok(pair) } else { Err(unusable()) }
    }

    pub(crate) fn thumbprint(&self) -> String {
        self.public.thumbprint()
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        self.public.signature_algorithm().map_or("", |algorithm| algorithm.as_str())
    }

    /// Whether no script, ours included, can read the private half.
    pub(crate) fn is_extractable(&self) -> bool {
        !matches!(self.signer, Signer::Platform { .. })
    }

    /// A proof for one request, and for its body if there is one.
    pub(crate) async fn prove(
        &self,
        claims: ProofClaims<'_>,
        body: Option<&str>,
    ) -> JsResult<String> {
        let draft = ProofDraft::covering(&self.public, claims, body).map_err(to_js)?;
        let signature = self.sign(draft.signing_input().as_bytes()).await?;
        Ok(draft.finish(&signature))
    }

    async fn sign(&self, input: &[u8]) -> JsResult<Vec<u8>> {
        match &self.signer {
            #[cfg(feature = "curve25519")]
            Signer::Memory(key) => Ok(key.sign(input).to_vec()),
            Signer::Platform { subtle, key } => {
                let input = Uint8Array::from(input);
                let parameters = self.parameters()?;
                let signed = subtle.sign_with_object_and_js_u8_array(&parameters, key, &input)?;
                Ok(Uint8Array::new(&JsFuture::from(signed).await?).to_vec())
            }
        }
    }

    /// What WebCrypto signs and verifies with; for Ed25519 it reads the name alone.
    fn parameters(&self) -> JsResult<Object> {
        let name = if self.algorithm() == "ES256" { "ECDSA" } else { "Ed25519" };
        platform::object(&[("name", name.into()), ("hash", "SHA-256".into())])
    }
}

async fn generate(subtle: &SubtleCrypto, algorithm: Algorithm) -> JsResult<JsValue> {
    let parameters = match algorithm {
        Algorithm::Ed25519 => platform::object(&[("name", "Ed25519".into())]),
        Algorithm::Es256 => {
            platform::object(&[("name", "ECDSA".into()), ("namedCurve", "P-256".into())])
        }
    }?;
    let usages = Array::of2(&"sign".into(), &"verify".into());
    JsFuture::from(subtle.generate_key_with_object(&parameters, false, &usages)?).await
}

fn unusable() -> JsValue {
    code_to_js(ErrorCode::KeyUnusable)
}
