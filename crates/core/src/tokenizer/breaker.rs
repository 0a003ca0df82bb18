//! The circuit breaker: whether the vault is there, by its success rate over a sliding window. Closed, it lets all through;
//! open, none; half open, one probe of the whole browser. Its state is a row, so that all tabs and the next start know it. A vault that
//! has had too much of something is there: that pauses, and the circuit stays as it is.

use alloc::string::String;
use alloc::vec::Vec;

use super::pauses::{Call, Pauses};
use super::store::{Batch, Row, Rows};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, ObjectWriter, Value, write_integer};
use crate::secret::Seed;

/// Its key in the store.
pub const KEY: &str = "breaker";

/// How long a slice of the window is, in milliseconds.
const SLICE_MS: u64 = 5_000;
/// Slices in the window.
const SLICES: usize = 6;
/// Fewer calls than this say nothing.
const MIN_SAMPLE: u64 = 4;
/// It opens when less than this share of the calls succeeds, in percent.
const MIN_SUCCESS_PERCENT: u64 = 50;
/// The shortest time that it stays open, in milliseconds.
const FIRST_WAIT_MS: u64 = 1_000;
/// The longest, unless the vault asked for more.
const LONGEST_WAIT_MS: u64 = 60_000;
/// The most that the vault may ask for.
const LONGEST_ASKED_MS: u64 = 3_600_000;
/// How long a probe may take before another is let through: longer than a request may take.
const PROBE_MS: u64 = 15_000;

/// What a call to the vault said about the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered, be it with a refusal: 2xx with a document, and 4xx but 429.
    Alive,
    /// It is there and has had too much: 429. `asked_ms`: what `Retry-After` said.
    Limited {
        /// In milliseconds.
        asked_ms: Option<u64>,
    },
    /// It did not answer, or too late, with 5xx, or with something that is no document. `asked_ms`: what `Retry-After` said.
    Failing {
        /// In milliseconds.
        asked_ms: Option<u64>,
    },
}

impl Outcome {
    /// The outcome of an answer with this status; `document` says whether its body was what it should be.
    pub const fn of_answer(status: u16, document: bool, asked_ms: Option<u64>) -> Self {
        match status {
            429 => Self::Limited { asked_ms },
            500.. => Self::Failing { asked_ms },
            400..500 => Self::Alive,
            200..300 if document => Self::Alive,
            // A redirect, or the page of a portal that is no vault.
            _ => Self::Failing { asked_ms: None },
        }
    }
}

/// What it says to a call that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Go on.
    Pass,
    /// Go on as the one probe, once this is written; whoever cannot write it waits.
    Probe(Batch),
    /// Do without the vault, for so many milliseconds at least.
    Wait(u64),
}

/// The state of the circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    state: State,
    /// The last time that it stayed open, in milliseconds; 0 since it was closed for good.
    waited_ms: u64,
    slices: Vec<Slice>,
    pauses: Pauses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until_ms: u64 },
    HalfOpen { until_ms: u64 },
}

/// The calls of a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    number: u64,
    succeeded: u32,
    failed: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::closed(Pauses::default())
    }
}

impl Breaker {
    const fn closed(pauses: Pauses) -> Self {
        Self { state: State::Closed, waited_ms: 0, slices: Vec::new(), pauses }
    }

    /// The breaker in the store. One that cannot be read starts anew: it holds nothing that could be lost.
    ///
    /// Errors: `internal` if it was not read.
    pub fn of(rows: &Rows) -> Result<Self> {
        Ok(rows.row(KEY)?.and_then(|row| Self::parse(row).ok()).unwrap_or_default())
    }

    /// Reads the row.
    ///
    /// Errors: `malformed`, `claim_invalid`.
    pub fn parse(row: &Row) -> Result<Self> {
        let invalid = Error::with_detail(ErrorCode::ClaimInvalid, "breaker");
        let read = json::parse_object(row.value.as_bytes())?;
        let number = |name| u64::try_from(read.integer(name)?).map_err(|_| invalid);
        let state = match read.string("state")? {
            "closed" => State::Closed,
            "open" => State::Open { until_ms: number("until")? },
            "half_open" => State::HalfOpen { until_ms: number("until")? },
            _ => return Err(invalid),
        };
        let Some(Value::Array(slices)) = read.get("slices") else { return Err(invalid) };
        let slice = |slice: &Value| match slice {
            Value::Array(parts) => {
                let part = |at: usize| match parts.get(at) {
                    Some(Value::Number(part)) => part.as_integer(),
                    _ => None,
                };
                let count = |at| u32::try_from(part(at)?).ok();
                Some(Slice {
                    number: u64::try_from(part(0)?).ok()?,
                    succeeded: count(1)?,
                    failed: count(2)?,
                })
            }
            _ => None,
        };
        let slices = slices.iter().map(slice).collect::<Option<Vec<_>>>().ok_or(invalid)?;
        Ok(Self { state, waited_ms: number("waited")?, slices, pauses: Pauses::read(&read)? })
    }

    fn to_json(&self) -> String {
        let (state, until) = match self.state {
            State::Closed => ("closed", None),
            State::Open { until_ms } => ("open", Some(until_ms)),
            State::HalfOpen { until_ms } => ("half_open", Some(until_ms)),
        };
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut slices = String::from("[");
        for slice in &self.slices {
            if slices.len() > 1 {
                slices.push(',');
            }
            slices.push('[');
            write_integer(number(slice.number), &mut slices);
            slices.push(',');
            write_integer(i64::from(slice.succeeded), &mut slices);
            slices.push(',');
            write_integer(i64::from(slice.failed), &mut slices);
            slices.push(']');
        }
        slices.push(']');
        let out = ObjectWriter::new()
            .string("state", state)
            .optional_integer("until", until.map(number))
            .integer("waited", number(self.waited_ms))
            .raw("slices", &slices);
        self.pauses.write(out).finish()
    }

