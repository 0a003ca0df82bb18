//! The clock that follows the authority: core's rule, for the page's two clocks.

use lingpai_core::cache::clock::{self, Reading};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::platform;

/// A clock. Each call takes the page's own time, Unix milliseconds.
#[wasm_bindgen]
#[derive(Default)]
pub struct Clock(clock::Clock);

#[wasm_bindgen]
impl Clock {
    /// A clock that has heard nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// The authority's time, Unix milliseconds.
    #[wasm_bindgen(js_name = nowMs)]
    pub fn now_ms(&mut self, wall_ms: f64) -> f64 {
        self.0.now_ms(reading(wall_ms))
    }

    /// How far the authority's clock is ahead of the page's, in milliseconds.
    #[wasm_bindgen(js_name = offsetMs)]
    pub fn offset_ms(&self) -> f64 {
        self.0.offset_ms()
    }

    /// The authority said what time it is.
    pub fn set(&mut self, wall_ms: f64, now_ms: f64) {
        self.0.set(now_ms, reading(wall_ms));
    }

    /// A former offset, and the authority's time back then. Whether the page's clock can have run on since.
    pub fn restore(&mut self, wall_ms: f64, offset_ms: f64, former_ms: f64) -> bool {
        self.0.restore(offset_ms, former_ms, reading(wall_ms))
    }

    /// The authority issued something at this time that ends at that.
    pub fn hint(&mut self, wall_ms: f64, issued_at_ms: f64, expires_at_ms: f64) {
        self.0.hint(issued_at_ms, expires_at_ms, reading(wall_ms));
    }

    /// By how many milliseconds the page's clock went off since the last look; 0 if it went on as it should.
    pub fn look(&mut self, wall_ms: f64) -> f64 {
        self.0.look(reading(wall_ms))
    }
}

fn reading(wall_ms: f64) -> Reading {
    Reading { wall_ms, monotonic_ms: platform::now_ms() }
}
