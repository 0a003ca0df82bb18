//! Black-box tests of `lingpai-core`.

mod client_assertion;
mod dpop;
mod keyring;
mod ledger;
mod refresh_token;
mod verify;
mod visit;