    /// Whether all calls go through.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// The name of the state, for events.
    pub const fn name(&self) -> &'static str {
        match self.state {
            State::Closed => "closed",
            State::Open { .. } => "open",
            State::HalfOpen { .. } => "half_open",
        }
    }

    /// How much longer `call` pauses because the vault has had too much of it, in milliseconds.
    pub fn pause(&self, call: Call, now_ms: u64) -> Option<u64> {
        self.pauses.left(call, now_ms)
    }

    /// Asks for a call. `now_ms` is the device's own clock.
    ///
    /// Errors: `internal` if the row was not read.
    pub fn gate(&self, rows: &Rows, call: Call, now_ms: u64) -> Result<Gate> {
        if let Some(left) = self.pause(call, now_ms) {
            return Ok(Gate::Wait(left));
        }
        let (until_ms, longest) = match self.state {
            State::Closed => return Ok(Gate::Pass),
            State::Open { until_ms } => (until_ms, LONGEST_ASKED_MS),
            State::HalfOpen { until_ms } => (until_ms, PROBE_MS),
        };
        let left = until_ms.saturating_sub(now_ms);
        // Longer than it can have been asked for: the clock was turned back since.
        if left > 0 && left <= longest {
            return Ok(Gate::Wait(left));
        }
        let until_ms = now_ms.saturating_add(PROBE_MS);
        let probing = Self { state: State::HalfOpen { until_ms }, ..self.clone() };
        Ok(Gate::Probe(probing.write(rows)?))
    }

    /// Notes the outcome of a call. `probe` says whether it was the one that [`Gate::Probe`] let through; `jitter` is one draw
    /// of randomness. What comes back is to be written if the state is another one than before (it may be, else).
    #[must_use]
    pub fn record(
        &self,
        call: Call,
        outcome: Outcome,
        probe: bool,
        now_ms: u64,
        jitter: &Seed,
    ) -> Self {
        let mut next = self.clone();
        if let Outcome::Limited { asked_ms } = outcome {
            next.pauses.begin(call, asked_ms, now_ms);
            // Whoever counts is there.
            return if probe { Self::closed(next.pauses) } else { next };
        }
        // What was sent before it opened and comes back late decides nothing.
        if !probe && !self.is_closed() {
            return next;
        }
        if probe && outcome == Outcome::Alive {
            return Self::closed(next.pauses);
        }
        next.count(now_ms, outcome);
        if let Outcome::Failing { asked_ms } = outcome
            && (probe || next.trips())
        {
            next.open(asked_ms, now_ms, jitter);
        }
        next
    }

    /// The transaction that writes it, relaxed: what is lost of it is learnt again.
    ///
    /// Errors: `internal` if the row was not read.
    pub fn write(&self, rows: &Rows) -> Result<Batch> {
        let mut batch = Batch::relaxed();
        batch.expect(KEY, rows.row(KEY)?);
        batch.put(KEY, self.to_json());
        Ok(batch)
    }

    fn count(&mut self, now_ms: u64, outcome: Outcome) {
        let number = now_ms / SLICE_MS;
        let oldest = number.saturating_sub(SLICES as u64 - 1);
        // Slices of the future are of a clock that was turned back.
        self.slices.retain(|slice| (oldest..=number).contains(&slice.number));
        let present = self.slices.iter().find(|slice| slice.number == number).copied();
        self.slices.retain(|slice| slice.number != number);
        let mut slice = present.unwrap_or(Slice { number, ..Slice::default() });
        match outcome {
            Outcome::Alive => slice.succeeded = slice.succeeded.saturating_add(1),
            // Neither good nor bad: it is not counted.
            Outcome::Limited { .. } => {}
            Outcome::Failing { .. } => slice.failed = slice.failed.saturating_add(1),
        }
        self.slices.push(slice);
    }

    fn trips(&self) -> bool {
        let sum = |count: fn(&Slice) -> u32| -> u64 {
            self.slices.iter().map(|slice| u64::from(count(slice))).sum()
        };
        let succeeded = sum(|slice| slice.succeeded);
        let all = succeeded + sum(|slice| slice.failed);
        all >= MIN_SAMPLE && succeeded * 100 < all * MIN_SUCCESS_PERCENT
    }

    /// Decorrelated jitter: between the shortest wait and three times the last one.
    fn open(&mut self, asked_ms: Option<u64>, now_ms: u64, jitter: &Seed) {
        let highest = self.waited_ms.max(FIRST_WAIT_MS).saturating_mul(3).min(LONGEST_WAIT_MS);
        let [a, b, c, d, ..] = *jitter.bytes();
        let part = u64::from(u32::from_be_bytes([a, b, c, d]));
        let wait = FIRST_WAIT_MS + (((highest - FIRST_WAIT_MS) * part) >> 32);
        self.waited_ms = wait;
        let wait = wait.max(asked_ms.unwrap_or(0).min(LONGEST_ASKED_MS));
        self.state = State::Open { until_ms: now_ms.saturating_add(wait) };
        self.slices.clear();
    }
}
