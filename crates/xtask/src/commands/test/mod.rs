//! `test`: every test there is, suite by suite, with one summary. Nothing is left out silently.

mod prepared;
mod rust;
mod scripts;
mod tally;
mod wasm_bindgen;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::step::{self, seconds};
pub(crate) use prepared::Prepared;
pub(crate) use tally::Outcome;

type Run = Box<dyn Fn(&Prepared) -> Result<Outcome>>;

/// A named group of tests.
struct Suite {
    name: String,
    about: String,
    run: Run,
}

impl Suite {
    fn new(
        name: impl Into<String>,
        about: impl Into<String>,
        run: impl Fn(&Prepared) -> Result<Outcome> + 'static,
    ) -> Self {
        Self { name: name.into(), about: about.into(), run: Box::new(run) }
    }
}

/// Runs all suites, or those whose names are given.
pub(crate) fn run(only: &[&str]) -> Result<bool> {
    let suites = suites()?;
    if let Some(unknown) = only.iter().find(|name| !suites.iter().any(|it| it.name == **name)) {
        let names: Vec<&str> = suites.iter().map(|suite| suite.name.as_str()).collect();
        bail!("no suite is called {unknown}; there are: {}", names.join(", "));
    }
    let prepared = Prepared::default();
    let mut results = Vec::new();
    for suite in suites.iter().filter(|it| only.is_empty() || only.contains(&it.name.as_str())) {
        println!("\n── {}: {}", suite.name, suite.about);
        let started = Instant::now();
        let outcome = (suite.run)(&prepared).unwrap_or_else(|error| {
            step::close_line();
            println!("{error:#}");
            Outcome::failed(format!("{error:#}").lines().next().unwrap_or_default())
        });
        results.push((suite.name.as_str(), outcome, started.elapsed()));
    }
    Ok(summary(&results))
}

fn suites() -> Result<Vec<Suite>> {
    let mut suites = vec![
        Suite::new("format", "rustfmt and prettier", rust::format),
        Suite::new("clippy", "lints of what runs natively", rust::clippy),
        Suite::new("rust", "core's vectors, properties and scenarios, natively", rust::tests),
        Suite::new("core-gate", "core names no clock, randomness or JavaScript", rust::core_gate),
        Suite::new("codes", "codes.ts is what core says", rust::codes),
        Suite::new("clippy-wasm", "lints of the bindings, for wasm32", rust::clippy_wasm),
        Suite::new("bindings-node", "the bindings in Node", wasm_bindgen::node),
        Suite::new("bindings-chromium", "the bindings in Chromium", wasm_bindgen::chromium),
        Suite::new("size", "brotli size against the budgets", scripts::size),
        Suite::new("types", "the Worker's TypeScript", scripts::types),
    ];
    suites.extend(scripts::suites()?);
    suites.push(Suite::new("fuzz", "every parser, a few seconds each", super::fuzz::smoke));
    Ok(suites)
}

/// Prints the table; whether nothing failed.
fn summary(results: &[(&str, Outcome, Duration)]) -> bool {
    let width = results.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let (mut passed, mut failed) = (0, 0);
    println!("\n── summary");
    for (name, outcome, duration) in results {
        passed += outcome.passed;
        failed += outcome.failed;
        println!(
            "  {name:width$}  {:<10} {:>6}  {:>8}  {}",
            outcome.word(),
            outcome.passed,
            seconds(*duration),
            outcome.remark
        );
    }
    println!("\n{passed} passed, {failed} failed");
    for (name, outcome, _) in results {
        for failure in &outcome.failures {
            println!("\n── failed in {name}\n{}", beginning(failure));
        }
    }
    failed == 0
}

/// Enough of a failure to know it by; the whole of it stands where its suite ran.
fn beginning(failure: &str) -> String {
    const LINES: usize = 60;
    let mut lines: Vec<&str> = failure.lines().take(LINES + 1).collect();
    if lines.len() > LINES {
        lines[LINES] = "…";
    }
    lines.join("\n")
}
