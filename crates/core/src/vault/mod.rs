//! The vault's side of tokenization (PROTOCOL §7): what a value is, which token stands for it, and what becomes of an
//! operation that comes after an outage. Pure decisions over rows; the stores that make each of them one transaction are the
//! host's.
//!
//! In reading order: [`kind`] (what a field holds), [`shape`] (what its tokens look like, and why none is given out twice),
//! [`index`] (fingerprints, shards, install ids), [`at_rest`] (values under the data key), [`intake`] (what comes in, opened and
//! checked), [`settlement`] (what is decided about it), [`grant`] (policies),
//! [`lookup`] (questions about tokens).

pub mod at_rest;
pub mod grant;
pub mod index;
pub mod intake;
pub mod kind;
pub mod lookup;
pub mod settlement;
pub mod shape;

pub use self::at_rest::DataKeys;
pub use self::index::IndexKey;
pub use self::kind::Kind;
