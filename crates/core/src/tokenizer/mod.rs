//! A tokenizer's own decisions: when it does without the vault, which tokens it then gives out, what it keeps, and when it may
//! forget that. Each takes what was read from a store and gives one transaction for it; the host reads, writes and asks again
//! where somebody else was faster. What goes over the wire is `tokenization`.
//!
//! In reading order: [`store`] (rows and transactions), [`breaker`] (is the vault there?), [`pauses`] (has it had
//! too much?), [`account`] (what was given out and
//! what became of it), [`epoch`] (what tells its lives apart), [`ladder`] (tokens without the vault), [`outbox`] (making it good), [`fence`] (one sender at a time),
//! [`upkeep`] (policies, pools and what is not needed any more).

pub mod account;
pub mod breaker;
pub mod epoch;
pub mod fence;
pub mod known;
pub mod ladder;
pub mod outbox;
pub mod pauses;
pub mod pool;
pub mod store;
pub mod upkeep;
mod usage;

pub use self::account::Account;
pub use self::breaker::{Breaker, Gate, Outcome};
pub use self::epoch::Life;
pub use self::pauses::Call;
pub use self::store::{Batch, Row, Rows};
