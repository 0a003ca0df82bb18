//! Regional residency: where a person's identifier and data live, and how they move without ever being in two places.
//!
//! Everything is decided here and nothing is done: rules say which area is home ([`rules`]), a directory of opaque ids says
//! which area is in force ([`directory`]), what has to happen next follows from its record ([`plan`]), and hosts let in only
//! who comes with the epoch in force ([`fence`]).
//!
//! In reading order: [`area`], [`identity_id`], [`identifier`], [`rules`], [`fence`], [`directory`], [`plan`], [`sealed_value`],
//! [`certificate`].

pub mod area;
pub mod certificate;
pub mod directory;
pub mod fence;
pub mod identifier;
pub mod identity_id;
pub mod plan;
mod record;
pub mod rules;
mod rules_error;
pub mod sealed_value;

pub use self::area::Area;
pub use self::fence::Epoch;
pub use self::identity_id::IdentityId;
