//! The border between `lingpai-core` and JavaScript on servers: verifier, authority, partner, ledger decisions and the
//! JOSE primitives. It translates and decides nothing; there is no DOM, no clock and no network here.
//!
//! Strings go in, JSON text comes out, one crossing for each token. Times are whole Unix seconds as `f64`. What outlives
//! a call stays here behind a number (see [`handles`]). Randomness is drawn inside calls only: Workers forbid it while
//! modules load.

#![no_std]

extern crate alloc;
#[cfg(any(not(target_arch = "wasm32"), feature = "std"))]
extern crate std;

mod authority;
mod clock;
mod entropy;
mod error;
mod handles;
mod jose;
mod ledger;
mod partner;
mod proof;
#[cfg(all(target_arch = "wasm32", not(feature = "std")))]
mod runtime;
mod verifier;

pub use authority::*;
pub use jose::*;
pub use ledger::*;
pub use partner::*;
pub use proof::*;
pub use verifier::*;
