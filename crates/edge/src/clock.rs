//! Times as they cross: whole Unix seconds in an `f64`, which holds them exactly.

use lingpai_core::time::UnixSeconds;

/// A time that JavaScript has given. The conversion saturates; `NaN` becomes 0, when every token has yet to be issued.
pub(crate) const fn unix_seconds(seconds: f64) -> UnixSeconds {
    UnixSeconds::new(seconds as i64)
}
