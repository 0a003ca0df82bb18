//! Aliases of accounts: conversion, what it shows to an observer, and who may do what with an alias.

mod conversion;
mod ff1_figures;
mod observer;
mod registry;
mod stored;

use lingpai_core::alias::identifier::AccountIdentifier;
use lingpai_core::alias::keys::AliasKeys;
use lingpai_core::alias::method::{Method, Multiplier, Tweak};
use lingpai_core::alias::portion::PortionRule;

fn account(text: &str) -> AccountIdentifier {
    AccountIdentifier::parse(text).expect("an identifier of two kinds")
}

fn keys() -> AliasKeys {
    AliasKeys::derive(&[0x5a; 32]).expect("32 bytes")
}

fn multiply(by: u64) -> Method {
    Method::Multiply(Multiplier::new(by).expect("coprime to ten"))
}

/// A tweak told from others by a number.
fn tweak(number: u32) -> Tweak {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Tweak(bytes)
}

fn sequence(method: Method, text: &str, number: u32) -> Option<String> {
    method
        .sequence(&account(text), PortionRule::default(), &keys().ff1, &tweak(number), 0)
        .expect("a portion that can vary")
}
