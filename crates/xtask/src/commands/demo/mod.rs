//! `demo`: everything built, the Worker running on this machine, one whole visit against it, then the demo page.

mod server;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::commands::build;
use crate::process::{self, command};
use crate::step::Step;
use server::Server;

/// Serves until stopped; with `once`, stops after the visit. `false` if the visit failed.
pub(crate) fn run(once: bool, port: u16) -> Result<bool> {
    check_free(port)?;
    build::run(&[])?;

    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stopped)).context("catching signals")?;
    }
    println!("\ndemo");
    let keys = server::keys_file(port);
    let step = Step::begin("development keys");
    let mut make = command("node");
    make.arg("worker-example/scripts/dev-keys.mjs");
    make.args(["--port", &port.to_string(), "--file"]).arg(&keys);
    let said = process::capture(&mut make)?;
    step.done_as(said.trim());

    let mut server = Server::start(port, &stopped)?;
    if stopped.load(Ordering::Relaxed) {
        return Ok(false);
    }
    println!();
    let mut visit = command("node");
    visit.args(["worker-example/scripts/visit.mjs", "--port", &port.to_string()]);
    let (mut good, _) = process::stream(&mut visit)?;
    if !good && !stopped.load(Ordering::Relaxed) {
        println!("\nThe visit failed. The Worker's log:\n{}", server.log_end());
    }
    if good && !once {
        println!("\nServing the demo page on http://127.0.0.1:{port}/ until Ctrl-C");
        good = serve(&mut server, &stopped)?;
    }
    let step = Step::begin("stopping the Worker");
    server.stop();
    step.done_as("stopped the Worker");
    Ok(good)
}

/// Waits for the signal to stop, or for the server to end by itself, which is a failure.
fn serve(server: &mut Server, stopped: &AtomicBool) -> Result<bool> {
    while !stopped.load(Ordering::Relaxed) {
        if server.has_ended()? {
            println!("\nThe Worker ended by itself. Its log:\n{}", server.log_end());
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(100));
    }
    println!();
    Ok(true)
}

fn check_free(port: u16) -> Result<()> {
    if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        bail!(
            "127.0.0.1:{port} cannot be used ({error}): stop what runs there, or give --port <other>"
        );
    }
    Ok(())
}
