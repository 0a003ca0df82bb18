//! Token exchange for mini-programs (RFC 8693): a platform's login code becomes a visit token of ours.
//!
//! In reading order: [`platform`] (whose codes there are), [`registration`] (what a client may get for one), [`form`] and
//! [`request`] (what is asked), [`claim`] (who may repeat it), [`provider`] (what the platform said), [`account`] (the
//! opaque ids made of that), [`session`] (what is kept of it, sealed) and [`refusal`] (how a refusal looks).
//!
//! The platform is asked by the host, between [`claim`] and [`provider`].

pub mod account;
pub mod claim;
pub mod form;
pub mod platform;
pub mod provider;
pub mod refusal;
pub mod registration;
pub mod request;
pub mod session;
