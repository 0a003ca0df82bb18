//! The two WASM packages: what they are called, where they lie, how they are optimised.

use std::path::PathBuf;

use crate::paths;

/// One binding crate with its npm package.
pub(crate) struct Package {
    /// Name of `crates/<name>` and `npm/<name>`.
    pub(crate) name: &'static str,
    /// Cargo profile; the root `Cargo.toml` says why.
    pub(crate) profile: &'static str,
    /// What rustc is told for this package beside the profile.
    pub(crate) rustflags: &'static [&'static str],
    /// Cargo features under which the crate's tests build: their harness brings std.
    pub(crate) test_features: &'static str,
    /// Whether panics are to trap without a message; a crate without std does so by itself.
    pub(crate) panics_trap: bool,
    /// wasm-opt's goal.
    pub(crate) goal: &'static str,
}

pub(crate) const PACKAGES: [Package; 2] = [
    Package {
        name: "h5",
        profile: "wasm-small",
        // SHA-2 and AES in loops, not unrolled: a page hashes a few kilobytes per visit.
        rustflags: &["--cfg=sha2_backend_soft=\"compact\"", "--cfg=aes_backend_soft=\"compact\""],
        test_features: "",
        panics_trap: true,
        goal: "-Oz",
    },
    Package {
        name: "edge",
        profile: "wasm",
        // Most of what opt-level 3 inlines here is not hot; what is hot says so itself.
        rustflags: &["-Cllvm-args=-inline-threshold=25"],
        test_features: "std",
        panics_trap: false,
        goal: "-O3",
    },
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
