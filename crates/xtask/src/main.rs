//! One command line for a person and for CI.
fn main() {}
