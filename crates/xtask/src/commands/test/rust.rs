//! Suites on the Rust side: formatting, lints, native tests, and what core may depend on.

use anyhow::{Result, bail};

use super::prepared::Prepared;
use super::tally::{self, Outcome};
use crate::commands::lint;
use crate::packages::{MINI, PACKAGES};
use crate::process::{self, cargo};
use crate::toolchain::{BARE_TARGET, TARGET};
use crate::{codes, debian, node, paths};

/// The crates that compile to something useful for wasm32 only.
const BINDINGS: [&str; 3] = ["lingpai-h5", "lingpai-edge", "lingpai-mini"];

pub(super) fn format(_: &Prepared) -> Result<Outcome> {
    node::prepare()?;
    let rust = check(&mut lint::rustfmt(true), "cargo xtask fmt puts it right")?;
    let scripts = check(&mut lint::prettier(true), "cargo xtask fmt puts it right")?;
    Ok(rust.and(scripts))
}

pub(super) fn clippy(_: &Prepared) -> Result<Outcome> {
    let mut all = cargo("clippy");
    all.args(["--quiet", "--workspace", "--all-targets"]);
    all.args(BINDINGS.iter().flat_map(|name| ["--exclude", name]));
    // Together with the rest, core has every feature.
    let mut bare = cargo("clippy");
    bare.args(["--quiet", "--package", "lingpai-core", "--no-default-features"]);
    let all = check(all.args(["--", "-D", "warnings"]), "")?;
    Ok(all.and(check(bare.args(["--", "-D", "warnings"]), "")?))
}

pub(super) fn clippy_wasm(prepared: &Prepared) -> Result<Outcome> {
    let toolchain = prepared.toolchain()?;
    if toolchain.is_debian() {
        debian::install("lint the bindings", &["rust-web-clippy"])?;
    }
    let mut outcome = Outcome::none();
    for package in &PACKAGES {
        // As shipped, module by module, then with its tests
        let mut runs: Vec<Vec<&str>> = Vec::new();
        for module in package.modules {
            let features = (!module.default_features).then_some("--no-default-features");
            let more = ["--features", module.features].into_iter();
            let more = more.filter(|_| !module.features.is_empty());
            runs.push(["--lib"].into_iter().chain(features).chain(more).collect());
        }
        runs.push(vec!["--all-targets", "--features", package.test_features]);
        for run in runs {
            let mut clippy = toolchain.cargo("clippy");
            clippy.args(["--quiet", "--package", &package.crate_name()]).args(run);
            clippy.args(["--target", TARGET, "--", "-D", "warnings"]);
            outcome = outcome.and(check(&mut clippy, "")?);
        }
    }
    for module in &MINI.modules {
        let mut clippy = toolchain.cargo("clippy");
        clippy.args(["--quiet", "--package", &MINI.crate_name(), "--lib", "--no-default-features"]);
        clippy.args(["--features", module.features, "--target", BARE_TARGET]);
        outcome = outcome.and(check(clippy.args(["--", "-D", "warnings"]), "")?);
    }
    Ok(outcome)
}

pub(super) fn tests(_: &Prepared) -> Result<Outcome> {
    let mut tests = cargo("test");
    tests.args(["--workspace", "--no-fail-fast"]);
    tests.args(BINDINGS.iter().flat_map(|name| ["--exclude", name]));
    let (success, output) = process::stream(&mut tests)?;
    Ok(tally::of_libtest(success, &output))
}

/// Time, randomness and IO enter core as values; a dependency that fetches them would undo that.
pub(super) fn core_gate(_: &Prepared) -> Result<Outcome> {
    const FORBIDDEN: [&str; 7] =
        ["js-sys", "wasm-bindgen", "web-sys", "getrandom", "rand", "std", "libc"];
    let mut tree = cargo("tree");
    tree.args(["--package", "lingpai-core", "--edges", "normal", "--prefix", "none"]);
    let tree = process::capture(tree.args(["--target", TARGET, "--format", "{p}"]))?;
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    if !names.contains(&"lingpai-core") {
        bail!("cargo tree does not show lingpai-core:\n{tree}");
    }
    let found: Vec<&&str> = FORBIDDEN.iter().filter(|name| names.contains(name)).collect();
    println!("  {} crates, none of {}", names.len(), FORBIDDEN.join(", "));
    if found.is_empty() { Ok(Outcome::passed()) } else { bail!("core depends on {found:?}") }
}

pub(super) fn codes(_: &Prepared) -> Result<Outcome> {
    let stale: Vec<String> = codes::stale().iter().map(|file| paths::shown(file)).collect();
    if stale.is_empty() {
        println!("  both files are what core says");
        return Ok(Outcome::passed());
    }
    bail!("not what core says: {}; `cargo xtask build` writes them", stale.join(", "))
}

/// A command whose exit status is the check.
fn check(command: &mut std::process::Command, hint: &str) -> Result<Outcome> {
    println!("  {}", process::shown(command));
    let (success, _) = process::stream(command)?;
    Ok(if success { Outcome::passed() } else { Outcome::failed(hint) })
}
