//! Modules without glue, for mini-programs: WebAssembly 1.0 with mutable globals, and the symmetric one as JavaScript too.
//! What those engines could not load ends the build here, not on somebody's phone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use walrus::{ExportItem, Module as Walrus, ModuleConfig, ValType};

use crate::fingerprint::{self, Fingerprint, Stamp};
use crate::packages::{BareModule, MINI};
use crate::step::{self, Step};
use crate::toolchain::{self, BARE_TARGET, WasmToolchain};
use crate::{node, paths, process};

/// All that may be used. Named after `-mvp`, the module is validated against these two.
const FEATURES: [&str; 2] = ["-mvp", "--enable-mutable-globals"];

/// Builds those modules that are not up to date.
pub(crate) fn build(toolchain: &WasmToolchain) -> Result<()> {
    for module in &MINI.modules {
        build_module(module, toolchain)?;
    }
    Ok(())
}

fn build_module(module: &BareModule, toolchain: &WasmToolchain) -> Result<()> {
    let output = MINI.wasm_directory().join(module.file);
    let label = format!("{} → {}", MINI.crate_name(), module.file);
    let stamp =
        Stamp::new(&format!("wasm-{}", module.profile), inputs(toolchain)?, vec![output.clone()]);
    if stamp.is_fresh()? {
        step::up_to_date(&label);
        return Ok(());
    }
    let compiled = fs::read(compile(module, toolchain)?).context("reading what cargo built")?;
    let bare = functions_and_memory(&compiled)?;
    let step = Step::begin(format!("{label}: wasm-opt -mvp"));
    let optimised = optimise(&step, module, &bare)?;
    check(&optimised)?;
    let content =
        if module.as_javascript { javascript(&step, module)?.into_bytes() } else { optimised };
    fingerprint::write(&output, &content)?;
    stamp.write()?;
    step.done_as(&format!("{label} ({:.1} KB)", content.len() as f64 / 1e3));
    Ok(())
}

fn compile(module: &BareModule, toolchain: &WasmToolchain) -> Result<PathBuf> {
    let step =
        Step::begin(format!("cargo build -p {} --profile {}", MINI.crate_name(), module.profile));
    let mut cargo = toolchain.cargo("build");
    toolchain::set_flags(&mut cargo, &MINI.rustflags);
    cargo.args(["--package", &MINI.crate_name(), "--profile", module.profile]);
    cargo.args(["--lib", "--target", BARE_TARGET, "--no-default-features"]);
    cargo.args(["--features", module.features]);
    process::run(&step, &format!("cargo-{}", module.profile), &mut cargo)?;
    step.done();
    let built = paths::target().join("wasm").join(BARE_TARGET).join(module.profile);
    Ok(built.join("lingpai_mini.wasm"))
}

/// Drops the globals that the linker exports: engines on iOS refuse modules that export any.
fn functions_and_memory(module: &[u8]) -> Result<Vec<u8>> {
    let mut config = ModuleConfig::new();
    config.generate_producers_section(false);
    let mut module = config.parse(module).context("reading the module")?;
    let globals: Vec<_> = module
        .exports
        .iter()
        .filter(|export| matches!(export.item, ExportItem::Global(_)))
        .map(|export| export.id())
        .collect();
    for id in globals {
        module.exports.delete(id);
    }
    Ok(module.emit_wasm())
}

fn workshop(module: &BareModule, suffix: &str) -> PathBuf {
    paths::state().join("wasm-opt").join(format!("{}.{suffix}", module.profile))
}

