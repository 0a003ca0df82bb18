//! The commands, one file each.

mod build;

use anyhow::{Result, bail};

/// Runs a command line. `Ok(false)` means that it has said itself what failed.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            print!("{}", crate::USAGE);
            Ok(true)
        }
        ["build", packages @ ..] => build::run(packages).map(|_| true),
        _ => bail!("unknown: cargo xtask {}\n\n{}", words.join(" "), crate::USAGE),
    }
}
