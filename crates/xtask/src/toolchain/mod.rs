//! A Rust toolchain that has std for `wasm32-unknown-unknown`, and core for `wasm32v1-none`: found, completed or built, in
//! that order.

mod active;
mod cached;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{command, find};
use crate::{debian, paths, step};

/// The target of the bindings for browsers and servers.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The target of the module for mini-programs: WebAssembly 1.0 with mutable globals, of which core and alloc exist.
pub(crate) const BARE_TARGET: &str = "wasm32v1-none";

/// How to call cargo for wasm32.
pub(crate) struct WasmToolchain {
    cargo: PathBuf,
    /// Set when the compiler is not the one that cargo would find by itself.
    rustc: Option<PathBuf>,
    sysroot: PathBuf,
    /// Where it came from, for a person.
    pub(crate) origin: String,
    /// Exact versions, for fingerprints.
    pub(crate) identity: String,
}

impl WasmToolchain {
    /// Whether it is the distribution's, and so are its components.
    pub(crate) fn is_debian(&self) -> bool {
        self.rustc.is_some()
    }

    /// `cargo <subcommand>` on this toolchain. Its artefacts stay apart from native ones, which
    /// another compiler may have made.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut cargo = command(&self.cargo);
        cargo.arg(subcommand).env("CARGO_TARGET_DIR", paths::target().join("wasm"));
        if let Some(rustc) = &self.rustc {
            // The calling cargo's own compiler must not shine through.
            for inherited in ["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "CARGO", "RUSTFLAGS"] {
                cargo.env_remove(inherited);
            }
            cargo.env("RUSTC", rustc).env("RUSTDOC", rustc.with_file_name("rustdoc"));
            // clippy asks here for the standard library
            cargo.env("SYSROOT", &self.sysroot);
            // cargo looks for `cargo-clippy` on PATH, where rustup's would come first
            let path = std::env::var_os("PATH").unwrap_or_default();
            let own = self.cargo.parent().map(PathBuf::from).into_iter();
            if let Ok(path) = std::env::join_paths(own.chain(std::env::split_paths(&path))) {
                cargo.env("PATH", path);
            }
        }
        cargo
    }
}

/// Sets the compiler's flags, whatever the environment says, and keeps this machine's paths out of
/// what it compiles.
pub(crate) fn set_flags(cargo: &mut Command, flags: &[&str]) {
    let mut all: Vec<String> = flags.iter().map(|&flag| flag.into()).collect();
    all.push("--remap-path-prefix=/usr/lib/rustlib/src/rust/=".into());
    let registries = paths::cargo_home().join("registry/src");
    for registry in registries.read_dir().into_iter().flatten().flatten() {
        all.push(format!("--remap-path-prefix={}/=", registry.path().display()));
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", all.join("\x1f"));
}

/// Finds or prepares the toolchain. Downloads nothing that `RUSTUP_AUTO_INSTALL=0` forbids.
pub(crate) fn prepare() -> Result<WasmToolchain> {
    if let Some(toolchain) = active::with_wasm_std()? {
        step::up_to_date(&format!("wasm toolchain: {}", toolchain.origin));
        return Ok(toolchain);
    }
    if let Some(toolchain) = cached::find()? {
        step::up_to_date(&format!("wasm toolchain: {}", toolchain.origin));
        return Ok(toolchain);
    }
    let forbidden = std::env::var_os("RUSTUP_AUTO_INSTALL").is_some_and(|value| value == "0");
    if find("rustup").is_some()
        && !forbidden
        && let Some(toolchain) = active::add_target()?
    {
        return Ok(toolchain);
    }
    if debian::has_apt() {
        return cached::build();
    }
    bail!(
        "the active toolchain has no std for {TARGET} or no core for {BARE_TARGET}{}. Do one of these:\n  \
         rustup target add {TARGET} {BARE_TARGET}\n  \
         install your distribution's Rust 1.89 or newer with its std for both and put it first on PATH",
        if forbidden { ", and RUSTUP_AUTO_INSTALL=0 forbids to download it" } else { "" }
    )
}

/// For `doctor`: what `prepare` would use, without changing anything.
pub(crate) fn present() -> Result<Option<WasmToolchain>> {
    Ok(match active::with_wasm_std()? {
        Some(toolchain) => Some(toolchain),
        None => cached::find()?,
    })
}
