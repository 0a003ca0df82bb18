//! Where things are: the workspace, its target directory, the per-user cache.

use std::env;
use std::path::{Path, PathBuf};

/// The directory that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    // At run time, so that a copied or renamed checkout is not taken for the old one.
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).ancestors().nth(2).expect("xtask lies in <root>/crates/xtask").into()
}

/// Cargo's target directory, as found from this program's own place in it.
pub(crate) fn target() -> PathBuf {
    let built_into = env::current_exe().ok();
    let target = built_into.as_deref().and_then(|program| program.ancestors().nth(2));
    target.map_or_else(|| root().join("target"), Path::to_path_buf)
}

/// What xtask itself keeps between runs: fingerprints, logs, intermediate files. Gone after `cargo clean`.
pub(crate) fn state() -> PathBuf {
    target().join("xtask")
}

/// What is slow to make and independent of the sources. Survives `cargo clean`.
pub(crate) fn cache() -> PathBuf {
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".cache")));
    base.map_or_else(|| state().join("cache"), |base| base.join("lingpai"))
}

/// Cargo's own directory, where the registry's sources are.
pub(crate) fn cargo_home() -> PathBuf {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default()
}

/// `path` as a person would write it from the workspace's root.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
