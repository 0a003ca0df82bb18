//! An issuer, its policies, and a store that does what the seam says.

use std::collections::BTreeMap;

use lingpai_core::crypto::{MacKey, hmac_sha256};
use lingpai_core::jose::{JwkSet, PrivateJwk};
use lingpai_core::sealed_token::SealEntropy;
use lingpai_core::secret::Seed;
use lingpai_core::signed::Trust;
use lingpai_core::time::{UnixSeconds, Validity};
use lingpai_core::tokenization::op_id::InstallId;
use lingpai_core::tokenization::policy::MAX_LIFETIME_SECONDS;
use lingpai_core::tokenization::{FieldPolicy, Policy, PolicyClaims};
use lingpai_core::tokenizer::known::{Lookup, message};
use lingpai_core::tokenizer::ladder::{Standing, Wanted, WantedEntropy};
use lingpai_core::tokenizer::{Batch, Life, Row, Rows, upkeep};
use lingpai_tests::{Curve, ISSUER, NOW, seed, signing_key};

/// Where operations go.
pub(super) const RECONCILE: &str = "https://auth.example/v1/reconcile";
/// Whose values these are.
pub(super) const TENANT: &str = "tea-club";

/// The vault's key for operations.
pub(super) fn seal_key() -> PrivateJwk {
    PrivateJwk::generate_x25519("seal-1", seed(0xc1))
}

/// A field as most tests have it.
pub(super) fn field(name: &str) -> FieldPolicy {
    FieldPolicy {
        name: name.to_owned(),
        normalisation: "digits.1".to_owned(),
        pool: 0,
        provisional: true,
        max: 1_000_000,
    }
}

/// Claims of a policy, issued at [`NOW`].
pub(super) fn claims(id: &str, fields: Vec<FieldPolicy>) -> PolicyClaims {
    let validity =
        Validity { issued_at: NOW, expires_at: NOW.plus(MAX_LIFETIME_SECONDS), not_before: NOW };
    PolicyClaims {
        issuer: ISSUER.to_owned(),
        audience: RECONCILE.to_owned(),
        id: id.to_owned(),
        tenant: TENANT.to_owned(),
        install: install(),
        version: 1,
        validity,
        reconcile_until: NOW.plus(7 * MAX_LIFETIME_SECONDS),
        jkt: None,
        seal: seal_key().public().clone(),
        fields,
    }
}

/// The policy, signed and verified.
pub(super) fn policy(claims: &PolicyClaims) -> Policy {
    let text = Policy::issue(claims, &signing_key(Curve::Edwards)).expect("signed");
    let keys = JwkSet::from_keys(vec![signing_key(Curve::Edwards).public().clone()]);
    Policy::verify(&text, Trust::new(ISSUER, &keys), RECONCILE).expect("verified")
}

/// A store in memory.
#[derive(Clone, Default)]
pub(super) struct Store {
    pub(super) rows: BTreeMap<String, Row>,
    revision: u64,
}

impl Store {
    /// A store that has taken over a policy.
    pub(super) fn with(policy: &Policy) -> Self {
        let mut store = Self::default();
        store.adopt(policy);
        store
    }

    pub(super) fn adopt(&mut self, policy: &Policy) {
        let rows = self.read(&["account".to_owned()]);
        let batch = upkeep::adopt(&rows, policy, true, life(0, 0));
        let batch = batch.expect("adopted").expect("another policy");
        assert!(self.write(&batch));
    }

    pub(super) fn read(&self, keys: &[String]) -> Rows {
        let mut rows = Rows::new();
        for key in keys {
            rows.insert(key, self.rows.get(key).cloned());
        }
        rows
    }

    pub(super) fn list(&self, prefix: &str, limit: usize) -> Vec<(String, Row)> {
        let rows = self.rows.iter().filter(|(key, _)| key.starts_with(prefix));
        rows.take(limit).map(|(key, row)| (key.clone(), row.clone())).collect()
    }

    /// Whether it was committed.
    pub(super) fn write(&mut self, batch: &Batch) -> bool {
        let revision = |key| self.rows.get(key).map_or(0, |row: &Row| row.revision);
        if batch.expect.iter().any(|(key, expected)| revision(key) != *expected) {
            return false;
        }
        for (key, value) in &batch.put {
            self.revision += 1;
            let row = Row { value: value.clone(), revision: self.revision };
            self.rows.insert(key.clone(), row);
        }
        for key in &batch.delete {
            self.rows.remove(key);
        }
        true
    }
}

/// A value that needs a token; `number` tells its randomness from that of others.
pub(super) fn wanted(field: &str, value: &str, number: u64) -> Wanted {
    let seed = |purpose: u8| {
        let mut bytes = [purpose; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Seed::new(bytes)
    };
    let mut iv = [0; 12];
    iv[..8].copy_from_slice(&number.to_be_bytes());
    let seal = SealEntropy { content_key: seed(1), ephemeral: seed(2), iv };
    Wanted {
        field: field.to_owned(),
        value: value.to_owned().into(),
        lookup: Some(lookup(field, value)),
        entropy: WantedEntropy { salt: seed(3), seal },
    }
}

/// The install of [`claims`].
pub(super) fn install() -> InstallId {
    InstallId::new([7; 16])
}

/// How things stand where nothing is amiss.
pub(super) fn standing(now: UnixSeconds) -> Standing {
    Standing { durable: true, key_at_hand: true, life: life(0, 0), now }
}

/// A life of a store, with randomness by a number.
pub(super) fn life(number: u32, random: u8) -> Life {
    Life { number, seed: seed(random) }
}

/// The place of a value among the known.
pub(super) fn lookup(field: &str, value: &str) -> Lookup {
    Lookup::new(hmac_sha256(&MacKey::new(&[9; 32]), &[message(field, value).as_bytes()]))
}

/// Later than [`NOW`].
pub(super) const fn after(seconds: i64) -> UnixSeconds {
    NOW.plus(seconds)
}
