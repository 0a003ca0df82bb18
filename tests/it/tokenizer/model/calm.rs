//! Calm: from some moment on nothing goes wrong any more, the vault is there, and one tab is.

use stateright::Model as _;

use super::check::Tokenizing;
use super::state::{Mishaps, State};
use super::steps::Step;

/// What it takes to send, deliver and settle whatever is left, with a margin.
pub(super) const MOST_STEPS: usize = 200;

/// What is under way when calm comes is lost, and whoever waits for it gives up.
pub(super) fn begin(state: &mut State) {
    state.mishaps = Mishaps::default();
    state.network.clear();
    state.tabs = Default::default();
    state.wanted.clear();
    state.requests = state.requests.min(100);
}

/// What happens next: whatever is in the network arrives, what is missing is written off; else the tab sends.
pub(super) fn next(model: &Tokenizing, state: &State) -> Step {
    let mut steps = Vec::new();
    model.actions(state, &mut steps);
    let due = |step: &Step| matches!(step, Step::Arrive(_, false) | Step::WriteOff(_));
    steps.into_iter().find(due).unwrap_or(Step::Send(0))
}

/// Whether in calm everything comes to its end.
pub(super) fn comes_to_its_end(model: &Tokenizing, state: &State) -> bool {
    let model = Tokenizing { most_requests: u8::MAX, ..model.clone() };
    let mut state = state.clone();
    begin(&mut state);
    for _ in 0..MOST_STEPS {
        if state.is_settled() {
            return true;
        }
        state.mishaps.sleeps = 1;
        let step = next(&model, &state);
        let after =
            model.next_state(&state, step).or_else(|| model.next_state(&state, Step::Sleep));
        match after {
            Some(after) => state = after,
            None => return false,
        }
    }
    false
}
