//! Suites in JavaScript: each `test:<suite>` script of `tests/package.json`, and the size budgets.

use anyhow::{Context as _, Result};

use super::Suite;
use super::prepared::Prepared;
use super::tally::{self, Outcome};
use crate::commands::size;
use crate::process::{self, command};

pub(super) fn size(prepared: &Prepared) -> Result<Outcome> {
    prepared.packages()?;
    let (good, output) = size::measure()?;
    if !good {
        return Ok(Outcome::failed("over budget"));
    }
    let above = output.lines().any(|line| line.ends_with(size::ABOVE));
    Ok(if above {
        Outcome::passed_with("within budget, but above the bar")
    } else {
        Outcome::passed()
    })
}

/// Types of what is not a package: the Worker and its page.
pub(super) fn types(prepared: &Prepared) -> Result<Outcome> {
    prepared.packages()?;
    let mut npm = command("npm");
    let (success, _) =
        process::stream(npm.args(["run", "--silent", "check", "--workspace", "worker-example"]))?;
    Ok(if success { Outcome::passed() } else { Outcome::failed("type errors") })
}

/// One suite per script, in the order of the file.
pub(super) fn suites() -> Result<Vec<Suite>> {
    const LIST: &str = "const { scripts } = JSON.parse(fs.readFileSync('tests/package.json', 'utf8'))
        for (const name of Object.keys(scripts)) if (name.startsWith('test:')) console.log(name.slice(5))";
    let names = process::capture(command("node").args(["--eval", LIST]))
        .context("listing the suites of tests/package.json")?;
    let suite = |name: &str| {
        let script = format!("test:{name}");
        Suite::new(name, format!("npm run {script} --workspace tests"), move |prepared| {
            run(prepared, &script)
        })
    };
    Ok(names.lines().map(suite).collect())
}

/// Scripts that start browsers.
const IN_BROWSERS: &[&str] = &[
    "test:alias",
    "test:browsers",
    "test:conformance",
    "test:offline-chromium",
    "test:offline-firefox",
    "test:offline-webkit",
    "test:store",
    "test:tokenizer",
];

/// The script that runs on engines which are neither Node nor browsers.
const ON_ENGINES: &str = "test:mini";

fn run(prepared: &Prepared, script: &str) -> Result<Outcome> {
    prepared.packages()?;
    if IN_BROWSERS.contains(&script) {
        prepared.browsers()?;
    }
    if script == ON_ENGINES {
        prepared.engines()?;
    }
    let mut npm = command("npm");
    npm.args(["run", "--silent", script, "--workspace", "tests"]);
    let (success, output) = process::stream(&mut npm)?;
    Ok(tally::of_node(success, &output))
}
