//! Ten thousand outages, each by a seed of its own: random steps of the model with far more mishaps than a search could hold, then
//! calm, in which everything has to come to its end.
//!
//! One of them again: `LINGPAI_OUTAGE=<seed> cargo test -p lingpai-tests --test it outage -- --nocapture`.

use stateright::{Expectation, Model as _};

use super::calm;
use super::check::Tokenizing;
use super::state::{Mishaps, State};
use super::steps::Step;

const OUTAGES: u64 = 10_000;
const MOST_STEPS: usize = 60;

/// xorshift64*, so that a seed is a number that can be typed in.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}

fn outage(seed: u64, verbose: bool) -> Result<(), String> {
    let mut random = Random::new(seed);
    let mut few = |most: usize| random.below(most + 1) as u8;
    let mishaps = Mishaps {
        crashes: few(3),
        repeats: few(3),
        sleeps: few(3),
        evictions: few(1),
        restores: few(1) * few(1),
        halves: few(2),
        refusals: few(2),
    };
    let model = Tokenizing::any(&mut |bound| random.below(bound), mishaps);
    let mut state = model.init_states().remove(0);
    for _ in 0..MOST_STEPS {
        let mut steps = Vec::new();
        model.actions(&state, &mut steps);
        if steps.is_empty() {
            break;
        }
        let step = steps.swap_remove(random.below(steps.len()));
        take(&model, &mut state, step, verbose)?;
    }
    calm_down(&model, &mut state, verbose)
}

/// From now on nothing goes wrong any more: what is left has to be done, or dead, or known to be lost.
fn calm_down(model: &Tokenizing, state: &mut State, verbose: bool) -> Result<(), String> {
    let model = Tokenizing { most_requests: u8::MAX, ..model.clone() };
    calm::begin(state);
    for _ in 0..calm::MOST_STEPS {
        if state.is_settled() {
            return Ok(());
        }
        state.mishaps.sleeps = 1;
        let step = calm::next(&model, state);
        if !take(&model, state, step, verbose)? {
            take(&model, state, Step::Sleep, verbose)?;
        }
    }
    Err("P8: it does not come to its end".to_owned())
}

/// Takes a step and looks at all properties. Whether it changed anything.
fn take(model: &Tokenizing, state: &mut State, step: Step, verbose: bool) -> Result<bool, String> {
    if verbose {
        println!("{step:.200?}");
    }
    let Some(next) = model.next_state(state, step) else { return Ok(false) };
    *state = next;
    for property in model.properties() {
        let always = property.expectation == Expectation::Always;
        if always && !(property.condition)(model, state) {
            return Err(property.name.to_owned());
        }
    }
    Ok(true)
}

#[test]
fn ten_thousand_outages_lose_and_double_nothing() {
    if let Ok(seed) = std::env::var("LINGPAI_OUTAGE") {
        let seed = seed.parse().expect("a number");
        outage(seed, true).unwrap_or_else(|broken| panic!("outage {seed} breaks {broken}"));
        return;
    }
    let failed: Vec<String> = std::thread::scope(|scope| {
        let run = |from: u64| {
            move || {
                (from..OUTAGES)
                    .step_by(2)
                    .filter_map(|seed| {
                        Some(format!("{seed} breaks {}", outage(seed, false).err()?))
                    })
                    .take(5)
                    .collect::<Vec<_>>()
            }
        };
        let halves = [scope.spawn(run(0)), scope.spawn(run(1))];
        halves.into_iter().flat_map(|half| half.join().expect("it ran")).collect()
    });
    assert!(
        failed.is_empty(),
        "{failed:#?}\nagain: LINGPAI_OUTAGE=<seed> cargo test -p lingpai-tests --test it outage -- --nocapture"
    );
}
