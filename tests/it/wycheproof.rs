//! The Wycheproof vectors of every primitive in use. Each test states how many cases it ran and how many of them the standard
//! refuses, so that a filter that lets cases slip past would show.

use lingpai_core::crypto::{
    Ed25519PublicKey, MacKey, P256PrivateKey, P256PublicKey, X25519PrivateKey, X25519PublicKey,
    constant_time_eq, hkdf_sha256, hmac_sha256, open_in_place, seal_in_place, unwrap_key, wrap_key,
};
use lingpai_core::secret::{ContentKey, Seed};
use wycheproof::{TestResult, aead, ecdh, ecdsa, eddsa, hkdf, keywrap, mac, xdh};

/// How many cases ran, and how many of them had to be refused.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    cases: usize,
    refused: usize,
}

impl Tally {
    /// Counts a case after comparing what happened with what had to happen.
    fn check(&mut self, id: usize, expected: TestResult, accepted: bool) {
        match expected {
            TestResult::Valid => assert!(accepted, "case {id} is valid and was refused"),
            TestResult::Invalid => assert!(!accepted, "case {id} is invalid and was accepted"),
            TestResult::Acceptable => {}
        }
        self.cases += 1;
        self.refused += usize::from(!accepted);
    }
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = Ed25519PublicKey::from_bytes(&array(&group.key.pk)).expect("sound keys");
        let mut prepared = key.clone();
        Ed25519PublicKey::prepare([&mut prepared].into_iter());
        for test in &group.tests {
            let accepted = key.verify(&test.msg, &test.sig).is_ok();
            assert_eq!(
                prepared.verify(&test.msg, &test.sig).is_ok(),
                accepted,
                "case {}",
                test.tc_id
            );
            tally.check(test.tc_id, test.result, accepted);
        }
    }
    assert_eq!(tally, Tally { cases: 151, refused: 63 });
}

#[test]
fn ecdsa_p256_sha256_raw() {
    let mut tally = Tally::default();
    let name = ecdsa::TestName::EcdsaSecp256r1Sha256P1363;
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let key = p256_point(&group.key.key).expect("the keys of these groups are points");
        for test in &group.tests {
            tally.check(test.tc_id, test.result, key.verify(&test.msg, &test.sig).is_ok());
        }
    }
    assert_eq!(tally, Tally { cases: 262, refused: 89 });
}

#[test]
fn x25519() {
    let mut tally = Tally::default();
    for group in xdh::TestSet::load(xdh::TestName::X25519).unwrap().test_groups {
        for test in &group.tests {
            let private = X25519PrivateKey::from_seed(&Seed::new(array(&test.private_key)));
            let public = X25519PublicKey::from_bytes(&array(&test.public_key));
            let shared = private.diffie_hellman(&public);
            // Wycheproof leaves it open what to do with a result of zero; here it is a refusal, and the only one.
            let forced = test.shared_secret.iter().all(|byte| *byte == 0);
            assert_eq!(shared.is_err(), forced, "case {}", test.tc_id);
            if let Ok(shared) = &shared {
                assert_eq!(shared.as_slice(), &test.shared_secret[..], "case {}", test.tc_id);
            }
            tally.check(test.tc_id, test.result, shared.is_ok());
        }
    }
    assert_eq!(tally, Tally { cases: 518, refused: 31 });
}

#[test]
fn ecdh_p256() {
    let mut tally = Tally::default();
    for group in ecdh::TestSet::load(ecdh::TestName::EcdhSecp256r1Ecpoint).unwrap().test_groups {
        for test in &group.tests {
            // JWK has no compressed points, and a private scalar always has 32 bytes.
            if test.public_key.len() != 65 {
                continue;
            }
            let private = P256PrivateKey::from_scalar(&padded(&test.private_key))
                .expect("the private keys of these cases are in range");
            let shared = p256_point(&test.public_key).map(|key| private.diffie_hellman(&key));
            if let Some(shared) = &shared {
                assert_eq!(shared.as_slice(), &test.shared_secret[..], "case {}", test.tc_id);
            }
            tally.check(test.tc_id, test.result, shared.is_some());
        }
    }
    assert_eq!(tally, Tally { cases: 346, refused: 16 });
}

