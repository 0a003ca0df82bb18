//! Whatever happens to the page's clock, a token that has expired does not look alive.

use lingpai_core::cache::clock::{Clock, Reading};
use proptest::prelude::*;

/// What happens to a device, in milliseconds.
#[derive(Clone, Debug)]
enum Turn {
    Passes(u32),
    /// The monotonic clock stands still meanwhile.
    Sleeps(u32),
    Set(i64),
    Hears,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        4 => (0..600_000_u32).prop_map(Turn::Passes),
        2 => (0..7_200_000_u32).prop_map(Turn::Sleeps),
        2 => (-90_000_000..90_000_000_i64).prop_map(Turn::Set),
        1 => Just(Turn::Hears),
    ];
    prop::collection::vec(turn, 1..40)
}

/// The true time, and the device's two clocks.
struct Device {
    truth: f64,
    wall: f64,
    monotonic: f64,
}

impl Device {
    fn read(&self) -> Reading {
        Reading { wall_ms: self.wall, monotonic_ms: self.monotonic }
    }

    fn turn(&mut self, turn: &Turn, clock: &mut Clock) {
        match *turn {
            Turn::Passes(ms) => {
                self.truth += f64::from(ms);
                self.wall += f64::from(ms);
                self.monotonic += f64::from(ms);
            }
            Turn::Sleeps(ms) => {
                self.truth += f64::from(ms);
                self.wall += f64::from(ms);
            }
            Turn::Set(ms) => self.wall += ms as f64,
            Turn::Hears => clock.set(self.truth, self.read()),
        }
        // As a page does whenever it is asked for its token, and by its timers.
        clock.look(self.read());
    }
}

/// What a page may be behind: corrections too small to be told from drift, one for each turn.
const SLACK_MS: f64 = 5_000.0;

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_expired_token_is_never_served(turns in turns(), life in 1_000..900_000_u32) {
        let mut device = Device { truth: 1e12, wall: 1e12, monotonic: 0.0 };
        let mut clock = Clock::new();
        clock.set(device.truth, device.read());
        let expires = device.truth + f64::from(life);
        let mut slack = 0.0;
        for turn in &turns {
            device.turn(turn, &mut clock);
            match turn {
                Turn::Set(ms) if (-5_000..0).contains(ms) => slack += SLACK_MS,
                Turn::Hears => slack = 0.0,
                _ => {}
            }
            let served = clock.now_ms(device.read()) < expires;
            prop_assert!(!served || device.truth < expires + slack, "{} ms late", device.truth - expires);
        }
    }

    #[test]
    fn a_clock_that_was_turned_back_between_two_pages_says_so(
        offset in -1e7..1e7_f64,
        back in 5_001.0..1e9_f64,
    ) {
        let former = 1e12;
        let at = Reading { wall_ms: former - offset - back, monotonic_ms: 3.0 };
        let mut clock = Clock::new();
        prop_assert!(!clock.restore(offset, former, at));
        prop_assert!(clock.now_ms(at) >= former);
    }
}

#[test]
fn a_jump_is_told_once_and_with_its_size() {
    let mut clock = Clock::new();
    let at = |wall_ms, monotonic_ms| Reading { wall_ms, monotonic_ms };
    clock.set(5e9, at(1e9, 0.0));
    assert_eq!(clock.look(at(1e9 + 1_000.0, 1_000.0)), 0.0);
    assert_eq!(clock.look(at(1e9 + 61_000.0, 1_000.0)), 60_000.0);
    assert_eq!(clock.look(at(1e9 + 61_000.0, 1_000.0)), 0.0);
    assert_eq!(clock.look(at(1e9, 2_000.0)), -62_000.0);
}

#[test]
fn a_raw_clock_outside_of_a_tokens_life_is_corrected() {
    let at = Reading { wall_ms: 0.0, monotonic_ms: 0.0 };
    let mut clock = Clock::new();
    clock.hint(1e9, 1e9 + 60_000.0, at);
    assert_eq!(clock.offset_ms(), 1e9);
    clock.hint(1e9 - 1_000.0, 1e9 + 60_000.0, at);
    assert_eq!(clock.offset_ms(), 1e9);
}
