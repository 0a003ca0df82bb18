//! The page's side of a visit for JavaScript: what `lingpai-core` decides, with the browser's own keys, stores and
//! requests around it. The API for people is the npm package `@lingpai/h5`, which loads this module; nothing here is
//! meant to be called by hand.
//!
//! R and every key made here live in this module's memory or in the browser's key store. They never become a JavaScript
//! value.

mod access_token;
mod clock;
mod database;
mod entropy;
mod exchange;
mod idb;
mod issuer;
mod lease;
mod local_storage;
mod pacing;
mod page_keys;
mod platform;
mod proof_key;
mod record_key;
mod refusal;
mod request;
mod row_key;
mod store;
mod visit_token;

/// A page holds little and for long: a tenth of the code of the usual allocator does.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    // SAFETY: a page's module runs on one thread; it shares its memory with none.
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

pub use access_token::{AccessToken, fingerprint};
pub use clock::Clock;
pub use exchange::Exchange;
pub use issuer::Issuer;
pub use lease::claim_lease;
pub use pacing::{refresh_again_after_ms, refresh_at_seconds, resend_after_ms};
pub use page_keys::PageKeys;
pub use refusal::is_error_code;
pub use request::request;
pub use store::Store;
pub use visit_token::verify_visit_token;
