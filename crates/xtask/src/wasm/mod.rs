//! From a binding crate to the module and glue in `npm/<name>/dist/wasm`.

mod bindgen;
mod optimise;
mod panics;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use base64::Engine as _;

use crate::fingerprint::{self, Fingerprint, Stamp};
use crate::packages::Package;
use crate::step::{self, Step};
use crate::toolchain::{self, TARGET, WasmToolchain};
use crate::{paths, process};

pub(crate) use bindgen::{check_versions, locked};

/// Builds one package's module unless it is up to date.
pub(crate) fn build(package: &Package, toolchain: &WasmToolchain) -> Result<()> {
    let label = format!("{} → WASM", package.crate_name());
    let stamp = Stamp::new(
        &format!("wasm-{}", package.name),
        inputs(package, toolchain)?,
        outputs(package),
    );
    if stamp.is_fresh()? {
        step::up_to_date(&label);
        return Ok(());
    }
    let module = compile(package, toolchain)?;
    let mut generated = bindgen::generate(package, &module)?;
    let before = generated.module.len();
    if package.panics_trap {
        generated.module = panics::trap(&generated.module)?;
    }
    generated.module = optimise::optimise(package, &generated.module)?;
    let (kib, was) = (generated.module.len() as f64 / 1e3, before as f64 / 1e3);

    let step = Step::begin(format!("{}: writing dist/wasm", package.name));
    let directory = package.wasm_directory();
    if directory.exists() {
        fs::remove_dir_all(&directory).context("clearing dist/wasm")?;
    }
    let stem = package.stem();
    let file = |suffix: &str| directory.join(format!("{stem}{suffix}"));
    fingerprint::write(&file("_bg.wasm"), &generated.module)?;
    fingerprint::write(&file("_bg.js"), generated.glue.as_bytes())?;
    fingerprint::write(&file("_bg.d.ts"), generated.glue_types.as_bytes())?;
    fingerprint::write(&file("_bg.wasm.d.ts"), generated.module_types.as_bytes())?;
    fingerprint::write(&file("_inline.js"), inline(&generated.module).as_bytes())?;
    fingerprint::write(&file("_inline.d.ts"), b"export declare const base64: string\n")?;
    stamp.write()?;
    step.done_as(&format!(
        "{}: {} ({kib:.1} KB, {was:.1} KB before wasm-opt)",
        package.name,
        paths::shown(&file("_bg.wasm"))
    ));
    Ok(())
}

fn compile(package: &Package, toolchain: &WasmToolchain) -> Result<PathBuf> {
    let step = Step::begin(format!(
        "cargo build -p {} --profile {}",
        package.crate_name(),
        package.profile
    ));
    let mut cargo = toolchain.cargo("build");
    toolchain::set_flags(&mut cargo, package.rustflags);
    cargo.args(["--package", &package.crate_name(), "--profile", package.profile]);
    cargo.args(["--lib", "--target", TARGET]);
    process::run(&step, &format!("cargo-{}", package.name), &mut cargo)?;
    step.done();
    let built = paths::target().join("wasm").join(TARGET).join(package.profile);
    Ok(built.join(format!("{}.wasm", package.stem())))
}

/// The same bytes for runtimes that can neither read a file nor import WASM.
fn inline(module: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(module);
    format!("export const base64 = '{text}'\n")
}

fn inputs(package: &Package, toolchain: &WasmToolchain) -> Result<Fingerprint> {
    let root = paths::root();
    let (core, own) = (root.join("crates/core"), package.crate_directory());
    Fingerprint::new("wasm").text(&toolchain.identity).paths(&[
        root.join("Cargo.toml"),
        root.join("Cargo.lock"),
        core.join("Cargo.toml"),
        core.join("src"),
        own.join("Cargo.toml"),
        own.join("build.rs"),
        own.join("src"),
        // How it is built, too
        root.join("crates/xtask/src/wasm"),
        root.join("crates/xtask/src/packages.rs"),
        root.join("node_modules/binaryen/package.json"),
    ])
}

fn outputs(package: &Package) -> Vec<PathBuf> {
    let suffixes =
        ["_bg.wasm", "_bg.js", "_bg.d.ts", "_bg.wasm.d.ts", "_inline.js", "_inline.d.ts"];
    let (directory, stem) = (package.wasm_directory(), package.stem());
    suffixes.iter().map(|suffix| directory.join(format!("{stem}{suffix}"))).collect()
}
