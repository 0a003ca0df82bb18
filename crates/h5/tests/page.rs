//! What only a page has: keys that outlive it without ever being readable.

#[allow(dead_code, reason = "each suite uses its own part")]
mod support;

use lingpai_h5::PageKeys;
use support::{code_of, member};
use wasm_bindgen::convert::TryFromJsValue as _;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

async fn keys_of(slot: &str, keep: bool) -> PageKeys {
    let keys = JsFuture::from(PageKeys::open(slot.into(), keep)).await.expect("keys");
    PageKeys::try_from_js_value(keys).expect("keys")
}

fn thumbprint(keys: &PageKeys) -> String {
    member(&keys.facts(), "thumbprint").as_string().expect("a string")
}

fn is(keys: &PageKeys, name: &str) -> bool {
    member(&keys.facts(), name).is_truthy()
}

#[wasm_bindgen_test]
async fn the_proof_key_of_a_slot_is_there_again() {
    let first = keys_of("again", true).await;
    assert!(is(&first, "kept") && is(&first, "sealsRecords") && !is(&first, "extractable"));
    let before = thumbprint(&first);
    drop(first);
    assert_eq!(thumbprint(&keys_of("again", true).await), before);
}

#[wasm_bindgen_test]
async fn slots_have_keys_of_their_own() {
    let (one, other) = (keys_of("one", true).await, keys_of("other", true).await);
    assert_ne!(thumbprint(&one), thumbprint(&other));
}

#[wasm_bindgen_test]
async fn two_that_come_at_once_go_on_with_the_same_key() {
    let (first, second) =
        (PageKeys::open("race".into(), true), PageKeys::open("race".into(), true));
    let both = js_sys::Promise::all(&js_sys::Array::of2(&first, &second));
    let both = js_sys::Array::from(&JsFuture::from(both).await.expect("keys"));
    let nth = |index| thumbprint(&PageKeys::try_from_js_value(both.get(index)).expect("keys"));
    assert_eq!(nth(0), nth(1));
}

#[wasm_bindgen_test]
async fn what_is_not_to_be_kept_is_not_there_again() {
    let first = keys_of("memory", false).await;
    assert!(!is(&first, "kept") && !is(&first, "extractable"));
    assert_ne!(thumbprint(&keys_of("memory", false).await), thumbprint(&first));
}

#[wasm_bindgen_test]
async fn a_record_opens_in_its_own_slot_only() {
    let keys = keys_of("record", true).await;
    let sealed = JsFuture::from(keys.seal("a record".into())).await.expect("sealed");
    let sealed = sealed.as_string().expect("a string");
    assert!(!sealed.contains("record"));
    let again = keys_of("record", true).await;
    assert_eq!(JsFuture::from(again.unseal(sealed.clone())).await.expect("opened"), "a record");

    let elsewhere = keys_of("elsewhere", true).await;
    let refused = JsFuture::from(elsewhere.unseal(sealed.clone())).await.expect_err("not here");
    assert_eq!(code_of(refused), "decryption_failed");
    let altered =
        sealed.replacen(&sealed[20..21], if &sealed[20..21] == "A" { "B" } else { "A" }, 1);
    let refused = JsFuture::from(again.unseal(altered)).await.expect_err("altered");
    assert_eq!(code_of(refused), "decryption_failed");
}

#[wasm_bindgen_test]
async fn keys_may_be_closed_while_a_record_is_pending() {
    let keys = keys_of("pending", true).await;
    let pending = keys.seal("a record".into());
    drop(keys);
    assert!(JsFuture::from(pending).await.expect("sealed").is_string());
}
