//! Accounts, which are opaque, and the sessions of platforms, which are sealed.

use std::sync::LazyLock;

use lingpai_core::ErrorCode;
use lingpai_core::crypto::MacKey;
use lingpai_core::json;
use lingpai_core::keyring::SymmetricKeyRing;
use lingpai_core::token_exchange::account::{account_id, union_id};
use lingpai_core::token_exchange::platform::{CodeKind, Platform};
use lingpai_core::token_exchange::session::{PlatformSession, SessionKey};
use lingpai_tests::NOW;

use super::kind;

#[test]
fn accounts_are_opaque_and_of_one_app_and_kind() {
    let key = MacKey::new(&[7; 32]);
    let wechat = kind(Platform::Wechat);
    let id = account_id(&key, wechat, "wx1", "o1");
    assert_eq!(id.len(), 43);
    let anonymous = CodeKind { platform: Platform::Douyin, anonymous: true };
    let others = [
        account_id(&MacKey::new(&[8; 32]), wechat, "wx1", "o1"),
        account_id(&key, kind(Platform::Qq), "wx1", "o1"),
        account_id(&key, wechat, "wx1o", "1"),
        account_id(&key, wechat, "wx1", "o2"),
        union_id(&key, wechat, "wx1", "o1"),
        account_id(&key, kind(Platform::Douyin), "wx1", "o1"),
        account_id(&key, anonymous, "wx1", "o1"),
    ];
    for (index, other) in others.iter().enumerate() {
        assert_ne!(*other, id);
        assert!(!others[..index].contains(other));
    }
}

static KEYS: LazyLock<String> = LazyLock::new(|| {
    let key =
        |kid: &str, k: &str| format!(r#"{{"kty":"oct","kid":"{kid}","k":"{}"}}"#, k.repeat(43));
    format!(
        r#"[{{"key":{},"retireAtSeconds":{}}},{{"key":{},"activeFromSeconds":{}}}]"#,
        key("old", "A"),
        NOW.plus(100).as_i64(),
        key("new", "Q"),
        NOW.plus(50).as_i64()
    )
});

fn ring() -> SymmetricKeyRing {
    SymmetricKeyRing::from_value(Some(&json::parse(KEYS.as_bytes()).expect("JSON")))
        .expect("a ring")
}

fn session() -> PlatformSession {
    PlatformSession {
        platform: Platform::Wechat,
        app_id: "wx1".into(),
        user: "openid".to_owned().into(),
        family: "sid".into(),
        session_key: SessionKey::new("tiihtNczf5v6AKRyjwEUhQ==".to_owned().into()),
    }
}

#[test]
fn a_session_opens_for_its_owner_under_a_key_that_still_serves() {
    let ring = ring();
    let sealed = session().seal("shop/user", &ring, NOW).expect("sealed");
    assert!(!sealed.contains("tiih") && !sealed.contains("openid"));
    let Ok(opened) = PlatformSession::open(&sealed, "shop/user", &ring, NOW.plus(99)) else {
        panic!("its own session")
    };
    assert_eq!((opened.app_id.as_str(), opened.family.as_str()), ("wx1", "sid"));
    assert_eq!(opened.user.as_str(), "openid");
    let code = |text: &str, owner: &str, after| {
        let opened = PlatformSession::open(text, owner, &ring, NOW.plus(after));
        opened.err().map(|error| error.code())
    };
    let failed = Some(ErrorCode::DecryptionFailed);
    assert_eq!(code(&sealed, "shop/other", 0), failed);
    assert_eq!(code(&sealed, "shop/user", 100), failed, "its key has retired");
    assert_eq!(code(&sealed.replace('.', ""), "shop/user", 0), failed);
    assert_eq!(code("", "shop/user", 0), failed);
    let later = session().seal("shop/user", &ring, NOW.plus(60)).expect("sealed");
    assert_eq!(code(&later, "shop/user", 1000), None, "under the next key");

    // The same text for the same session, another one for any other, IV included.
    let iv = |sealed: &str| sealed.split('.').nth(2).map(str::to_owned);
    assert_eq!(session().seal("shop/user", &ring, NOW).as_ref(), Ok(&sealed));
    let others = [
        session().seal("shop/other", &ring, NOW),
        PlatformSession { family: "sid2".into(), ..session() }.seal("shop/user", &ring, NOW),
        Ok(later),
    ];
    for other in others {
        assert_ne!(iv(&other.expect("sealed")), iv(&sealed));
    }
}
