//! Black-box tests of `lingpai-core`.
