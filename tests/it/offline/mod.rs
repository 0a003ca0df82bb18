//! The offline store under faults, a clock that nobody can trust, and leases.
//!
//! `cargo test -p lingpai-tests --test it offline` runs 10,000 schedules of faults; `LINGPAI_SCHEDULES=n` another number of them.
//! A failure names its schedule; `LINGPAI_SCHEDULE=<seed>:<steps> cargo test -p lingpai-tests --test it offline::campaign::replay --
//! --nocapture` runs that one again, and says what happens in it.

mod campaign;
mod clock;
pub(crate) mod disk;
mod lease;
mod listed;
mod neighbours;
mod row;
pub(crate) mod tab;
