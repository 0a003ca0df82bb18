//! Operations that come after an outage: what is opened belongs to the policy's install and field and binds its value; nothing
//! else gets further, whatever is under the seal or beside it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lingpai_core::jose::jwe;
use lingpai_core::secret::ContentKey;
use lingpai_core::tokenization::operation::{CTY, TYP};
use lingpai_core::tokenization::reconcile::{self, OpResult, Submission};
use lingpai_core::tokenization::{OpId, Policy};
use lingpai_core::vault::intake::{Unopened, open};
use lingpai_fuzz::edited_text;
use lingpai_fuzz::vault::{
    RECONCILE, SHARDS, fields, index, op, operation, policy_text, seal_key, seal_ring,
};
use lingpai_tests::{NOW, issuer_keys, seed, trust};

fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    let (content, token) = operation();
    let content = if which & 1 == 0 { edited_text(&content, data) } else { content };
    let key = seal_key();
    let content_key = ContentKey::from_seed(seed(3));
    let sealed =
        jwe::seal(key.public(), TYP, CTY, &content_key, seed(4), [5; 12], content.as_bytes());
    let Ok(sealed) = sealed else { return };
    let good = Submission { op: op(), field: "phone".into(), token, sealed };
    let request = reconcile::request(&[good]);
    let request = if which & 1 == 0 { request } else { edited_text(&request, data) };

    if let Ok(results) = reconcile::parse_answer(&request.replacen("ops", "results", 1)) {
        let again = reconcile::parse_answer(&reconcile::answer(&results));
        assert_eq!(again.as_deref(), Ok(results.as_slice()));
    }
    let _ =
        lingpai_core::json::parse_object(request.as_bytes()).map(|it| OpResult::from_value(&it));
    let Ok(submissions) = reconcile::parse_request(&request) else {
        assert!(!data.is_empty(), "the example is a request");
        return;
    };
    let policy =
        Policy::verify(&policy_text(), trust(&issuer_keys()), RECONCILE).expect("a policy");
    let (claims, fields, ring, index) = (policy.claims(), fields(), seal_ring(), index());
    for submission in submissions {
        let own = OpId::parse(&submission.op).is_ok_and(|op| *op.install() == claims.install);
        match open(&submission, claims, &fields, &ring, &index, NOW) {
            Ok(opened) => {
                assert!(own && opened.home.shard < SHARDS && opened.value.shard < SHARDS);
                assert!(claims.field(&submission.field).is_some());
                assert!(opened.value.kind.canonical(&opened.value.canonical).is_ok());
            }
            Err(Unopened::Foreign) => assert!(!own),
            Err(_) => assert!(own && !data.is_empty(), "the example opens"),
        }
    }
});
