//! What tokens are made of: compact JWS (RFC 7515), compact JWE (RFC 7516), their keys (RFC 7517, RFC 8037), for the few
//! algorithms that the protocol uses, and for signatures that the host verifies. Canonical texts only. What a token means is none of this module's business.

pub mod alg;
pub mod header;
pub mod host_check;
#[cfg(feature = "host-keys")]
pub mod host_key;
#[cfg(not(feature = "host-keys"))]
#[path = "no_host_key.rs"]
pub mod host_key;
pub mod jwe;
pub mod jwk;
pub mod jwks;
pub mod jws;
pub mod private_jwk;
pub mod symmetric_jwk;

pub use self::alg::{AlgorithmSet, KeyAlgorithm, KeyUse, SignatureAlgorithm};
pub use self::header::Header;
pub use self::host_check::{HostCheck, HostVerdict, Judgement};
pub use self::host_key::HostKey;
pub use self::jwe::{Ephemeral, Jwe, Opened};
pub use self::jwk::{Jwk, PublicKey};
pub use self::jwks::JwkSet;
pub use self::jws::{Jws, VerifyingKey};
pub use self::private_jwk::PrivateJwk;
pub use self::symmetric_jwk::SymmetricJwk;
