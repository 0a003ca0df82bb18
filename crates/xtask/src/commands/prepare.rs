//! `prepare` brings the machine to where everything can run; `doctor` only looks.

use anyhow::{Result, bail};

use crate::process::find;
use crate::{browsers, debian, engines, node, step, toolchain, tools};

/// Prepares the parts named, or all of them.
pub(crate) fn run(parts: &[&str]) -> Result<()> {
    const PARTS: [&str; 5] = ["toolchain", "node", "browsers", "engines", "tools"];
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        bail!("cannot prepare {unknown}; there are: {}", PARTS.join(", "));
    }
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    println!("prepare");
    if wanted("toolchain") {
        toolchain::prepare()?;
    }
    if wanted("node") {
        node::prepare()?;
    }
    if wanted("browsers") {
        browsers::prepare()?;
    }
    if wanted("engines") {
        engines::prepare()?;
    }
    if wanted("tools") {
        tools::wasm_bindgen()?;
    }
    Ok(())
}

/// Prints what is there and what `prepare` would do about the rest.
pub(crate) fn doctor() -> Result<bool> {
    let mut complete = true;
    let mut report = |what: &str, found: Result<String, String>| match found {
        Ok(found) => println!("  there    {what}: {found}"),
        Err(remedy) => {
            complete = false;
            println!("  missing  {what}: {remedy}");
        }
    };
    let wasm = toolchain::present()?.map(|toolchain| toolchain.origin);
    let by_itself = if debian::has_apt() { "cargo xtask prepare" } else { "see README.md" };
    report(
        "std for wasm32-unknown-unknown",
        wasm.ok_or_else(|| {
            format!(
                "{by_itself}, or rustup target add {} {}",
                toolchain::TARGET,
                toolchain::BARE_TARGET
            )
        }),
    );
    report("Node and npm", node::version().map_err(|error| error.to_string()));
    let installed = node::is_installed().then(|| "as package-lock.json says".to_owned());
    report("npm packages", installed.ok_or_else(|| "npm ci".to_owned()));
    let missing = browsers::missing();
    let all = "Chromium, Firefox, WebKitGTK, drivers, xvfb".to_owned();
    let browsers = if missing.is_empty() { Ok(all) } else { Err(missing.join(", ")) };
    report("browsers (tests only)", browsers);
    let missing = engines::missing();
    let all = "JavaScriptCore, V8 of Chrome 86".to_owned();
    let engines = if missing.is_empty() { Ok(all) } else { Err(missing.join(", ")) };
    report("engines of mini-programs (tests only)", engines);
    let rustup = find("rustup").map(|path| path.display().to_string());
    report("rustup (fuzzing only)", rustup.ok_or_else(|| "https://rustup.rs".to_owned()));
    step::close_line();
    Ok(complete)
}
