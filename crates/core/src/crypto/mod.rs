//! The cryptographic primitives, in this crate's own terms: the only place that names the crates which implement them.
//! No format lives here; for tokens and keys as texts see `jose`.

mod aead;
#[cfg(feature = "platforms")]
mod aes_cbc;
mod drbg;
#[cfg(feature = "curve25519")]
mod ed25519;
#[cfg(not(feature = "curve25519"))]
mod ed25519_encoded;
mod ed25519_form;
mod ed25519_private;
#[cfg(any(feature = "alias", feature = "vault"))]
mod ff1;
mod kdf;
mod key_wrap;
mod mac;
#[cfg(feature = "prepared-keys")]
mod multiples;
#[cfg(feature = "p256")]
mod p256;
#[cfg(not(feature = "p256"))]
mod p256_coordinates;
#[cfg(feature = "platforms")]
mod sha1;
mod x25519;

pub use self::aead::{open_in_place, seal_in_place};
#[cfg(feature = "platforms")]
pub use self::aes_cbc::{aes_128_cbc_decrypt, aes_192_cbc_decrypt};
pub use self::drbg::Drbg;
#[cfg(feature = "curve25519")]
pub use self::ed25519::Ed25519PublicKey;
#[cfg(not(feature = "curve25519"))]
pub use self::ed25519_encoded::Ed25519PublicKey;
pub use self::ed25519_form::is_strict_ed25519_signature;
pub use self::ed25519_private::Ed25519PrivateKey;
#[cfg(any(feature = "alias", feature = "vault"))]
pub use self::ff1::{Ff1Key, Numerals};
pub use self::kdf::{concat_kdf, hkdf_sha256};
pub use self::key_wrap::{unwrap_key, wrap_key};
pub use self::mac::{MacKey, constant_time_eq, hmac_sha256, sha256, sha256_of};
#[cfg(feature = "p256")]
pub use self::p256::{P256PrivateKey, P256PublicKey};
#[cfg(not(feature = "p256"))]
pub use self::p256_coordinates::P256PublicKey;
#[cfg(feature = "platforms")]
pub use self::sha1::sha1_of;
pub use self::x25519::{X25519PrivateKey, X25519PublicKey};
