//! The page's side of a visit for JavaScript: what `lingpai-core` decides, with the browser's own keys, stores and
//! requests around it. The API for people is the npm package `@lingpai/h5`, which loads this module; nothing here is
//! meant to be called by hand.
//!
//! R and every key made here live in this module's memory or in the browser's key store. They never become a JavaScript
//! value, but for one: a secret that the browser agrees on with an AppKey comes in as bytes, which are wiped once read.
//!
//! Four modules come out of this crate: the page's (feature `visit`), the same with arithmetic for hosts that have no Curve25519 (feature
//! `curve25519` beside), the stores' (feature `store`), and the tokenizer's (feature `tokenizer`), which needs nothing of a browser but
//! randomness.

mod entropy;
mod refusal;

#[cfg(any(feature = "tokenizer", feature = "visit"))]
mod issuer;
#[cfg(any(feature = "tokenizer", feature = "visit"))]
mod pacing;

#[cfg(feature = "visit")]
mod access_token;
#[cfg(feature = "visit")]
mod clock;
#[cfg(feature = "visit")]
mod database;
#[cfg(feature = "visit")]
mod exchange;
#[cfg(feature = "page")]
mod idb;
#[cfg(feature = "page")]
mod kept;
#[cfg(feature = "store")]
mod lease;
#[cfg(feature = "store")]
mod local_storage;
#[cfg(feature = "visit")]
mod page_keys;
#[cfg(feature = "page")]
mod platform;
#[cfg(feature = "visit")]
mod promise;
#[cfg(feature = "visit")]
mod proof_key;
#[cfg(feature = "page")]
mod record_key;
#[cfg(feature = "visit")]
mod request;
#[cfg(feature = "store")]
mod row_key;
#[cfg(feature = "store")]
mod store;
#[cfg(feature = "tokenizer")]
mod tokenizer;
#[cfg(feature = "visit")]
mod visit_token;

/// A page holds little and for long: a tenth of the code of the usual allocator does.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    // SAFETY: a page's module runs on one thread; it shares its memory with none.
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

pub use refusal::is_error_code;

#[cfg(any(feature = "tokenizer", feature = "visit"))]
pub use issuer::Issuer;
#[cfg(any(feature = "tokenizer", feature = "visit"))]
pub use pacing::{refresh_again_after_ms, refresh_at_seconds, resend_after_ms};

#[cfg(feature = "visit")]
pub use access_token::{AccessToken, fingerprint};
#[cfg(feature = "visit")]
pub use clock::Clock;
#[cfg(feature = "visit")]
pub use exchange::{Exchange, has_curve25519};
#[cfg(feature = "store")]
pub use lease::claim_lease;
#[cfg(feature = "visit")]
pub use page_keys::PageKeys;
#[cfg(feature = "visit")]
pub use request::request;
#[cfg(feature = "store")]
pub use store::Store;
#[cfg(feature = "tokenizer")]
pub use tokenizer::*;
#[cfg(feature = "visit")]
pub use visit_token::verify_visit_token;
