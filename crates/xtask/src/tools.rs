//! Programs of the Rust ecosystem that the tests call, installed once per version into the cache.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::process::{self, cargo};
use crate::step::{self, Step};
use crate::{paths, wasm};

/// A crate with a binary.
struct Tool {
    name: &'static str,
    binary: &'static str,
    /// Half the compile time for tools that are not themselves slow.
    debug: bool,
}

/// `wasm-bindgen-test-runner`, in the version of the library.
pub(crate) fn wasm_bindgen() -> Result<PathBuf> {
    let tool = Tool { name: "wasm-bindgen-cli", binary: "wasm-bindgen-test-runner", debug: true };
    install(&tool, &wasm::locked("wasm-bindgen")?)
}

/// `cargo-fuzz`.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    install(&Tool { name: "cargo-fuzz", binary: "cargo-fuzz", debug: true }, "0.13.2")
}

fn install(tool: &Tool, version: &str) -> Result<PathBuf> {
    let root = paths::cache().join(format!("{}-{version}", tool.name));
    let binary = root.join("bin").join(tool.binary);
    if binary.exists() {
        step::up_to_date(&format!("{} {version}", tool.name));
        return Ok(binary);
    }
    let step = Step::begin(format!("cargo install {} {version} (once)", tool.name));
    let mut install = cargo("install");
    install.args([tool.name, "--version", version, "--root"]).arg(&root);
    install.args(tool.debug.then_some("--debug"));
    install.env("CARGO_TARGET_DIR", paths::state().join("install").join(tool.name));
    process::run(&step, tool.name, &mut install).with_context(|| {
        format!(
            "the tests need {}; to install it by hand: {}",
            tool.binary,
            process::shown(&install)
        )
    })?;
    let _ = std::fs::remove_dir_all(paths::state().join("install").join(tool.name));
    step.done_as(&format!("installed {} {version} into {}", tool.name, root.display()));
    Ok(binary)
}
