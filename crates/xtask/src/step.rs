//! What a person sees while waiting: one line per step, with its duration; long steps show where they are.

use std::cell::Cell;
use std::io::{IsTerminal as _, Write as _, stdout};
use std::time::{Duration, Instant};

thread_local! {
    /// Whether the cursor stands behind an unfinished line.
    static LINE_OPEN: Cell<bool> = const { Cell::new(false) };
}

/// A step under way. Dropped without `done`, it failed, and the error says why.
pub(crate) struct Step {
    label: String,
    started: Instant,
    last_report: Cell<Instant>,
}

impl Step {
    pub(crate) fn begin(label: impl Into<String>) -> Self {
        let label = label.into();
        let now = Instant::now();
        if stdout().is_terminal() {
            print!("  {label} …");
            let _ = stdout().flush();
            LINE_OPEN.set(true);
        }
        Self { label, started: now, last_report: Cell::new(now) }
    }

    /// Tells how far a long step is; rate-limited, so call as often as you like.
    pub(crate) fn progress(&self, detail: &str) {
        let on_terminal = stdout().is_terminal();
        let interval = Duration::from_millis(if on_terminal { 250 } else { 10_000 });
        if self.last_report.get().elapsed() < interval {
            return;
        }
        self.last_report.set(Instant::now());
        let seconds = self.started.elapsed().as_secs();
        let detail: String = detail.trim().chars().take(60).collect();
        if on_terminal {
            print!("\r\x1b[K  {} … {seconds} s  {detail}", self.label);
            let _ = stdout().flush();
        } else {
            println!("  {} … {seconds} s  {detail}", self.label);
        }
    }

    pub(crate) fn done(self) {
        let label = self.label.clone();
        self.done_as(&label);
    }

    /// Ends the step with a line that says what came out.
    pub(crate) fn done_as(self, outcome: &str) {
        let start = if stdout().is_terminal() { "\r\x1b[K" } else { "" };
        println!("{start}  {outcome}  ({})", seconds(self.started.elapsed()));
        LINE_OPEN.set(false);
    }
}

/// A step for which there was nothing to do.
pub(crate) fn up_to_date(label: &str) {
    println!("  {label}  (up to date)");
}

/// Moves to a fresh line if a step was interrupted by an error.
pub(crate) fn close_line() {
    if LINE_OPEN.replace(false) {
        println!();
    }
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
