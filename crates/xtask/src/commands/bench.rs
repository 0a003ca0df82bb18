//! `bench`: speed, load, hostile tokens: the tables, each next to the libraries that one would use otherwise.

use anyhow::Result;

use crate::commands::build;
use crate::process::{self, command};
use crate::{browsers, engines};

pub(crate) fn run(options: &[&str]) -> Result<bool> {
    build::run(&[])?;
    browsers::prepare()?;
    engines::prepare()?;
    println!("bench");
    let mut npm = command("npm");
    npm.args(["run", "--silent", "bench", "--workspace", "tests", "--"]).args(options);
    Ok(process::stream(&mut npm)?.0)
}
