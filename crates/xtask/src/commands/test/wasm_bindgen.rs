//! The bindings' own tests, `crates/{h5,edge}/tests`, in Node and in Chromium.

use std::fs;

use anyhow::{Context as _, Result};

use super::prepared::Prepared;
use super::tally::{self, Outcome};
use crate::packages::{PACKAGES, Package};
use crate::process::{self, find};
use crate::toolchain::TARGET;
use crate::{paths, tools};

/// In a test file, says that it can only run in a page.
const PAGE_ONLY: &str = "run_in_browser";

#[derive(Clone, Copy, PartialEq)]
enum Runtime {
    Node,
    Chromium,
}

pub(super) fn node(prepared: &Prepared) -> Result<Outcome> {
    both(prepared, Runtime::Node)
}

pub(super) fn chromium(prepared: &Prepared) -> Result<Outcome> {
    prepared.browsers()?;
    both(prepared, Runtime::Chromium)
}

fn both(prepared: &Prepared, runtime: Runtime) -> Result<Outcome> {
    let first = suite(prepared, &PACKAGES[0], runtime)?;
    Ok(first.and(suite(prepared, &PACKAGES[1], runtime)?))
}

fn suite(prepared: &Prepared, package: &Package, runtime: Runtime) -> Result<Outcome> {
    let toolchain = prepared.toolchain()?;
    let runner = tools::wasm_bindgen()?;
    let tests = tests_for(package, runtime)?;
    if tests.is_empty() {
        return Ok(Outcome::failed(format!("{} has no such test", package.crate_name())));
    }
    let mut cargo = toolchain.cargo("test");
    cargo.args(["--package", &package.crate_name(), "--target", TARGET, "--no-fail-fast"]);
    cargo.args(["--features", package.test_features]);
    cargo.args(tests.iter().flat_map(|name| ["--test", name]));
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    if runtime == Runtime::Chromium {
        let flags = paths::root().join("crates/xtask/webdriver.json");
        cargo.env("WASM_BINDGEN_USE_BROWSER", "1").env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", flags);
        cargo.env("CHROMEDRIVER", find("chromedriver").context("chromedriver is not on PATH")?);
    }
    let (success, output) = process::stream(&mut cargo)?;
    Ok(tally::of_libtest(success, &output))
}

/// Names of the crate's test files that can run there.
fn tests_for(package: &Package, runtime: Runtime) -> Result<Vec<String>> {
    let directory = package.crate_directory().join("tests");
    let mut names = Vec::new();
    for entry in
        fs::read_dir(&directory).with_context(|| format!("listing {}", directory.display()))?
    {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        if runtime == Runtime::Chromium || !text.contains(PAGE_ONLY) {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}
