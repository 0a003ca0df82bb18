//! The two WASM packages: what they are called, where they lie, how they are optimised.

use std::path::PathBuf;

use crate::paths;

/// One binding crate with its npm package.
pub(crate) struct Package {
    /// Name of `crates/<name>` and `npm/<name>`.
    pub(crate) name: &'static str,
    /// Cargo profile; the root `Cargo.toml` says why.
    pub(crate) profile: &'static str,
    /// wasm-opt's goal.
    pub(crate) goal: &'static str,
}

pub(crate) const PACKAGES: [Package; 2] = [
    Package { name: "h5", profile: "wasm-small", goal: "-Oz" },
    Package { name: "edge", profile: "wasm", goal: "-O3" },
];

impl Package {
    pub(crate) fn crate_name(&self) -> String {
        format!("lingpai-{}", self.name)
    }

    /// Stem of the generated files.
    pub(crate) fn stem(&self) -> String {
        format!("lingpai_{}", self.name)
    }

    pub(crate) fn crate_directory(&self) -> PathBuf {
        paths::root().join("crates").join(self.name)
    }

    pub(crate) fn npm_directory(&self) -> PathBuf {
        paths::root().join("npm").join(self.name)
    }

    pub(crate) fn dist(&self) -> PathBuf {
        self.npm_directory().join("dist")
    }

    /// Where the module and its glue go.
    pub(crate) fn wasm_directory(&self) -> PathBuf {
        self.dist().join("wasm")
    }
}
