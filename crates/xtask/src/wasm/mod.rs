//! From a binding crate to its modules and their glue in `npm/<name>/dist/wasm`.

pub(crate) mod bare;
mod bindgen;
mod instances;
mod locations;
mod names;
mod optimise;
mod panics;
mod unused;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use base64::Engine as _;

use crate::fingerprint::{self, Fingerprint, Stamp};
use crate::packages::{Module, Package};
use crate::step::{self, Step};
use crate::toolchain::{self, TARGET, WasmToolchain};
use crate::{paths, process};

pub(crate) use bindgen::{check_versions, locked};

/// Builds those of a package's modules that are not up to date.
pub(crate) fn build(package: &Package, toolchain: &WasmToolchain) -> Result<()> {
    for module in package.modules {
        build_module(package, module, toolchain)?;
    }
    forget_others(package)
}

fn build_module(package: &Package, module: &Module, toolchain: &WasmToolchain) -> Result<()> {
    let label = format!("{} → {}.wasm", package.crate_name(), module.stem());
    let stamp = Stamp::new(
        &format!("wasm-{}", module.name),
        inputs(package, toolchain)?,
        outputs(package, module),
    );
    if stamp.is_fresh()? {
        step::up_to_date(&label);
        return Ok(());
    }
    let compiled = compile(package, module, toolchain)?;
    let mut generated = bindgen::generate(module, &compiled)?;
    let before = generated.module.len();
    generated.module = panics::trap(&generated.module)?;
    if module.short_names {
        names::shorten(&mut generated)?;
    }
    let imported = unused::imports(&generated.module)?;
    generated.module = optimise::optimise(module, &generated.module)?;
    unused::forget(&mut generated, &imported)?;
    if module.many_instances {
        instances::separate(&mut generated, &module.stem())?;
    }
    let (kib, was) = (generated.module.len() as f64 / 1e3, before as f64 / 1e3);

    let step = Step::begin(format!("{}: writing dist/wasm", package.name));
    let directory = package.wasm_directory();
    let stem = module.stem();
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
        module.name,
        paths::shown(&file("_bg.wasm"))
    ));
    Ok(())
}

/// Clears what belongs to no module any more.
fn forget_others(package: &Package) -> Result<()> {
    let own: Vec<PathBuf> =
        package.modules.iter().flat_map(|module| outputs(package, module)).collect();
    for entry in fs::read_dir(package.wasm_directory()).context("listing dist/wasm")?.flatten() {
        if !own.contains(&entry.path()) {
            fs::remove_file(entry.path()).context("clearing dist/wasm")?;
        }
    }
    Ok(())
}

fn compile(package: &Package, module: &Module, toolchain: &WasmToolchain) -> Result<PathBuf> {
    let step = Step::begin(format!(
        "cargo build -p {} --profile {}",
        package.crate_name(),
        module.profile
    ));
    let mut cargo = toolchain.cargo("build");
    toolchain::set_flags(&mut cargo, module.rustflags);
    cargo.args(["--package", &package.crate_name(), "--profile", module.profile]);
    cargo.args(["--lib", "--target", TARGET]);
    if !module.default_features {
        cargo.arg("--no-default-features");
    }
    if !module.features.is_empty() {
        cargo.args(["--features", module.features]);
    }
    process::run(&step, &format!("cargo-{}", module.name), &mut cargo)?;
    step.done();
    let built = paths::target().join("wasm").join(TARGET).join(module.profile);
    Ok(built.join(format!("{}.wasm", package.library())))
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

fn outputs(package: &Package, module: &Module) -> Vec<PathBuf> {
    let suffixes =
        ["_bg.wasm", "_bg.js", "_bg.d.ts", "_bg.wasm.d.ts", "_inline.js", "_inline.d.ts"];
    let (directory, stem) = (package.wasm_directory(), module.stem());
    suffixes.iter().map(|suffix| directory.join(format!("{stem}{suffix}"))).collect()
}
