//! Sensitive operations under an alias: a short-lived stand-in of the same shape for an account identifier, good for one
//! operation of one visit.
//!
//! In reading order: [`identifier`] (what can have an alias), [`portion`] (which characters are converted), [`method`] (how),
//! [`keys`] (with what, and how accounts lie in a store), [`limits`] (what an operation may be), [`registry`] (who may do
//! what with an alias, once).
//!
//! # What an observer of many aliases learns
//!
//! Of any alias: its length, which characters are kept ([`portion::PortionRule`]), and of each other character whether it is
//! a digit, a lower-case or an upper-case letter. Two accounts of different shapes are told apart by that alone.
//!
//! - [`method::Method::Ff1`]: no more than that. Each alias is encrypted under a tweak of its own, which nobody keeps, so
//!   that aliases of one account are as unrelated as aliases of two; without the key the portion is as good as random.
//! - [`method::Method::Multiply`]: weak, for compatibility with systems that expect it. Whoever knows one account and its
//!   alias has the multiplier, and with it the account of every other alias, past and future. Who knows none links all
//!   aliases of one account, since they differ by sixteen at most.

pub mod identifier;
pub mod keys;
pub mod limits;
pub mod method;
pub mod portion;
mod record;
pub mod registry;
mod wide;

/// How often a sequence that is taken is modified before the alias is refused.
pub const MAX_MODIFICATIONS: u8 = 16;

/// How long a name that was an alias is not given out again, in seconds.
pub const RETIRED_SECONDS: i64 = 24 * 3600;
