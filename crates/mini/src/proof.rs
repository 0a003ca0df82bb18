//! Proofs of possession (RFC 9449) by a key that the module makes and the mini-program keeps.

use lingpai_core::crypto::Ed25519PrivateKey;
use lingpai_core::dpop::{ProofClaims, ProofDraft};
use lingpai_core::jose::Jwk;
use lingpai_core::secret::Seed;
use lingpai_core::{ErrorCode, base64url};
use zeroize::Zeroize as _;

use crate::border::Output;
use crate::device::Device;
use crate::message::Fields;

/// A key with its public half.
pub(crate) struct ProofKey {
    pub(crate) public: Jwk,
    private: Ed25519PrivateKey,
}

pub(crate) fn carry_out(operation: u32, fields: &mut Fields<'_>, device: &mut Device) -> Output {
    match operation {
        20 => new_key(device),
        21 => use_key(fields, device),
        22 => prove(fields, device),
        _ => Err(ErrorCode::Internal.into()),
    }
}

/// → 32 secret bytes of which [`use_key`] makes the proof key, now and after a restart.
fn new_key(device: &mut Device) -> Output {
    let mut bytes = [0; 32];
    device.generator()?.fill(&mut bytes)?;
    let secret = bytes.to_vec();
    bytes.zeroize();
    Ok(secret)
}

/// The secret → the thumbprint of the proof key that is used from now on.
fn use_key(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let private = Ed25519PrivateKey::from_seed(&Seed::new(fields.array()?));
    let public = Jwk::for_proofs(private.public());
    let thumbprint = public.thumbprint();
    device.proof_key = Some(ProofKey { public, private });
    Ok(thumbprint.into_bytes())
}

/// Method, URL, time, token, nonce and body (or absent) → a proof, which covers the body.
fn prove(fields: &mut Fields<'_>, device: &mut Device) -> Output {
    let mut jti = [0; 16];
    device.generator()?.fill(&mut jti)?;
    let claims = ProofClaims {
        method: fields.text()?,
        url: fields.text()?,
        issued_at: fields.time()?,
        jti: &base64url::encode(&jti),
        token: fields.optional_text()?,
        nonce: fields.optional_text()?,
    };
    let key = device.proof_key.as_ref().ok_or(ErrorCode::KeyNotFound)?;
    let draft = ProofDraft::of_plain_url(&key.public, claims, fields.optional_text()?)?;
    let signature = key.private.sign(draft.signing_input().as_bytes());
    Ok(draft.finish(&signature).into_bytes())
}
