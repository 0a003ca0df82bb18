//! One command line for a person and for CI: `cargo xtask <command>`. Holds no product logic.

mod browsers;
mod codes;
mod commands;
mod debian;
mod engines;
mod fingerprint;
mod lock;
mod node;
mod packages;
mod paths;
mod process;
mod step;
mod toolchain;
mod tools;
mod wasm;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match commands::run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            step::close_line();
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
