//! The parties of a visit, with fixed keys and a clock that stands still, for the black-box tests. Must never ship.

use lingpai_core::access_token::{AccessToken, AccessTokenClaims};
use lingpai_core::exchange::ExchangeEntropy;
use lingpai_core::jose::{JwkSet, PrivateJwk};
use lingpai_core::keyring::KeyRing;
use lingpai_core::scope::Scope;
use lingpai_core::secret::Seed;
use lingpai_core::signed::Trust;
use lingpai_core::time::{UnixSeconds, Validity};
use lingpai_core::uri::Origin;

/// The issuer, which is the gateway too.
pub const ISSUER: &str = "https://auth.example";
/// Where visits are redeemed.
pub const VISITS: &str = "https://auth.example/v1/visits";
/// The origin of the page.
pub const PAGE: &str = "https://h5.example";
/// The partner.
pub const CLIENT: &str = "delivery-app";
/// The service that visit tokens are for.
pub const SERVICE: &str = "https://api.example";
/// Now.
pub const NOW: UnixSeconds = UnixSeconds::new(1_790_000_000);

/// Which kind of key the authority signs or decrypts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Ed25519 to sign, X25519 to encrypt.
    Edwards,
    /// P-256 for both.
    P256,
}

/// A seed that is `byte` all over: recognisable, and never the same for two purposes.
pub fn seed(byte: u8) -> Seed {
    Seed::new([byte; 32])
}

/// Randomness of one exchange, told from that of others by `number`.
pub fn entropy(number: u8) -> ExchangeEntropy {
    ExchangeEntropy {
        random_key: seed(number),
        ephemeral: seed(number ^ 0x55).into(),
        iv: [number; 12],
    }
}

/// A signing key of the authority.
pub fn signing_key(curve: Curve) -> PrivateJwk {
    match curve {
        Curve::Edwards => PrivateJwk::generate_ed25519("sign-ed", seed(0xa1)),
        Curve::P256 => {
            PrivateJwk::generate_p256_signing("sign-p256", seed(0xa2)).expect("a scalar in range")
        }
    }
}

/// An AppKey of the gateway.
pub fn app_key(curve: Curve) -> PrivateJwk {
    match curve {
        Curve::Edwards => PrivateJwk::generate_x25519("ak-x", seed(0xb1)),
        Curve::P256 => {
            PrivateJwk::generate_p256_encryption("ak-p256", seed(0xb2)).expect("a scalar in range")
        }
    }
}

/// A ring of that key alone.
pub fn ring(key: &PrivateJwk, key_use: &str) -> KeyRing {
    let json = format!(r#"[{{"key":{}}}]"#, key.to_json_secret().as_str());
    KeyRing::parse(&json, key_use).expect("a ring of one generated key")
}

/// The issuer's published keys: both curves.
pub fn issuer_keys() -> JwkSet {
    JwkSet::from_keys(vec![
        signing_key(Curve::Edwards).public().clone(),
        signing_key(Curve::P256).public().clone(),
    ])
}

/// What a party believes that knows those keys.
pub fn trust(keys: &JwkSet) -> Trust<'_> {
    Trust::new(ISSUER, keys)
}

/// The claims of an AT issued now.
pub fn access_token_claims(curve: Curve, jkt: Option<&str>) -> AccessTokenClaims {
    AccessTokenClaims {
        issuer: ISSUER.into(),
        audience: VISITS.into(),
        subject: "opaque-user".into(),
        client_id: CLIENT.into(),
        scope: Scope::parse("orders:read profile").expect("a scope"),
        visit_audience: SERVICE.into(),
        page: Origin::parse(PAGE).expect("an origin"),
        jti: "at-1".into(),
        validity: Validity { issued_at: NOW, expires_at: NOW.plus(120), not_before: NOW },
        app_key: app_key(curve).public().clone(),
        jkt: jkt.map(str::to_owned),
    }
}

/// An AT, signed and verified.
pub fn access_token(claims: &AccessTokenClaims, curve: Curve) -> AccessToken {
    let text = AccessToken::issue(claims, &signing_key(curve)).expect("a signing key");
    AccessToken::verify(&text, trust(&issuer_keys()), VISITS).expect("an AT of our own")
}
