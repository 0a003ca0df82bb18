//! `build`: WASM modules, then the npm packages around them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::fingerprint::{Fingerprint, Stamp};
use crate::lock::Lock;
use crate::packages::{MINI, PACKAGES};
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
        typescript(package.name, &package.dist(), &package.wasm_directory())?;
    }
    if mini {
        typescript("mini", &MINI.dist(), &MINI.wasm_directory())?;
    }
    if names.is_empty() {
        demo_page()?;
    }
    Ok(toolchain)
}

/// `npm/<name>/src` → `npm/<name>/dist`.
fn typescript(name: &str, dist: &Path, wasm: &Path) -> Result<()> {
    let label = format!("@lingpai/{name}: tsc");
    let root = paths::root();
    let directory = root.join("npm").join(name);
    let project = directory.join("tsconfig.json");
    if !project.exists() {
        bail!("{} is missing", paths::shown(&project));
    }
    let inputs = Fingerprint::new("tsc").paths(&[
        root.join("tsconfig.base.json"),
        root.join("package-lock.json"),
        directory.join("package.json"),
        directory.join("src"),
        wasm.into(),
        project.clone(),
    ])?;
    let stamp = Stamp::new(&format!("tsc-{name}"), inputs, vec![dist.into()]);
    if stamp.is_fresh()? {
        step::up_to_date(&label);
        return Ok(());
    }
    let step = Step::begin(&label);
    forget_compiled(dist, wasm)?;
    let mut tsc = node::tool("typescript/bin/tsc");
    process::run(&step, &format!("tsc-{name}"), tsc.arg("--project").arg(&project))?;
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
fn forget_compiled(dist: &Path, wasm: &Path) -> Result<()> {
    for entry in fs::read_dir(dist).context("listing dist")?.flatten() {
        let path = entry.path();
        if path == wasm {
            continue;
        }
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
            .context("clearing dist")?;
    }
    Ok(())
}
