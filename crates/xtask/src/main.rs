//! One command line for a person and for CI: `cargo xtask <command>`. Holds no product logic.

mod codes;
mod commands;
mod debian;
mod fingerprint;
mod lock;
mod node;
mod packages;
mod paths;
mod process;
mod step;
mod toolchain;
mod wasm;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <command>

  build [h5|edge]       WASM modules and npm packages
";

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
