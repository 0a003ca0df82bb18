//! A host that verifies what core leaves to it, with libraries of its own.

use lingpai_core::base64url::decode;
use lingpai_core::jose::{HostVerdict, Jwk, SignatureAlgorithm};
use lingpai_core::json;
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::signature::Verifier;
use rsa::{BoxedUint, RsaPublicKey, pkcs1v15, pss};

/// Whether `signature` is one over `input`.
pub(crate) fn verdict(
    key: &Jwk,
    algorithm: SignatureAlgorithm,
    input: &str,
    signature: &[u8],
) -> HostVerdict {
    match verified(key, algorithm, input.as_bytes(), signature) {
        Some(()) => HostVerdict::Right,
        None => HostVerdict::Wrong,
    }
}

fn verified(key: &Jwk, algorithm: SignatureAlgorithm, input: &[u8], text: &[u8]) -> Option<()> {
    use SignatureAlgorithm as A;
    let members = json::parse_object(key.required_members_json().as_bytes()).ok()?;
    let member = |name| decode(members.string(name).ok()?).ok();
    let point = || Some([vec![4], member("x")?, member("y")?].concat());
    let rsa = || {
        let [n, e] = [member("n")?, member("e")?].map(|it| BoxedUint::from_be_slice_vartime(&it));
        RsaPublicKey::new(n, e).ok()
    };
    let pkcs1 = || pkcs1v15::Signature::try_from(text).ok();
    let pss = || pss::Signature::try_from(text).ok();
    match algorithm {
        A::EdDsa => {
            let key = member("x")?.as_slice().try_into().ok()?;
            let key = lingpai_core::crypto::Ed25519PublicKey::from_bytes(&key).ok()?;
            key.verify(input, text).ok()
        }
        A::Es256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point()?).ok()?;
            key.verify(input, &p256::ecdsa::Signature::from_slice(text).ok()?).ok()
        }
        A::Es384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&point()?).ok()?;
            key.verify(input, &p384::ecdsa::Signature::from_slice(text).ok()?).ok()
        }
        A::Es512 => {
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&point()?).ok()?;
            key.verify(input, &p521::ecdsa::Signature::from_slice(text).ok()?).ok()
        }
        A::Rs256 => pkcs1v15::VerifyingKey::<Sha256>::new(rsa()?).verify(input, &pkcs1()?).ok(),
        A::Rs384 => pkcs1v15::VerifyingKey::<Sha384>::new(rsa()?).verify(input, &pkcs1()?).ok(),
        A::Rs512 => pkcs1v15::VerifyingKey::<Sha512>::new(rsa()?).verify(input, &pkcs1()?).ok(),
        A::Ps256 => pss::VerifyingKey::<Sha256>::new(rsa()?).verify(input, &pss()?).ok(),
        A::Ps384 => pss::VerifyingKey::<Sha384>::new(rsa()?).verify(input, &pss()?).ok(),
        A::Ps512 => pss::VerifyingKey::<Sha512>::new(rsa()?).verify(input, &pss()?).ok(),
        A::Hs256 => None,
    }
}
