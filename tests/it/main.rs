//! Black-box tests of `lingpai-core`.

mod base64url;
mod client_assertion;
mod dpop;
mod dpop_nonce;
mod exchange_answer;
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
mod platform_payload;
mod problem;
mod refresh_token;
mod sealed_token;
mod third_party;
mod token_exchange;
mod uri;
mod verify;
mod visit;
mod wycheproof;
