//! `size`: what a page or a Worker downloads, brotli-compressed, against the budgets.

use anyhow::Result;

use crate::commands::build;
use crate::node;
use crate::process::{self, command};

/// Bundles and compresses. 1 KB = 1000 bytes. A program of its own, since bundler and brotli live in Node.
const MEASURE: &str = "crates/xtask/src/node/size.mjs";

pub(crate) fn run() -> Result<bool> {
    build::run(&[])?;
    measure()
}

/// Measures what is built. `false` if a budget is exceeded or a module reaches for what it must not.
pub(crate) fn measure() -> Result<bool> {
    node::version()?;
    Ok(process::stream(command("node").arg(MEASURE))?.0)
}
