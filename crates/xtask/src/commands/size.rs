//! `size`: what a page or a Worker downloads, brotli-compressed, against the budgets.

use anyhow::Result;

use crate::commands::build;
use crate::node;
use crate::process::{self, command};

/// Bundles and compresses. 1 KB = 1000 bytes. A program of its own, since bundler and brotli live in Node.
const MEASURE: &str = "crates/xtask/src/node/size.mjs";

/// How a line ends whose size is not yet where it ought to be.
pub(crate) const ABOVE: &str = "above the bar";

pub(crate) fn run() -> Result<bool> {
    build::run(&[])?;
    Ok(measure()?.0)
}

/// Measures what is built; with what was printed. `false` if a budget is exceeded or a module reaches for
/// what it must not.
pub(crate) fn measure() -> Result<(bool, String)> {
    node::version()?;
    process::stream(command("node").arg(MEASURE))
}
