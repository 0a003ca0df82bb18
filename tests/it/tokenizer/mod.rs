//! A tokenizer without its vault, and the way back.

mod breaker;
mod commits;
mod ladder;
mod lives;
mod model;
mod outbox;
mod wire;
mod world;
