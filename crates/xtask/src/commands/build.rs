//! `build`: WASM modules, then the npm packages around them.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::fingerprint::{Fingerprint, Stamp};
use crate::lock::Lock;
use crate::packages::{MINI, PACKAGES, Package};
use crate::step::{self, Step};
use crate::toolchain::{self, WasmToolchain};
use crate::{codes, node, paths, process, wasm};

/// Builds everything, or the packages named.
pub(crate) fn run(names: &[&str]) -> Result<WasmToolchain> {
    let known = |name: &str| name == "mini" || PACKAGES.iter().any(|it| it.name == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        bail!("no package is called {unknown}; there are h5, edge and mini");
    }
    let wanted = || PACKAGES.iter().filter(|it| names.is_empty() || names.contains(&it.name));
    let _lock = Lock::take()?;
    println!("build");
    wasm::check_versions()?;
    let toolchain = toolchain::prepare()?;
    node::prepare()?;
    codes::generate()?;
    for package in wanted() {
        wasm::build(package, &toolchain)?;
    }
    let mini = names.is_empty() || names.contains(&"mini");
    if mini {
        wasm::bare::build(&toolchain)?;
    }
    for package in wanted() {
        typescript(package)?;
    }
    if mini {
        mini_program()?;
    }
    if names.is_empty() {
        demo_page()?;
    }
    Ok(toolchain)
}

/// `npm/<name>/src` → `npm/<name>/dist`.
fn typescript(package: &Package) -> Result<()> {
    let label = format!("@lingpai/{}: tsc", package.name);
    let (root, directory) = (paths::root(), package.npm_directory());
    let project = directory.join("tsconfig.json");
    if !project.exists() {
        bail!("{} is missing", paths::shown(&project));
    }
    let inputs = Fingerprint::new("tsc").paths(&[
        root.join("tsconfig.base.json"),
        root.join("package-lock.json"),
        directory.join("package.json"),
        directory.join("src"),
        package.wasm_directory(),
        project.clone(),
    ])?;
    let stamp = Stamp::new(&format!("tsc-{}", package.name), inputs, vec![package.dist()]);
    if stamp.is_fresh()? {
        step::up_to_date(&label);
        return Ok(());
    }
    let step = Step::begin(&label);
    forget_compiled(package)?;
    let mut tsc = node::tool("typescript/bin/tsc");
    process::run(&step, &format!("tsc-{}", package.name), tsc.arg("--project").arg(&project))?;
    stamp.write()?;
    step.done();
    Ok(())
}

/// `npm/mini/src` → CommonJS files that mini-programs copy, and their types beside: one that is loaded at once, and those that it
/// loads when they are needed.
fn mini_program() -> Result<()> {
    const FILES: [(&str, &str); 4] = [
        ("src/entry.ts", "index.js"),
        ("src/operation/entry.ts", "operation.js"),
        ("src/tokenizer/entry.ts", "tokenizer.js"),
        ("src/visit/entry.ts", "visit.js"),
    ];
    let label = "@lingpai/mini: tsc, esbuild";
    let (root, directory) = (paths::root(), MINI.npm_directory());
    let types = MINI.dist().join("types");
    let bundles = FILES.map(|(source, file)| (directory.join(source), MINI.copied().join(file)));
    let inputs = Fingerprint::new("mini").paths(&[
        root.join("package-lock.json"),
        directory.join("src"),
        directory.join("tsconfig.json"),
    ])?;
    let outputs = bundles.iter().map(|(_, file)| file.clone()).chain([types.clone()]);
    let stamp = Stamp::new("mini", inputs, outputs.collect());
    if stamp.is_fresh()? {
        step::up_to_date(label);
        return Ok(());
    }
    let step = Step::begin(label);
    if types.exists() {
        fs::remove_dir_all(&types).context("clearing dist")?;
    }
    let mut tsc = node::tool("typescript/bin/tsc");
    process::run(&step, "tsc-mini", tsc.arg("--project").arg(directory.join("tsconfig.json")))?;
    for (source, file) in bundles {
        let mut esbuild = process::command(root.join("node_modules/.bin/esbuild"));
        esbuild.arg(source).arg(format!("--outfile={}", file.display()));
        esbuild.args(["--bundle", "--format=cjs", "--target=es2017", "--external:./wasm/*"]);
        esbuild.args(FILES.map(|(_, file)| format!("--external:./{file}")));
        process::run(&step, "esbuild-mini", esbuild.arg("--log-level=warning"))?;
    }
    stamp.write()?;
    step.done();
    Ok(())
}

/// The page that the Worker serves.
fn demo_page() -> Result<()> {
    let label = "demo page";
    let worker = paths::root().join("worker-example");
    let inputs = Fingerprint::new(label)
        .paths(&["package.json", "page", "scripts/build.mjs"].map(|it| worker.join(it)))?
        .path(&PACKAGES[0].dist())?
        .path(&paths::root().join("package-lock.json"))?;
    let stamp = Stamp::new("demo-page", inputs, vec![worker.join("dist/page")]);
    if stamp.is_fresh()? {
        step::up_to_date(label);
        return Ok(());
    }
    let step = Step::begin(label);
    let mut npm = process::command("npm");
    npm.args(["run", "--silent", "build", "--workspace", "worker-example"]);
    process::run(&step, "demo-page", &mut npm)?;
    stamp.write()?;
    step.done();
    Ok(())
}

/// Clears what an earlier tsc left, so that nothing outlives its source.
fn forget_compiled(package: &Package) -> Result<()> {
    for entry in fs::read_dir(package.dist()).context("listing dist")?.flatten() {
        let path = entry.path();
        if path == package.wasm_directory() {
            continue;
        }
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
            .context("clearing dist")?;
    }
    Ok(())
}
