//! wasm-opt from npm's `binaryen`: slow to start, so its results are kept by content.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::fingerprint::{self, Fingerprint};
use crate::packages::Module;
use crate::step::{self, Step};
use crate::{node, paths, process};

/// What rustc turns on for wasm32-unknown-unknown by itself. Named one by one, since `--all-features`
/// would let the optimiser use what engines in the field do not have.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

pub(super) fn optimise(module: &Module, generated: &[u8]) -> Result<Vec<u8>> {
    let label = format!("{}: wasm-opt {}", module.name, module.goal);
    let directory = paths::state().join("wasm-opt");
    let version = fs::read_to_string(paths::root().join("node_modules/binaryen/package.json"))
        .context("npm's binaryen is not installed: npm ci")?;
    let input = directory.join(format!("{}.wasm", module.name));
    fingerprint::write(&input, generated)?;
    let key =
        Fingerprint::new(module.goal).text(&FEATURES.join(" ")).text(&version).path(&input)?;
    let output = directory.join(format!("{}-{}.wasm", module.name, &key.hex()[..16]));
    if output.exists() {
        step::up_to_date(&label);
    } else {
        forget_others(module)?;
        let step = Step::begin(label);
        let partial = output.with_extension("partial");
        let mut tool = node::tool("binaryen/bin/wasm-opt");
        tool.arg(&input).arg("-o").arg(&partial).args(module.goal.split(' ')).args(FEATURES);
        tool.arg("--strip-producers");
        process::run(&step, &format!("wasm-opt-{}", module.name), &mut tool)?;
        fs::rename(&partial, &output).context("wasm-opt left no module")?;
        step.done();
    }
    let optimised = fs::read(&output)?;
    if !optimised.starts_with(b"\0asm") {
        bail!("wasm-opt wrote something that is no module: {}", output.display());
    }
    Ok(optimised)
}

/// Keeps one result per module.
fn forget_others(module: &Module) -> Result<()> {
    let directory = paths::state().join("wasm-opt");
    let prefix = format!("{}-", module.name);
    for entry in fs::read_dir(&directory)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
