//! Node, npm and what npm installs for the workspace.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::paths;
use crate::process::{self, command, find};
use crate::step::{self, Step};

/// The oldest Node that the packages and the tools run on.
const OLDEST: (u32, u32) = (20, 3);

/// Prints nothing and succeeds if `node_modules` is what `package-lock.json` says.
const IS_INSTALLED: &str = include_str!("node/is-installed.mjs");

/// Checks Node and brings `node_modules` to what `package-lock.json` says.
pub(crate) fn prepare() -> Result<()> {
    version()?;
    let label = "npm packages";
    if is_installed() {
        step::up_to_date(label);
        return Ok(());
    }
    let step = Step::begin("npm ci");
    let install = process::run(&step, "npm-ci", command("npm").args(["ci", "--no-progress"]));
    install.context("npm could not install what package-lock.json names (if it says that the files are not in sync: npm install)")?;
    step.done_as("npm ci: installed what package-lock.json names");
    Ok(())
}

/// Node's version, if it is there and new enough.
pub(crate) fn version() -> Result<String> {
    let oldest = format!("{}.{}", OLDEST.0, OLDEST.1);
    if find("node").is_none() || find("npm").is_none() {
        bail!(
            "Node {oldest} or newer with npm is needed: https://nodejs.org, or your distribution's packages"
        );
    }
    let version = process::capture(command("node").arg("--version"))?;
    let version = version.trim().trim_start_matches('v');
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST {
        bail!("Node {oldest} or newer is needed, this is {version}");
    }
    Ok(version.to_owned())
}

/// Whether `node_modules` matches the lockfile.
pub(crate) fn is_installed() -> bool {
    let mut check = command("node");
    process::capture(check.args(["--input-type=module", "--eval", IS_INSTALLED])).is_ok()
}

/// `node <script below node_modules>`.
pub(crate) fn tool(script: &str) -> Command {
    let mut node = command("node");
    node.arg(paths::root().join("node_modules").join(script));
    node
}
