//! The authority: what it is configured with, what it publishes, and its two kinds of work.

pub(crate) mod config;
mod exchange;
mod issue;
mod publish;

pub use config::{authority_free, authority_new};
pub use exchange::{exchange_answer, exchange_close, exchange_open, exchange_refuse};
pub use issue::{assertion_client, issue_access_token};
pub use publish::{authority_app_keys, authority_jwks, problem};
