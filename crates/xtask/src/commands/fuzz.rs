//! `fuzz`: the targets in `tests/fuzz`, with libFuzzer on a nightly compiler.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::commands::test::{Outcome, Prepared};
use crate::process::{self, command, find};
use crate::{paths, tools};

/// Long enough to see that a target works and does not fall over at once.
const SMOKE_SECONDS: u32 = 5;

/// Fuzzes the targets named, or all, for so long each.
pub(crate) fn run(targets: &[&str], seconds: u32) -> Result<bool> {
    if let Some(need) = need() {
        bail!("fuzzing needs {need}");
    }
    Ok(fuzz(targets, seconds)?.failed == 0)
}

/// All targets, shortly; part of `test`.
pub(crate) fn smoke(_: &Prepared) -> Result<Outcome> {
    match need() {
        Some(need) => Ok(Outcome::not_run(need)),
        None => fuzz(&[], SMOKE_SECONDS),
    }
}

/// What is missing for fuzzing.
fn need() -> Option<&'static str> {
    const NIGHTLY: &str = "a nightly toolchain: rustup toolchain install nightly";
    if find("rustup").is_none() {
        return Some(NIGHTLY);
    }
    let toolchains = process::capture(command("rustup").args(["toolchain", "list"]));
    let nightly = toolchains.is_ok_and(|list| list.lines().any(|it| it.starts_with("nightly")));
    (!nightly).then_some(NIGHTLY)
}

fn fuzz(wanted: &[&str], seconds: u32) -> Result<Outcome> {
    let tool = tools::cargo_fuzz()?;
    let listed = process::capture(&mut cargo_fuzz(&tool, "list"))?;
    let targets: Vec<&str> = listed.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    if let Some(unknown) = wanted.iter().find(|name| !targets.contains(name)) {
        bail!("no fuzz target is called {unknown}; there are: {}", targets.join(", "));
    }
    if targets.is_empty() {
        bail!("tests/fuzz has no target");
    }
    let (mut passed, mut fallen) = (0, Vec::new());
    for target in targets.into_iter().filter(|it| wanted.is_empty() || wanted.contains(it)) {
        println!("  {target}, {seconds} s");
        let mut fuzz = cargo_fuzz(&tool, "run");
        fuzz.args([target, "--", "-print_funcs=0", "-verbosity=0"]);
        fuzz.arg(format!("-max_total_time={seconds}"));
        if process::stream(&mut fuzz)?.0 { passed += 1 } else { fallen.push(target) }
    }
    let remark = fallen.join(", ");
    Ok(Outcome { passed, failed: fallen.len(), remark, ..Outcome::none() })
}

/// `cargo fuzz <subcommand>` on nightly, whatever toolchain this program runs on.
fn cargo_fuzz(tool: &Path, subcommand: &str) -> Command {
    let mut fuzz = command("rustup");
    fuzz.args(["run", "nightly"]).arg(tool).arg(subcommand);
    fuzz.current_dir(paths::root().join("tests"));
    for inherited in ["RUSTUP_TOOLCHAIN", "CARGO", "CARGO_TARGET_DIR", "LD_LIBRARY_PATH"] {
        fuzz.env_remove(inherited);
    }
    fuzz
}
