//! The client part of `lingpai-core` for the engines of mini-programs: a module that imports nothing and exports functions
//! and its memory, no more. Its users are the sources of `@lingpai/mini`, nobody calls it by hand.
//!
//! A call: `lp_input(n)` gives the address for a message of `n` bytes (see [`message`]); `lp_call(operation)` takes the
//! message, wipes it, and returns 0, or 1 for a refusal; `lp_output()` and `lp_output_length()` say where the answer is,
//! which `lp_clear()` wipes. Memory may move in each call. All numbers at the border are 32 bits wide.

#![no_std]

extern crate alloc;

mod border;
mod device;
mod message;
mod operations;
#[cfg(feature = "primitives")]
mod primitives;
#[cfg(feature = "proofs")]
mod proof;
#[cfg(target_arch = "wasm32")]
mod runtime;
#[cfg(feature = "tokenizer")]
mod tokenizer;
#[cfg(feature = "visit")]
mod visit;
