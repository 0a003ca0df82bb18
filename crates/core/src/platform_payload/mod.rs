//! Data that a platform encrypts or signs for an app's server and hands to the mini-program: opened and checked here.
//!
//! AES-CBC authenticates nothing, so whatever is wrong with a ciphertext or its plaintext is one error: no padding oracle.

mod block;
pub mod encrypted;
pub mod signature;
pub mod wechat_api;
