//! The authority's time, as far as a page knows it. A page's own clock may be wrong, jump, or be turned back; the monotonic one beside
//! it cannot, but may stand still while the device sleeps. All times in milliseconds; none is asked for here.

/// What a device may correct its clock by without having been wrong.
const ADJUSTMENT_MS: f64 = 5_000.0;

/// A reading of both clocks of a page at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The page's own time, Unix milliseconds.
    pub wall_ms: f64,
    /// Milliseconds that only go up.
    pub monotonic_ms: f64,
}

/// A clock that follows the authority's answers.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_ms: f64,
    /// The authority's time at a monotonic moment.
    since: Option<(f64, f64)>,
    read: Option<Reading>,
    jumped_ms: f64,
}

impl Clock {
    /// A clock that has heard nothing yet.
    pub const fn new() -> Self {
        Self { offset_ms: 0.0, since: None, read: None, jumped_ms: 0.0 }
    }

    /// The authority's time. The later of both clocks is the nearer to the truth: one that is turned back would make an expired
    /// token look alive.
    pub fn now_ms(&mut self, at: Reading) -> f64 {
        self.follow(at);
        let wall = at.wall_ms + self.offset_ms;
        self.since.map_or(wall, |(ms, monotonic)| wall.max(ms + at.monotonic_ms - monotonic))
    }

    /// How far the authority's clock is ahead of the page's.
    pub const fn offset_ms(&self) -> f64 {
        self.offset_ms
    }

    /// The authority said what time it is.
    pub fn set(&mut self, now_ms: f64, at: Reading) {
        self.offset_ms = now_ms - at.wall_ms;
        self.since = Some((now_ms, at.monotonic_ms));
        self.read = Some(at);
    }

    /// A former offset, from before a reload, and the authority's time back then, which is over. Whether the page's clock can
    /// have run on since; one that was turned back says too little until the authority is heard again.
    pub fn restore(&mut self, offset_ms: f64, former_ms: f64, at: Reading) -> bool {
        let ms = at.wall_ms + offset_ms;
        self.set(ms.max(former_ms), at);
        ms >= former_ms - ADJUSTMENT_MS
    }

    /// The authority issued something at this time that ends at that: a raw clock outside of it is wrong.
    pub fn hint(&mut self, issued_at_ms: f64, expires_at_ms: f64, at: Reading) {
        let now = self.now_ms(at);
        if now < issued_at_ms || now >= expires_at_ms {
            self.set(issued_at_ms, at);
        }
    }

    /// By how much the page's clock went off since the last look: forward (it was set, or the device slept while the monotonic clock
    /// stood still), or back; 0 if it went on as it should.
    pub fn look(&mut self, at: Reading) -> f64 {
        self.follow(at);
        core::mem::take(&mut self.jumped_ms)
    }

    /// A clock that was turned back is not followed: its offset grows by as much. One step at a time, so that a device that sleeps
    /// afterwards does not hide it.
    fn follow(&mut self, at: Reading) {
        let Some(before) = self.read.replace(at) else { return };
        let drift = (at.wall_ms - before.wall_ms) - (at.monotonic_ms - before.monotonic_ms);
        if drift <= -ADJUSTMENT_MS {
            self.offset_ms -= drift;
        }
        if drift.abs() >= ADJUSTMENT_MS {
            self.jumped_ms += drift;
        }
    }
}
