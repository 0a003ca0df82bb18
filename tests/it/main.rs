//! Black-box tests of `lingpai-core`.

mod base64url;
mod client_assertion;
mod dpop;
mod jose_figures;
mod json;
mod jwe;
mod jwk;
mod jws;
mod keyring;
mod ledger;
mod problem;
mod refresh_token;
mod uri;
mod verify;
mod visit;
mod wycheproof;
