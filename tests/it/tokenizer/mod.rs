//! A tokenizer without its vault, and the way back.

mod breaker;
mod ladder;
mod model;
mod outbox;
mod wire;
mod world;
