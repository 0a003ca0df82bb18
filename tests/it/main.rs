//! Black-box tests of `lingpai-core`.

mod base64url;
mod client_assertion;
mod dpop;
mod dpop_nonce;
mod host;
mod host_figures;
mod host_keys;
mod jose_figures;
mod json;
mod jwe;
mod jwk;
mod jws;
mod keyring;
mod ledger;
mod offline;
mod problem;
mod refresh_token;
mod sealed_token;
mod third_party;
mod tokenizer;
mod uri;
mod vault_settlement;
mod vault_shapes;
mod verify;
mod visit;
mod wycheproof;
