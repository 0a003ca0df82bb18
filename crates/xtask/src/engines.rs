//! JavaScript engines for the tests of mini-programs: JavaScriptCore's shell from the distribution, and a Node of the days of
//! Chrome 86 from npm. That Node stays apart from the workspace, whose scripts would find it in place of theirs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::process::{self, command};
use crate::step::{self, Step};
use crate::{debian, paths};

const JSC: &str = "/usr/bin/jsc";
const PACKAGE: &str = "libjavascriptcoregtk-4.0-bin";

/// Installs what is missing.
pub(crate) fn prepare() -> Result<()> {
    if missing().is_empty() {
        step::up_to_date("engines: JavaScriptCore, V8 of Chrome 86");
        return Ok(());
    }
    if !Path::new(JSC).exists() {
        debian::install("run the tests of mini-programs in JavaScriptCore", &[PACKAGE])?;
    }
    if !old_node().exists() {
        let step = Step::begin("npm ci: Node 15, for V8 of Chrome 86");
        let mut npm = command("npm");
        npm.args(["ci", "--no-progress"]).current_dir(directory());
        process::run(&step, "npm-ci-old-node", &mut npm)
            .context("npm could not install an old Node; there is one for Linux on x64 alone")?;
        step.done();
    }
    let missing = missing();
    if !missing.is_empty() {
        bail!("the tests of mini-programs need: {}", missing.join(", "));
    }
    Ok(())
}

/// What is not there.
pub(crate) fn missing() -> Vec<String> {
    let programs = [PathBuf::from(JSC), old_node()];
    programs.iter().filter(|program| !program.exists()).map(|it| paths::shown(it)).collect()
}

fn directory() -> PathBuf {
    paths::root().join("tests/mini/old-node")
}

fn old_node() -> PathBuf {
    directory().join("node_modules/node-15/bin/node")
}
