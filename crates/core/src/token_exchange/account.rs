//! Opaque ids of the people behind login codes: the same app and user always give the same id, which says nothing about
//! either, and no partner's user can have the id of a mini-program's.

use alloc::string::String;

use super::platform::CodeKind;
use crate::base64url;
use crate::crypto::{self, MacKey};

/// The id of a platform's user within one app: what tokens name as `sub` where nothing links it to another.
pub fn account_id(key: &MacKey, kind: CodeKind, app_id: &str, user: &str) -> String {
    id(key, b"lingpai-v1 platform-account\0", [kind.as_str(), app_id, user])
}

/// The id under which the apps of a link group find the same person. Never a `sub` itself.
pub fn union_id(key: &MacKey, kind: CodeKind, link_group: &str, union: &str) -> String {
    id(key, b"lingpai-v1 platform-union\0", [kind.platform.as_str(), link_group, union])
}

fn id(key: &MacKey, context: &[u8], [kind, scope, user]: [&str; 3]) -> String {
    // Lengths keep ("ab", "c") apart from ("a", "bc").
    let [kind_length, scope_length] = [kind, scope].map(|part| (part.len() as u64).to_be_bytes());
    let parts: [&[u8]; 6] =
        [context, &kind_length, kind.as_bytes(), &scope_length, scope.as_bytes(), user.as_bytes()];
    base64url::encode(&crypto::hmac_sha256(key, &parts))
}
