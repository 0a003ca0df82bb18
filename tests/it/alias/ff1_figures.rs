//! FF1 against the samples that NIST publishes with SP 800-38G (FF1samples.pdf), those of AES-256.

use lingpai_core::crypto::{Ff1Key, Numerals};
use lingpai_core::secret::ContentKey;
use proptest::prelude::*;

const KEY: [u8; 32] = [
    0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
    0xef, 0x43, 0x59, 0xd8, 0xd5, 0x80, 0xaa, 0x4f, 0x7f, 0x03, 0x6d, 0x6f, 0x04, 0xfc, 0x6a, 0x94,
];

fn key() -> Ff1Key {
    Ff1Key::new(ContentKey::from_bytes(KEY))
}

fn numerals(radix: u32, text: &str) -> Numerals {
    let values = text.chars().map(|it| it.to_digit(36).expect("a digit or a letter") as u16);
    Numerals::new(radix, values.collect()).expect("numerals of that radix")
}

fn sample(radix: u32, tweak: &[u8], plain: &str, cipher: &str) {
    let (plain, cipher) = (numerals(radix, plain), numerals(radix, cipher));
    assert_eq!(key().encrypt(tweak, &plain), Ok(cipher.clone()));
    assert_eq!(key().decrypt(tweak, &cipher), Ok(plain));
}

#[test]
fn sample_7() {
    sample(10, &[], "0123456789", "6657667009");
}

#[test]
fn sample_8() {
    sample(10, b"9876543210", "0123456789", "1001623463");
}

#[test]
fn sample_9() {
    sample(36, b"7777pqrs777", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd");
}

#[test]
fn fewer_than_a_million_strings_are_refused() {
    let short = Numerals::new(10, vec![1; 5]).expect("five digits");
    assert!(key().encrypt(&[], &short).is_err());
    let short = Numerals::new(2, vec![1; 19]).expect("nineteen bits");
    assert!(key().encrypt(&[], &short).is_err());
}

#[test]
fn strings_are_bounded() {
    assert!(Numerals::new(2, vec![0; 240]).is_ok());
    assert!(Numerals::new(2, vec![0; 241]).is_err());
    assert!(Numerals::new(1, vec![0; 8]).is_err());
    assert!(Numerals::new(65_537, vec![0; 8]).is_err());
    assert!(Numerals::new(10, vec![10; 8]).is_err());
}

proptest! {
    #[test]
    fn decryption_undoes_encryption(
        bits in proptest::collection::vec(0..2_u16, 20..=240),
        tweak in proptest::collection::vec(any::<u8>(), 0..32),
    ) {
        let plain = Numerals::new(2, bits).expect("bits");
        let cipher = key().encrypt(&tweak, &plain).expect("long enough");
        prop_assert_eq!(key().decrypt(&tweak, &cipher).expect("as long"), plain);
    }
}
