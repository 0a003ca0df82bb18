//! The Lingpai token protocol, for both of its ends: the page that visits, the partner that sends it, the authority that
//! answers, and the edge that verifies.
//!
//! It decides and touches nothing: no clock, no source of randomness, no network, no storage, no JavaScript. Time comes
//! in as [`time::UnixSeconds`], randomness as [`secret::Seed`], state as text, and all of it goes out the same way, so
//! that one implementation serves browsers, edge runtimes, mini-programs and native services alike.
//!
//! In reading order: [`jose`] (what tokens are made of), [`signed`] (what all tokens of an issuer share),
//! [`access_token`], [`exchange`] and [`answer`] (the two sides of a visit), [`visit_token`], [`ledger`] (what happens
//! once and what may be repeated), [`dpop`], and [`verify`] (the edge's check). Apart from these stands `alias` (a feature):
//! sensitive operations under a stand-in for an account.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

extern crate alloc;

pub mod access_token;
#[cfg(feature = "alias")]
pub mod alias;
pub mod answer;
#[cfg(feature = "platforms")]
pub mod base64;
pub mod base64url;
pub mod cache;
pub mod client_assertion;
pub mod crypto;
pub mod dpop;
pub mod dpop_nonce;
pub mod entropy;
pub mod error;
pub mod exchange;
pub mod exchange_answer;
pub mod jose;
pub mod json;
pub mod keyring;
pub mod ledger;
pub mod limits;
pub mod pacing;
#[cfg(feature = "platforms")]
pub mod platform_payload;
pub mod problem;
pub mod refresh_token;
pub mod residency;
pub mod scope;
pub mod sealed_token;
pub mod secret;
pub mod signed;
pub mod subject;
pub mod terms;
pub mod time;
#[cfg(feature = "platforms")]
pub mod token_exchange;
pub mod token_facts;
pub mod tokenization;
pub mod tokenizer;
pub mod uri;
#[cfg(feature = "vault")]
pub mod vault;
pub mod verify;
pub mod visit_token;

pub use error::{Error, ErrorCode, Result};
