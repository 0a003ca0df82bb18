//! std for wasm32, and core for the bare target, built once from Debian's own Rust sources, kept per user in a sysroot of
//! its own.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::active::has_std;
use super::{BARE_TARGET, TARGET, WasmToolchain};
use crate::fingerprint::Fingerprint;
use crate::process::{self, command};
use crate::step::Step;
use crate::{debian, paths};

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
/// The minor version in `workspace.package.rust-version`.
const OLDEST_MINOR: u32 = 89;

/// The sysroot of an earlier run, if it belongs to the installed compiler.
pub(super) fn find() -> Result<Option<WasmToolchain>> {
    if !debian::has_apt() || !is_installed() {
        return Ok(None);
    }
    let identity = identity()?;
    let sysroot = place(&identity);
    Ok(has_std(&sysroot).then(|| describe(sysroot, identity)))
}

/// Installs Debian's compiler with its sources and builds std for wasm32 with it.
pub(super) fn build() -> Result<WasmToolchain> {
    install()?;
    let identity = identity()?;
    if !is_recent(&identity) {
        bail!(
            "Debian's {RUSTC} is older than Rust 1.{OLDEST_MINOR}:\n{identity}\
             Enable the security suite in apt's sources and upgrade rustc-web, or add {TARGET} to the \
             active toolchain: rustup target add {TARGET} {BARE_TARGET}"
        );
    }
    let sysroot = place(&identity);
    let step = Step::begin(format!("building std for {TARGET} and core for {BARE_TARGET} (once)"));
    let workshop = paths::cache().join(format!("building-{}", std::process::id()));
    let made = compile(&step, &workshop).and_then(|()| {
        let draft = workshop.join("sysroot");
        assemble(&draft, &sysroot, &workshop)?;
        // In one rename: a sysroot that is there is whole.
        if !has_std(&sysroot) {
            let _ = fs::remove_dir_all(&sysroot);
            fs::rename(&draft, &sysroot).context("moving the sysroot into place")?;
        }
        Ok(())
    });
    let _ = fs::remove_dir_all(&workshop);
    made.with_context(|| format!("building std for {TARGET} from {SOURCES}"))?;
    step.done_as(&format!(
        "built std for {TARGET}, core for {BARE_TARGET} into {}",
        sysroot.display()
    ));
    Ok(describe(sysroot, identity))
}

fn is_installed() -> bool {
    [RUSTC, CARGO, SOURCES].iter().all(|file| Path::new(file).exists()) && lld().is_some()
}

/// Installs what is missing, and replaces what is too old.
fn install() -> Result<()> {
    if is_installed() && is_recent(&identity()?) {
        return Ok(());
    }
    // Lists that are months old still offer the release's first compiler, or versions that are gone.
    debian::refresh_lists()?;
    let linker = debian::newest_lld().context("apt offers no lld-N package")?;
    let packages: Vec<&str> = PACKAGES.into_iter().chain([linker.as_str()]).collect();
    debian::install_newest(&format!("compile for {TARGET}"), &packages)?;
    if !is_installed() {
        bail!(
            "{} are installed, but {RUSTC}, {CARGO} or {SOURCES} is not there",
            packages.join(" ")
        );
    }
    Ok(())
}

/// Whether a compiler can build this workspace.
fn is_recent(identity: &str) -> bool {
    let minor =
        identity.lines().find_map(|line| line.strip_prefix("release: 1.")?.split('.').next());
    minor.and_then(|minor| minor.parse().ok()) >= Some(OLDEST_MINOR)
}

/// Compiler and package versions: another Debian revision of the same release is another compiler.
fn identity() -> Result<String> {
    let version = process::capture(command(RUSTC).arg("-vV").env_remove("RUSTUP_TOOLCHAIN"))?;
    Ok(format!("{version}{}", debian::versions(&["rustc-web", "rust-web-src"])))
}

fn place(identity: &str) -> PathBuf {
    // Raise the number when the recipe below changes.
    let key = Fingerprint::new("wasm sysroot 4").text(identity).hex();
    paths::cache().join(format!("sysroot-{}", &key[..16]))
}

