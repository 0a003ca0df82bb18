//! The commands, one file each.

mod bench;
mod build;
mod demo;
mod fuzz;
mod lint;
mod prepare;
mod size;
mod test;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "\
cargo xtask <command>

  demo [--once] [--port N]         the Worker on this machine, and one whole visit against it
  test [--only <suite>[,<suite>]]  every test there is, or some suites
  build [h5] [edge] [mini]         WASM modules and npm packages
  bench [--only <table>[,<table>]] speed, load, hostile tokens, next to other libraries
  size                             brotli sizes against the budgets
  fuzz [target]… [--seconds N]     the parsers under libFuzzer (60 s each)
  fmt                              format everything
  prepare [part]…                  only what the others need: toolchain, node, browsers,
                                   engines, tools
  doctor                           what is there and what is missing
";

/// Runs a command line. `Ok(false)` means that it has said itself what failed.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some((command, rest)) = words.split_first() else {
        print!("{USAGE}");
        return Ok(false);
    };
    if words.iter().any(|word| matches!(*word, "help" | "--help" | "-h")) {
        print!("{USAGE}");
        return Ok(true);
    }
    match *command {
        "demo" => {
            let (once, rest) = flag(rest, "--once");
            let (port, rest) = option(&rest, "--port")?;
            no_more(&rest)?;
            let port =
                port.map(|port| port.parse().context("--port takes a number")).transpose()?;
            demo::run(once, port.unwrap_or(8787))
        }
        "test" => {
            let (only, rest) = option(rest, "--only")?;
            no_more(&rest)?;
            test::run(&only.map(|names| names.split(',').collect::<Vec<_>>()).unwrap_or_default())
        }
        "build" => build::run(rest).map(|_| true),
        "bench" => bench::run(rest),
        "size" => no_more(rest).and_then(|()| size::run()),
        "fuzz" => {
            let (seconds, targets) = option(rest, "--seconds")?;
            let seconds =
                seconds.map(|it| it.parse().context("--seconds takes a number")).transpose()?;
            fuzz::run(&targets, seconds.unwrap_or(60))
        }
        "fmt" => no_more(rest).and_then(|()| lint::format()).map(|()| true),
        "prepare" => prepare::run(rest).map(|()| true),
        "doctor" => no_more(rest).and_then(|()| prepare::doctor()),
        _ => bail!("unknown: cargo xtask {command}\n\n{USAGE}"),
    }
}

/// Takes `name` out of the words.
fn flag<'a>(words: &[&'a str], name: &str) -> (bool, Vec<&'a str>) {
    let rest: Vec<&str> = words.iter().copied().filter(|word| *word != name).collect();
    (rest.len() < words.len(), rest)
}

/// Takes `name` with the word behind it out of the words.
fn option<'a>(words: &[&'a str], name: &str) -> Result<(Option<&'a str>, Vec<&'a str>)> {
    let Some(at) = words.iter().position(|word| *word == name) else {
        return Ok((None, words.to_vec()));
    };
    let value = words.get(at + 1).with_context(|| format!("{name} takes a value"))?;
    Ok((Some(value), [&words[..at], &words[at + 2..]].concat()))
}

fn no_more(words: &[&str]) -> Result<()> {
    if let Some(word) = words.first() {
        bail!("unexpected: {word}\n\n{USAGE}");
    }
    Ok(())
}
