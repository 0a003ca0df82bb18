//! Black-box tests of `lingpai-core`.

mod client_assertion;
mod dpop;
mod keyring;
mod ledger;
mod problem;
mod refresh_token;
mod uri;
mod verify;
mod visit;
mod wycheproof;
