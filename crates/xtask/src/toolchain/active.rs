//! The toolchain that runs this very program.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{BARE_TARGET, TARGET, WasmToolchain};
use crate::process::{self, command};
use crate::step::Step;

/// The active toolchain, if it has std for wasm32.
pub(super) fn with_wasm_std() -> Result<Option<WasmToolchain>> {
    let sysroot = process::capture(command(rustc()).args(["--print", "sysroot"]))?;
    let sysroot = PathBuf::from(sysroot.trim());
    // rustup cannot tell for a linked toolchain; the libraries themselves can.
    if !has_std(&sysroot) {
        return Ok(None);
    }
    let identity = process::capture(command(rustc()).arg("-vV"))?;
    let version = identity.lines().next().unwrap_or("rustc").to_owned();
    let cargo = env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
    let origin = format!("{version} with {TARGET} and {BARE_TARGET}");
    Ok(Some(WasmToolchain { cargo, rustc: None, sysroot, origin, identity }))
}

/// Asks rustup for the targets. `None` if rustup cannot: the toolchain may be linked, or the net away.
pub(super) fn add_target() -> Result<Option<WasmToolchain>> {
    let label = format!("rustup target add {TARGET} {BARE_TARGET}");
    let step = Step::begin(&label);
    let mut rustup = command("rustup");
    rustup.args(["target", "add", TARGET, BARE_TARGET]);
    if let Err(error) = process::run(&step, "rustup-target", &mut rustup) {
        step.done_as(&format!("{label}: not possible, trying another way"));
        println!("    {}", error.to_string().lines().last().unwrap_or_default());
        return Ok(None);
    }
    step.done();
    with_wasm_std()
}

/// Whether a sysroot holds std for wasm32, and core and alloc for the bare target.
pub(super) fn has_std(sysroot: &Path) -> bool {
    has_library(sysroot, TARGET, "libstd-") && has_library(sysroot, BARE_TARGET, "liballoc-")
}

fn has_library(sysroot: &Path, target: &str, prefix: &str) -> bool {
    let libraries = sysroot.join("lib/rustlib").join(target).join("lib");
    libraries.read_dir().is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        })
    })
}

fn rustc() -> PathBuf {
    env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}
