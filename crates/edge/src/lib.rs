//! The border between `lingpai-core` and JavaScript on servers. Of this crate there are two modules: one that verifies,
//! and one with the feature `issue`, which has authority, partner, ledger decisions and the JOSE primitives besides. It
//! translates and decides nothing; there is no DOM, no clock and no network here.
//!
//! Strings go in, JSON text comes out, one crossing for each token. Times are whole Unix seconds as `f64`. What outlives
//! a call stays here behind a number (see [`handles`]). Randomness is drawn inside calls only: Workers forbid it while
//! modules load.

#![no_std]

extern crate alloc;
#[cfg(any(not(target_arch = "wasm32"), feature = "std"))]
extern crate std;

#[cfg(feature = "issue")]
mod alias;
#[cfg(feature = "issue")]
mod alias_registry;
#[cfg(feature = "issue")]
mod authority;
mod clock;
#[cfg(feature = "issue")]
mod entropy;
mod error;
mod handles;
mod host;
#[cfg(feature = "issue")]
mod jose;
#[cfg(feature = "issue")]
mod ledger;
#[cfg(feature = "issue")]
mod named;
mod nonce;
#[cfg(feature = "issue")]
mod partner;
#[cfg(feature = "issue")]
mod platform;
mod proof;
#[cfg(feature = "issue")]
mod residency;
#[cfg(all(target_arch = "wasm32", not(feature = "std")))]
mod runtime;
#[cfg(feature = "issue")]
mod token_exchange;
mod unseal;
#[cfg(feature = "issue")]
mod vault;
#[cfg(feature = "issue")]
mod vault_rows;
mod verifier;

#[cfg(feature = "issue")]
pub use self::{
    alias::*, alias_registry::*, authority::*, jose::*, ledger::*, partner::*, platform::*,
    residency::*, token_exchange::*, vault::*, vault_rows::*,
};
pub use nonce::*;
pub use proof::*;
pub use unseal::*;
pub use verifier::*;
