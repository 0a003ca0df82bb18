//! A vault of the fuzz targets: its keys, a field of each kind, and a policy.

use lingpai_core::jose::{PrivateJwk, SymmetricJwk};
use lingpai_core::json;
use lingpai_core::keyring::KeyRing;
use lingpai_core::time::Validity;
use lingpai_core::tokenization::op_id::InstallId;
use lingpai_core::tokenization::provisional::{self, Salt};
use lingpai_core::tokenization::{FieldPolicy, Policy, PolicyClaims};
use lingpai_core::vault::grant::{Field, Fields};
use lingpai_core::vault::{DataKeys, IndexKey, Kind};
use lingpai_tests::{Curve, ISSUER, NOW, ring, seed, signing_key};

/// Where operations go.
pub const RECONCILE: &str = "https://auth.example/v1/reconcile";
/// Whose values these are.
pub const TENANT: &str = "tea-club";
/// How many shards the vault has.
pub const SHARDS: u16 = 4;

/// The vault's key for operations.
pub fn seal_key() -> PrivateJwk {
    PrivateJwk::generate_x25519("seal-1", seed(0xc1))
}

/// The same as a ring.
pub fn seal_ring() -> KeyRing {
    ring(&seal_key(), "enc")
}

fn symmetric(kid: &str) -> String {
    format!(r#"{{"kty":"oct","kid":"{kid}","alg":"HS256","k":"{}"}}"#, "A".repeat(43))
}

/// The key behind the index.
pub fn index() -> IndexKey {
    let key = json::parse_object(symmetric("index").as_bytes()).expect("JSON");
    let key = SymmetricJwk::from_value(&key).expect("a key");
    IndexKey::new(&key, SHARDS).expect("shards")
}

/// The keys that values are under.
pub fn data_keys() -> DataKeys {
    let ring = format!(r#"[{{"key":{}}}]"#, symmetric("data-1"));
    DataKeys::from_value(Some(&json::parse(ring.as_bytes()).expect("JSON"))).expect("a ring")
}

/// A field of each kind, called as its kind without the number.
pub fn fields() -> Fields {
    let field = |kind: &Kind| {
        let name = name_of(*kind);
        let kind = kind.as_str();
        format!(
            r#"{{"name":"{name}","kind":"{kind}","pool":8,"provisional":true,"max":9,"maxPerSubject":30}}"#
        )
    };
    let fields = format!("[{}]", Kind::ALL.iter().map(field).collect::<Vec<_>>().join(","));
    Fields::from_value(Some(&json::parse(fields.as_bytes()).expect("JSON"))).expect("fields")
}

/// The field of a kind.
pub fn field_of(fields: &Fields, kind: Kind) -> &Field {
    fields.find(name_of(kind)).expect("a field of each kind")
}

fn name_of(kind: Kind) -> &'static str {
    kind.as_str().strip_suffix(".1").expect("the first rules of each")
}

/// What the policy says.
pub fn policy_claims() -> PolicyClaims {
    let fields = fields();
    let allowed = fields.iter().map(|field| FieldPolicy {
        name: field.name.clone(),
        normalisation: field.kind.normalisation().as_str().into(),
        pool: field.pool,
        provisional: true,
        max: field.max,
    });
    PolicyClaims {
        issuer: ISSUER.into(),
        audience: RECONCILE.into(),
        id: "policy-1".into(),
        tenant: TENANT.into(),
        install: InstallId::new([7; 16]),
        version: 1,
        validity: Validity { issued_at: NOW, expires_at: NOW.plus(86_400), not_before: NOW },
        reconcile_until: NOW.plus(7 * 86_400),
        jkt: None,
        seal: seal_key().public().clone(),
        fields: allowed.collect(),
    }
}

/// The policy, signed.
pub fn policy_text() -> String {
    Policy::issue(&policy_claims(), &signing_key(Curve::Edwards)).expect("a policy")
}

/// The id of its install's first operation.
pub fn op() -> String {
    [policy_claims().install.as_str(), ".1.1"].concat()
}

/// What is under the seal of an operation, and its token.
pub fn operation() -> (String, String) {
    let salt = Salt::parse(&"A".repeat(43)).expect("a salt");
    let (field, value) = ("phone", "13800138000");
    let token = provisional::commit(TENANT, field, value, &salt).expect("a token");
    let content = format!(
        r#"{{"op":"{}","policy":"policy-1","tenant":"{TENANT}","field":"{field}","token":"{token}","value":"{value}","salt":"{}"}}"#,
        op(),
        "A".repeat(43)
    );
    (content, token)
}