fn describe(sysroot: PathBuf, identity: String) -> WasmToolchain {
    let version = identity.lines().next().unwrap_or("rustc").to_owned();
    WasmToolchain {
        cargo: CARGO.into(),
        rustc: Some(sysroot.join("bin/rustc")),
        origin: format!("Debian's {version}, std in {}", sysroot.display()),
        sysroot,
        identity,
    }
}

/// The newest installed lld.
fn lld() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib").ok()?.flatten().filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.strip_prefix("llvm-")?.parse().ok()?;
        let lld = entry.path().join("bin/lld");
        lld.exists().then_some((version, lld))
    });
    installed.max().map(|(_, lld)| lld)
}

/// What is built for each target. `test` is the crate that wasm-bindgen-test rests on.
const LIBRARIES: [(&str, &str); 2] =
    [(TARGET, "-Zbuild-std=std,panic_abort,test"), (BARE_TARGET, "-Zbuild-std=core,alloc")];

/// Where cargo leaves the libraries of a target.
fn libraries(workshop: &Path, target: &str) -> PathBuf {
    workshop.join("target").join(target).join("release/deps")
}

/// Lets cargo build the standard library for an empty crate.
fn compile(step: &Step, workshop: &Path) -> Result<()> {
    fs::create_dir_all(workshop.join("src"))
        .with_context(|| format!("creating {}", workshop.display()))?;
    fs::write(workshop.join("src/lib.rs"), "#![no_std]\n")?;
    let manifest = "[package]\nname = \"std-for-wasm\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
        [workspace]\n\n[profile.release]\ncodegen-units = 1\nopt-level = 3\n";
    fs::write(workshop.join("Cargo.toml"), manifest)?;
    for (target, parts) in LIBRARIES {
        let mut cargo = command(CARGO);
        cargo.args(["build", "--release", parts, "--target", target]);
        cargo.current_dir(workshop).env("CARGO_TARGET_DIR", workshop.join("target"));
        for inherited in ["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "CARGO", "RUSTFLAGS"] {
            cargo.env_remove(inherited);
        }
        // Debian's stable compiler knows build-std but hides it. The bitcode is for our fat LTO.
        cargo.env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1");
        super::set_flags(&mut cargo, &["-Cembed-bitcode=yes"]);
        process::run(step, "wasm-std", &mut cargo)?;
    }
    Ok(())
}

/// Lays out a sysroot in `draft` that will live at `sysroot`: own libraries for wasm32, links for the rest.
fn assemble(draft: &Path, sysroot: &Path, workshop: &Path) -> Result<()> {
    for (target, _) in LIBRARIES {
        let own = draft.join("lib/rustlib").join(target).join("lib");
        fs::create_dir_all(&own)?;
        for entry in fs::read_dir(libraries(workshop, target))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".rlib") && !name.contains("std_for_wasm") {
                fs::copy(entry.path(), own.join(name))?;
            }
        }
    }
    let identity = process::capture(command(RUSTC).arg("-vV").env_remove("RUSTUP_TOOLCHAIN"))?;
    let host =
        identity.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV")?;
    let host_libraries = draft.join("lib/rustlib").join(host);
    fs::create_dir_all(host_libraries.join("bin"))?;
    symlink(Path::new("/usr/lib/rustlib").join(host).join("lib"), host_libraries.join("lib"))?;
    symlink(lld().context("no lld in /usr/lib/llvm-*")?, host_libraries.join("bin/rust-lld"))?;
    symlink("/usr/lib/rustlib/src", draft.join("lib/rustlib/src"))?;
    symlink("/usr/lib/rustlib/etc", draft.join("lib/rustlib/etc"))?;
    for tool in ["rustc", "rustdoc"] {
        let script =
            format!("#!/bin/sh\nexec /usr/bin/{tool} --sysroot '{}' \"$@\"\n", sysroot.display());
        let file = draft.join("bin").join(tool);
        fs::create_dir_all(draft.join("bin"))?;
        fs::write(&file, script)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