/// Optimises, and refuses what needs more than [`FEATURES`]: the section in which the compiler says what it used is dropped
/// first, since wasm-opt would believe it.
fn optimise(step: &Step, module: &BareModule, bare: &[u8]) -> Result<Vec<u8>> {
    let (input, plain, output) =
        (workshop(module, "wasm"), workshop(module, "plain"), workshop(module, "opt.wasm"));
    fingerprint::write(&input, bare)?;
    let log = format!("wasm-opt-{}", module.profile);
    let mut strip = node::tool("binaryen/bin/wasm-opt");
    strip.arg(&input).arg("-o").arg(&plain).arg("--strip-target-features");
    process::run(step, &log, &mut strip)?;
    let mut tool = node::tool("binaryen/bin/wasm-opt");
    tool.arg(&plain).arg("-o").arg(&output).args(FEATURES).args(MINI.goal.split(' '));
    process::run(step, &log, tool.args(["--strip-debug", "--strip-producers"]))?;
    fs::read(&output).context("wasm-opt left no module")
}

/// What the border promises: imports none, exports functions and one memory, and no number wider than 32 bits.
fn check(module: &[u8]) -> Result<()> {
    let module = Walrus::from_buffer(module).context("reading the optimised module")?;
    if let Some(import) = module.imports.iter().next() {
        bail!("the module imports {}.{}", import.module, import.name);
    }
    for export in module.exports.iter() {
        let ExportItem::Function(id) = export.item else {
            if matches!(export.item, ExportItem::Memory(_)) {
                continue;
            }
            bail!("the module exports {}, which is neither function nor memory", export.name);
        };
        let signature = module.types.get(module.funcs.get(id).ty());
        let mut numbers = signature.params().iter().chain(signature.results());
        if signature.results().len() > 1 || numbers.any(|number| *number != ValType::I32) {
            bail!("{} takes or returns more than 32-bit numbers", export.name);
        }
    }
    Ok(())
}

/// The module as a CommonJS module of JavaScript: it exports a function that makes an instance.
fn javascript(step: &Step, module: &BareModule) -> Result<String> {
    let output = workshop(module, "js");
    let mut tool = node::tool("binaryen/bin/wasm2js");
    tool.arg(workshop(module, "opt.wasm")).arg("-o").arg(&output).args(FEATURES).arg("-Oz");
    process::run(step, &format!("wasm2js-{}", module.profile), &mut tool)?;
    let text = fs::read_to_string(&output).context("wasm2js left nothing")?;
    // It makes one instance at once and exports its members one by one.
    let (body, exports) =
        text.split_once("var retasmFunc = asmFunc({\n});\n").context("how wasm2js ends")?;
    if body.contains("import ") || exports.lines().any(|line| !is_member(line)) {
        bail!("wasm2js writes in another way now");
    }
    let text = format!("exports.instantiate = function () {{\n{body}return asmFunc({{}})\n}}\n");
    minify(step, module, &text, &output)
}

fn is_member(line: &str) -> bool {
    line.is_empty() || line.starts_with("export var ")
}

fn minify(step: &Step, module: &BareModule, text: &str, file: &Path) -> Result<String> {
    let minified = workshop(module, "min.js");
    fingerprint::write(file, text.as_bytes())?;
    let mut tool = process::command(paths::root().join("node_modules/.bin/esbuild"));
    tool.arg(file).args(["--minify", "--target=es2015", "--log-level=warning"]);
    tool.arg(format!("--outfile={}", minified.display()));
    process::run(step, &format!("esbuild-{}", module.profile), &mut tool)?;
    let banner = "// Written by wasm2js from the symmetric part of lingpai-core.\n";
    Ok(banner.to_owned() + &fs::read_to_string(&minified).context("esbuild left nothing")?)
}

fn inputs(toolchain: &WasmToolchain) -> Result<Fingerprint> {
    let root = paths::root();
    let (core, own) = (root.join("crates/core"), root.join("crates/mini"));
    Fingerprint::new("bare wasm").text(&toolchain.identity).paths(&[
        root.join("Cargo.toml"),
        root.join("Cargo.lock"),
        core.join("Cargo.toml"),
        core.join("src"),
        own.join("Cargo.toml"),
        own.join("src"),
        root.join("crates/xtask/src/wasm"),
        root.join("crates/xtask/src/packages.rs"),
        root.join("node_modules/binaryen/package.json"),
        root.join("node_modules/esbuild/package.json"),
    ])
}
