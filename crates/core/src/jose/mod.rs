//! What tokens are made of: compact JWS (RFC 7515), compact JWE (RFC 7516), their keys (RFC 7517, RFC 8037), for the few
//! algorithms that the protocol uses. Canonical texts only. What a token means is none of this module's business.

pub mod alg;
pub mod header;
pub mod jwe;
pub mod jwk;
pub mod jwks;
pub mod jws;
pub mod private_jwk;
pub mod symmetric_jwk;

pub use self::alg::{KeyAlgorithm, KeyUse, SignatureAlgorithm};
pub use self::header::Header;
pub use self::jwe::{Jwe, Opened};
pub use self::jwk::{Jwk, PublicKey};
pub use self::jwks::JwkSet;
pub use self::jws::{Jws, VerifyingKey};
pub use self::private_jwk::PrivateJwk;
pub use self::symmetric_jwk::SymmetricJwk;
