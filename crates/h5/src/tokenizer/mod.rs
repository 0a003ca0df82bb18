//! The tokenizer's decisions for JavaScript, which reads and writes the store, and asks the vault.

mod circuit;
mod degrade;
mod outgoing;
mod policy;
mod rows;
mod sender;
mod upkeep;
mod vault;

pub use circuit::Circuit;
pub use degrade::{Standing, degrade, degrade_keys};
pub use outgoing::{Outgoing, bury_unreadable};
pub use policy::DegradePolicy;
pub use rows::{Listed, StoreRows};
pub use sender::{HeldFence, fence_attempt, write_off};
pub use upkeep::{
    account, adopt, forget_known, forget_policies, policy_key, refill, remember, stock, store_name,
    waiting_tokens,
};
pub use vault::{tokens_answer, tokens_request};
