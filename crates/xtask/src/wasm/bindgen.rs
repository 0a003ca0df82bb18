//! wasm-bindgen as a library, in the version that the crates were compiled against.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::packages::Module;
use crate::paths;
use crate::step::Step;

/// What wasm-bindgen makes of a module.
pub(super) struct Generated {
    pub(super) module: Vec<u8>,
    /// JavaScript with `__wbg_set_wasm`; it imports nothing, so that every loader can use it.
    pub(super) glue: String,
    pub(super) glue_types: String,
    pub(super) module_types: String,
}

/// wasm-bindgen and its post-processor speak a private format: they must be of one version.
pub(crate) fn check_versions() -> Result<()> {
    let (library, tool) = (locked("wasm-bindgen")?, locked("wasm-bindgen-cli-support")?);
    if library != tool {
        bail!(
            "Cargo.lock has wasm-bindgen {library} but xtask uses wasm-bindgen-cli-support {tool}: \
             set the second to \"={library}\" in crates/xtask/Cargo.toml"
        );
    }
    Ok(())
}

/// The version of a crate in `Cargo.lock`.
pub(crate) fn locked(name: &str) -> Result<String> {
    let lock =
        fs::read_to_string(paths::root().join("Cargo.lock")).context("reading Cargo.lock")?;
    let entry = format!("name = \"{name}\"\nversion = \"");
    let version = lock.split(&entry).nth(1).and_then(|rest| rest.split('"').next());
    Ok(version.with_context(|| format!("Cargo.lock has no {name}"))?.to_owned())
}

pub(super) fn generate(module: &Module, compiled: &Path) -> Result<Generated> {
    let step = Step::begin(format!("{}: wasm-bindgen", module.name));
    let out = paths::state().join("bindgen").join(module.name);
    let _ = fs::remove_dir_all(&out);
    Bindgen::new()
        .input_path(compiled)
        .out_name(&module.stem())
        .bundler(true)
        .context("wasm-bindgen")?
        .typescript(true)
        .generate(&out)
        .context("wasm-bindgen")?;
    if out.join("snippets").exists() {
        bail!(
            "{} has inline JS snippets: loaders expect one self-contained glue file",
            module.name
        );
    }
    let stem = module.stem();
    let read = |suffix: &str| {
        let file = out.join(format!("{stem}{suffix}"));
        fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
    };
    let glue = read("_bg.js")?;
    if let Some(line) = glue.lines().find(|line| is_import(line)) {
        bail!("the glue of {} imports something: {line}", module.name);
    }
    // The generated entry imports the module in a way that only some bundlers know; it is left out,
    // and what it did is said here.
    let set_wasm = "\n/** Gives the glue the exports of an instance of the module. */\n\
        export function __wbg_set_wasm(exports: WebAssembly.Exports): void\n";
    let generated = Generated {
        module: fs::read(out.join(format!("{stem}_bg.wasm"))).context("reading the module")?,
        glue: encoding_at_once(&glue)?,
        glue_types: read(".d.ts")? + set_wasm,
        module_types: read("_bg.wasm.d.ts")?,
    };
    step.done();
    Ok(generated)
}

/// Lets the engine copy strings into the memory, in place of a loop over characters that takes many times as long. What is
/// not ASCII and therefore longer goes on as before.
fn encoding_at_once(glue: &str) -> Result<String> {
    const LOOP: &str = "    let offset = 0;

    for (; offset < len; offset++) {
        const code = arg.charCodeAt(offset);
        if (code > 0x7F) break;
        mem[ptr + offset] = code;
    }
    if (offset !== len) {
        if (offset !== 0) {
            arg = arg.slice(offset);
        }
";
    const AT_ONCE: &str =
        "    let { read, written: offset } = cachedTextEncoder.encodeInto(arg, mem.subarray(ptr, ptr + len));
    if (read !== len) {
        arg = arg.slice(read);
";
    if glue.matches(LOOP).count() != 1 {
        bail!("the glue passes strings in another way: does wasm-bindgen need no help any more?");
    }
    Ok(glue.replace(LOOP, AT_ONCE))
}

fn is_import(line: &str) -> bool {
    line.starts_with("import ") || (line.starts_with("export ") && line.contains(" from "))
}