#[test]
fn aes_256_gcm() {
    let mut tally = Tally::default();
    for group in aead::TestSet::load(aead::TestName::AesGcm).unwrap().test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in &group.tests {
            let key = ContentKey::from_bytes(array(&test.key));
            let (iv, tag) = (array(&test.nonce), array(&test.tag));
            let mut buffer = test.ct.to_vec();
            let opened = open_in_place(&key, &iv, &test.aad, &mut buffer, &tag).is_ok();
            if opened {
                assert_eq!(buffer, test.pt[..], "case {}", test.tc_id);
                let sealed = seal_in_place(&key, &iv, &test.aad, &mut buffer).expect("short");
                assert_eq!((&buffer[..], sealed), (&test.ct[..], tag), "case {}", test.tc_id);
            } else {
                assert_eq!(buffer, test.ct[..], "case {}: nothing may leak", test.tc_id);
            }
            tally.check(test.tc_id, test.result, opened);
        }
    }
    assert_eq!(tally, Tally { cases: 66, refused: 27 });
}

#[test]
fn aes_256_key_wrap() {
    let mut tally = Tally::default();
    for group in keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap().test_groups {
        for test in group.tests.iter().filter(|test| test.key.len() == 32) {
            // Keys of other lengths than 256 bits cannot even be written down as arguments.
            let Ok(wrapped) = <[u8; 40]>::try_from(&test.ct[..]) else { continue };
            let kek = ContentKey::from_bytes(array(&test.key));
            let key = unwrap_key(&kek, &wrapped);
            if let Ok(key) = &key {
                assert_eq!(key.secret_bytes(), &test.pt[..], "case {}", test.tc_id);
                assert_eq!(wrap_key(&kek, key), wrapped, "case {}", test.tc_id);
            }
            tally.check(test.tc_id, test.result, key.is_ok());
        }
    }
    assert_eq!(tally, Tally { cases: 16, refused: 12 });
}

#[test]
fn hmac_sha_256() {
    let mut tally = Tally::default();
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in &group.tests {
            let tag = hmac_sha256(&MacKey::new(&test.key), &[&test.msg]);
            // JOSE has no truncated tags; the comparison of the first bytes is the test's own.
            let start = &tag[..group.tag_size / 8];
            tally.check(test.tc_id, test.result, constant_time_eq(start, &test.tag));
            let whole = MacKey::new(&test.key).verify(&[&test.msg], &test.tag).is_ok();
            let expected = group.tag_size == 256 && test.result == TestResult::Valid;
            assert_eq!(whole, expected, "case {}", test.tc_id);
        }
    }
    assert_eq!(tally, Tally { cases: 174, refused: 108 });
}

#[test]
fn hkdf_sha_256() {
    let mut tally = Tally::default();
    for group in hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap().test_groups {
        // Only 256 bits are ever asked for, so that asking for too many cannot happen. Longer outputs begin alike.
        for test in group.tests.iter().filter(|test| test.result == TestResult::Valid) {
            let key = hkdf_sha256(&test.ikm, &test.salt, &test.info);
            let common = test.size.min(32);
            let alike = key.secret_bytes()[..common] == test.okm[..common];
            tally.check(test.tc_id, test.result, alike);
        }
    }
    assert_eq!(tally, Tally { cases: 83, refused: 0 });
}

fn p256_point(uncompressed: &[u8]) -> Option<P256PublicKey> {
    let [0x04, coordinates @ ..] = uncompressed else { return None };
    let (x, y) = coordinates.split_at(32);
    P256PublicKey::from_coordinates(&array(x), &array(y)).ok()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("a vector of another length than its group says")
}

/// A big-endian integer in 32 bytes; the vectors leave out leading zeros, or add one.
fn padded(bytes: &[u8]) -> [u8; 32] {
    let mut wide = [0; 64];
    wide[64 - bytes.len()..].copy_from_slice(bytes);
    array(&wide[32..])
}
