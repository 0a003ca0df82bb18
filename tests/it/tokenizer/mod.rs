//! A tokenizer without its vault, and the way back.

mod ladder;
mod model;
mod world;
