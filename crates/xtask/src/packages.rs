//! The npm packages around WASM: what they are called, where they lie, which modules they hold, how those are optimised.

use std::path::PathBuf;

use crate::paths;

/// One binding crate with its npm package.
pub(crate) struct Package {
    /// Name of `crates/<name>` and `npm/<name>`.
    pub(crate) name: &'static str,
    /// Cargo features under which the crate's tests build: their harness brings std.
    pub(crate) test_features: &'static str,
    /// What is made of the crate.
    pub(crate) modules: &'static [Module],
}

/// One WASM module of a package.
pub(crate) struct Module {
    /// `dist/wasm/lingpai_<name>_bg.wasm` and so on.
    pub(crate) name: &'static str,
    /// Cargo profile; the root `Cargo.toml` says why. Modules that share one share what was compiled of their dependencies, and are
    /// taken away one after the other.
    pub(crate) profile: &'static str,
    /// Whether the crate's default features are in it.
    pub(crate) default_features: bool,
    /// Cargo features beside those; "" for none.
    pub(crate) features: &'static str,
    /// What rustc is told for this module beside the profile.
    pub(crate) rustflags: &'static [&'static str],
    /// Whether what it imports gets short names.
    pub(crate) short_names: bool,
    /// Whether another instance may take the place of one that trapped.
    pub(crate) many_instances: bool,
    /// wasm-opt's goal. On pages, functions that stay apart compress better than one that holds them all.
    pub(crate) goal: &'static str,
}

/// Half of what Cloudflare gives an isolate, 64 MiB: beyond, the module traps and starts anew, and the isolate lives on.
const MOST_MEMORY: &str = "-Clink-arg=--max-memory=67108864";

/// Most of what opt-level 3 inlines is not hot; what is hot says so itself. Measured: inlining more makes the modules larger
/// and HS256 no faster.
const LITTLE_INLINING: &str = "-Cllvm-args=-inline-threshold=60";

/// Vectors, with which SHA-2 is faster and half as large. Servers' engines have had them for years; not so browsers in apps.
const VECTORS: &str = "-Ctarget-feature=+simd128";

/// SHA-2 and AES in loops, not unrolled: a page hashes a few kilobytes per visit.
const IN_LOOPS: [&str; 2] =
    ["--cfg=sha2_backend_soft=\"compact\"", "--cfg=aes_backend_soft=\"compact\""];

pub(crate) const PACKAGES: [Package; 2] = [
    Package {
        name: "h5",
        test_features: "store",
        modules: &[
            // For browsers that have Curve25519, which are most
            Module {
                name: "h5",
                profile: "wasm-small",
                default_features: false,
                features: "visit",
                rustflags: &IN_LOOPS,
                short_names: true,
                many_instances: true,
                goal: "-Oz --one-caller-inline-max-function-size=0",
            },
            // For the others, for pages on plain http, and for servers
            Module {
                name: "h5_curves",
                profile: "wasm-small",
                default_features: true,
                features: "",
                rustflags: &IN_LOOPS,
                short_names: true,
                many_instances: true,
                goal: "-Oz --one-caller-inline-max-function-size=0",
            },
            // For pages that keep something of their own, or a visit beyond its tab; loaded by the first store.
            Module {
                name: "store",
                profile: "wasm-small",
                default_features: false,
                features: "store",
                rustflags: &IN_LOOPS,
                short_names: true,
                many_instances: true,
                goal: "-Oz --one-caller-inline-max-function-size=0",
            },
            // For pages and services that tokenize; loaded by the first tokenizer.
            Module {
                name: "tokenizer",
                profile: "wasm-tokenizer",
                default_features: false,
                features: "tokenizer",
                rustflags: &IN_LOOPS,
                short_names: true,
                many_instances: true,
                goal: "-Oz --one-caller-inline-max-function-size=0",
            },
        ],
    },
    Package {
        name: "edge",
        test_features: "std",
        modules: &[
            // For Workers that verify and issue nothing.
            Module {
                name: "verify",
                profile: "wasm-verify",
                default_features: false,
                features: "",
                rustflags: &[LITTLE_INLINING, MOST_MEMORY, VECTORS],
                short_names: false,
                many_instances: false,
                goal: "-O3 --enable-simd",
            },
            Module {
                name: "edge",
                profile: "wasm",
                default_features: true,
                features: "",
                rustflags: &[LITTLE_INLINING, MOST_MEMORY, VECTORS],
                short_names: false,
                many_instances: false,
                goal: "-O3 --enable-simd",
            },
        ],
    },
];

/// The package whose modules have no glue.
pub(crate) struct BarePackage {
    pub(crate) modules: [BareModule; 4],
    pub(crate) rustflags: [&'static str; 3],
    /// wasm-opt's goal.
    pub(crate) goal: &'static str,
}

/// What is made of `crates/mini` with some of its features.
pub(crate) struct BareModule {
    /// What it becomes in `dist/wasm`.
    pub(crate) file: &'static str,
    /// Cargo profile. No two modules share one.
    pub(crate) profile: &'static str,
    pub(crate) features: &'static str,
    /// Whether wasm2js makes JavaScript of it.
    pub(crate) as_javascript: bool,
}

pub(crate) const MINI: BarePackage = BarePackage {
    modules: [
        // Login, tokens, requests
        BareModule {
            file: "lingpai_mini.wasm",
            profile: "wasm-mini",
            features: "proofs",
            as_javascript: false,
        },
        // That, and what verifies and opens visits
        BareModule {
            file: "lingpai_mini_visit.wasm",
            profile: "wasm-mini-visit",
            features: "visit",
            as_javascript: false,
        },
        // Tokens while the vault is away; loaded beside either by the first tokenizer
        BareModule {
            file: "lingpai_mini_tokenizer.wasm",
            profile: "wasm-mini-tokenizer",
            features: "tokenizer",
            as_javascript: false,
        },
        // For runtimes without WebAssembly
        BareModule {
            file: "lingpai_mini_symmetric.js",
            profile: "wasm-mini-symmetric",
            features: "primitives",
            as_javascript: true,
        },
    ],
    rustflags: [
        // As for the page
        "--cfg=sha2_backend_soft=\"compact\"",
        "--cfg=aes_backend_soft=\"compact\"",
        // A page is enough, and less to wipe.
        "-Clink-arg=-zstack-size=65536",
    ],
    goal: "-Oz --one-caller-inline-max-function-size=0",
};

impl BarePackage {
    pub(crate) fn crate_name(&self) -> String {
        "lingpai-mini".into()
    }

    pub(crate) fn npm_directory(&self) -> PathBuf {
        paths::root().join("npm/mini")
    }

    pub(crate) fn dist(&self) -> PathBuf {
        self.npm_directory().join("dist")
    }

    /// What mini-programs copy.
    pub(crate) fn copied(&self) -> PathBuf {
        self.dist().join("miniprogram")
    }

    pub(crate) fn wasm_directory(&self) -> PathBuf {
        self.copied().join("wasm")
    }
}

impl Package {
    pub(crate) fn crate_name(&self) -> String {
        format!("lingpai-{}", self.name)
    }

    /// Stem of what cargo makes of the crate.
    pub(crate) fn library(&self) -> String {
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

    /// Where modules and their glue go.
    pub(crate) fn wasm_directory(&self) -> PathBuf {
        self.dist().join("wasm")
    }
}

impl Module {
    /// Stem of the generated files.
    pub(crate) fn stem(&self) -> String {
        format!("lingpai_{}", self.name)
    }
}
