//! The Worker in a local workerd, as a child process that does not outlive the demo.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process::{self, command};
use crate::step::Step;
use crate::{node, paths};

/// How long workerd may take to answer, and to go.
const START: Duration = Duration::from_secs(120);
const STOP: Duration = Duration::from_secs(10);

/// The port that the Worker's configuration names.
const USUAL_PORT: u16 = 8787;

/// A running Worker; stopped when dropped.
pub(super) struct Server {
    child: Child,
    log: PathBuf,
}

/// Where the secrets of a Worker on that port are: its issuer has the port in its name.
pub(super) fn keys_file(port: u16) -> PathBuf {
    let name = if port == USUAL_PORT { ".dev.vars".into() } else { format!(".dev.vars.{port}") };
    directory().join(name)
}

impl Server {
    /// Starts workerd and waits until it answers, or until `stopped`.
    pub(super) fn start(port: u16, stopped: &AtomicBool) -> Result<Self> {
        let state = if port == USUAL_PORT { "state".into() } else { format!("state-{port}") };
        let state = directory().join(".wrangler").join(state);
        let log = paths::state().join("log/worker.log");
        fs::create_dir_all(log.parent().expect("a log has a directory"))?;
        let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let step = Step::begin(format!("workerd on 127.0.0.1:{port}"));

        let mut wrangler = node::tool("wrangler/bin/wrangler.js");
        wrangler.args(["dev", "--local", "--ip", "127.0.0.1", "--port", &port.to_string()]);
        wrangler.args(["--inspector-port", "0", "--show-interactive-dev-session=false"]);
        wrangler.arg("--persist-to").arg(&state).arg("--env-file").arg(keys_file(port));
        // Nothing is sent or fetched but what the demo itself does.
        wrangler.env("WRANGLER_SEND_METRICS", "false").env("WRANGLER_SEND_ERROR_REPORTS", "false");
        wrangler.env("CLOUDFLARE_CF_FETCH_ENABLED", "false").env("CI", "1");
        wrangler.current_dir(directory()).stdout(output.try_clone()?).stderr(output);
        // In a group of its own, so that Ctrl-C reaches it through us, once, and all of it.
        let child = wrangler.process_group(0).spawn().context("starting wrangler")?;
        let mut server = Self { child, log };

        let started = Instant::now();
        while !answers(port) {
            if stopped.load(Ordering::Relaxed) {
                return Ok(server);
            }
            if server.has_ended()? {
                bail!("the Worker did not start. Its log:\n{}", server.log_end());
            }
            if started.elapsed() > START {
                bail!("the Worker did not answer within {START:?}. Its log:\n{}", server.log_end());
            }
            thread::sleep(Duration::from_millis(100));
            step.progress("waiting for /v1/health");
        }
        step.done_as(&format!(
            "workerd answers on http://127.0.0.1:{port}, state in {}",
            paths::shown(&state)
        ));
        Ok(server)
    }

    pub(super) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait().context("watching wrangler")?.is_some())
    }

    /// The last lines of what the Worker logged.
    pub(super) fn log_end(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.trim_end().lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Asks it to end, waits, and ends by force what is left of its process group.
    pub(super) fn stop(&mut self) {
        let id = self.child.id();
        if matches!(self.child.try_wait(), Ok(None)) {
            send("-TERM", &id.to_string());
            let asked = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && asked.elapsed() < STOP {
                thread::sleep(Duration::from_millis(20));
            }
        }
        send("-KILL", &format!("-{id}"));
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// `kill`; that a process has gone already is as good.
fn send(signal: &str, process: &str) {
    let _ = process::capture(command("kill").args([signal, "--", process]));
}

fn directory() -> PathBuf {
    paths::root().join("worker-example")
}

/// Whether `GET /v1/health` gives 200.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let host = format!("127.0.0.1:{port}");
        write!(stream, "GET /v1/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
