//! `fmt` and the commands that check formatting.

use std::process::Command;

use anyhow::{Result, bail};

use crate::node;
use crate::process::{self, cargo};

/// Formats everything.
pub(crate) fn format() -> Result<()> {
    node::prepare()?;
    for mut command in [rustfmt(false), prettier(false)] {
        println!("  {}", process::shown(&command));
        if !process::stream(&mut command)?.0 {
            bail!("`{}` failed", process::shown(&command));
        }
    }
    Ok(())
}

pub(crate) fn rustfmt(check: bool) -> Command {
    let mut rustfmt = cargo("fmt");
    rustfmt.arg("--all").args(check.then_some("--check"));
    rustfmt
}

/// What to leave alone is in `.prettierignore`.
pub(crate) fn prettier(check: bool) -> Command {
    let mut prettier = node::tool("prettier/bin/prettier.cjs");
    prettier.args([if check { "--check" } else { "--write" }, "--log-level=warn"]);
    prettier.arg("**/*.{ts,js,mjs,json,jsonc,css,html}");
    prettier
}
