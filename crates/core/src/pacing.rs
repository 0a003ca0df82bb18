//! When a page sends a request again, and when it refreshes: the rules alone. The host keeps the clock and the timers.

use crate::time::UnixSeconds;

/// How long the authority answers a repeated request alike (PROTOCOL §3, §4), less a margin for the way there.
const WINDOW_MS: u32 = 55_000;
const FIRST_WAIT_MS: u32 = 400;
const LONGEST_WAIT_MS: u32 = 8_000;
const MOST_ATTEMPTS: u32 = 8;

/// The wait before the same request is sent again, after `attempts` within `elapsed_ms`; `None` to give up. Doubles from
/// 0.4 s up to 8 s; `jitter` (random) takes away up to half, so that pages that failed together do not return together.
/// Never shorter than the server asked for, never beyond the time in which it answers a repetition alike.
pub fn resend_after_ms(
    attempts: u32,
    elapsed_ms: u32,
    jitter: u8,
    asked_ms: Option<u32>,
) -> Option<u32> {
    if attempts >= MOST_ATTEMPTS {
        return None;
    }
    let doublings = attempts.saturating_sub(1).min(5);
    let longest = (FIRST_WAIT_MS << doublings).min(LONGEST_WAIT_MS);
    let wait = longest - longest * u32::from(jitter) / 512;
    let wait = wait.max(asked_ms.unwrap_or(0));
    (elapsed_ms.saturating_add(wait) <= WINDOW_MS).then_some(wait)
}

const FIRST_REFRESH_WAIT_MS: u32 = 5_000;
const LONGEST_REFRESH_WAIT_MS: u32 = 60_000;
/// What a refresh needs before the old token ends.
const LAST_CHANCE_MS: u32 = 10_000;

/// The wait before a refresh that failed is tried again: decorrelated jitter between 5 s and a minute, up to three times
/// `previous_ms` (0 after the first failure). Never shorter than the server asked for, except that a token with `left_ms`
/// to live gets one more chance shortly before its end, if that is more than a minute away.
pub fn refresh_again_after_ms(
    previous_ms: u32,
    jitter: u8,
    left_ms: u32,
    asked_ms: Option<u32>,
) -> u32 {
    let highest =
        previous_ms.max(FIRST_REFRESH_WAIT_MS).saturating_mul(3).min(LONGEST_REFRESH_WAIT_MS);
    let range = highest - FIRST_REFRESH_WAIT_MS;
    let wait = FIRST_REFRESH_WAIT_MS + range * u32::from(jitter) / 256;
    let last_chance = left_ms.saturating_sub(LAST_CHANCE_MS).max(LONGEST_REFRESH_WAIT_MS);
    asked_ms.map_or(wait, |asked| wait.max(asked.min(last_chance)))
}

/// When a token is due for a refresh: with a fifth of its life left, between 10 s and 2 min before its end.
pub fn refresh_at(issued_at: UnixSeconds, expires_at: UnixSeconds) -> UnixSeconds {
    let life = expires_at.as_i64().saturating_sub(issued_at.as_i64());
    let ahead = (life / 5).clamp(10, 120);
    expires_at.plus(-ahead).max(issued_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits: alloc::vec::Vec<_> =
            (1..=8).map(|attempts| resend_after_ms(attempts, 0, 0, None)).collect();
        let ms = [400, 800, 1600, 3200, 6400, 8000, 8000];
        assert_eq!(waits[..7], ms.map(Some));
        assert_eq!(waits[7], None);
    }

    #[test]
    fn jitter_takes_away_less_than_half() {
        assert_eq!(resend_after_ms(3, 0, 255, None), Some(804));
        assert_eq!(resend_after_ms(3, 0, 128, None), Some(1200));
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_more_than_the_window() {
        assert_eq!(resend_after_ms(1, 0, 0, Some(5_000)), Some(5_000));
        assert_eq!(resend_after_ms(1, 0, 0, Some(1)), Some(400));
        assert_eq!(resend_after_ms(1, 51_000, 0, Some(5_000)), None);
        assert_eq!(resend_after_ms(1, u32::MAX, 0, None), None);
    }

    #[test]
    fn a_refresh_that_fails_waits_longer_each_time_but_a_minute_at_most() {
        let again = |previous, jitter| refresh_again_after_ms(previous, jitter, 0, None);
        assert_eq!([again(0, 0), again(20_000, 0)], [5_000, 5_000]);
        assert_eq!(
            [again(0, 128), again(5_000, 128), again(10_000, 128)],
            [10_000, 10_000, 17_500]
        );
        assert!(again(u32::MAX, 255) < 60_000);
    }

    #[test]
    fn a_refresh_waits_as_the_server_asks_while_the_token_lives() {
        let asked = |left, asked| refresh_again_after_ms(0, 0, left, Some(asked));
        assert_eq!(asked(120_000, 1), 5_000);
        assert_eq!(asked(120_000, 70_000), 70_000);
        assert_eq!(asked(120_000, 3_600_000), 110_000);
        assert_eq!(asked(0, 30_000), 30_000);
        assert_eq!(asked(0, 3_600_000), 60_000);
    }

    #[test]
    fn a_refresh_is_due_before_the_end_and_not_before_the_start() {
        let due =
            |life: i64| refresh_at(UnixSeconds::new(1000), UnixSeconds::new(1000 + life)).as_i64();
        assert_eq!(due(900), 1780);
        assert_eq!(due(300), 1240);
        assert_eq!(due(20), 1010);
        assert_eq!(due(5), 1000);
    }
}
