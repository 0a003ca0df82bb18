//! Who acts for all tabs, where there are no locks: a row with a holder, an end, and a generation. The generation is the fence: whoever
//! was taken over finds another one when it writes, and is refused.

use alloc::string::{String, ToString as _};

use super::row::decimal;

/// A lease as it rests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lease {
    /// Who has it; nobody, if empty.
    pub holder: String,
    /// Goes up with each change of hands.
    pub generation: u64,
    /// Until when, in milliseconds of the wall clock that all tabs share.
    pub until_ms: u64,
}

/// What to do about a lease.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// Write this, if the row is still as it was read. Then it is ours.
    Take(Lease),
    /// Somebody has it; ask again after this many milliseconds at most.
    Wait(u64),
}

impl Lease {
    /// As text.
    pub fn to_text(&self) -> String {
        let (generation, until) = (decimal(self.generation), decimal(self.until_ms));
        [&generation, " ", until.as_str(), " ", &self.holder].concat()
    }

    /// Reads what [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, ' ');
        let generation = words.next()?.parse().ok()?;
        let until_ms = words.next()?.parse().ok()?;
        Some(Self { holder: words.next()?.to_string(), generation, until_ms })
    }

    /// The lease given back: its generation stays, so that the next one is another.
    #[must_use]
    pub fn released(&self) -> Self {
        Self { holder: String::new(), generation: self.generation, until_ms: 0 }
    }
}

/// Claims a lease for `holder` at `now_ms`, for `term_ms`. One that ends later than any term could is of a clock that was turned
/// back since, and is as good as over.
pub fn claim(current: Option<&Lease>, holder: &str, now_ms: u64, term_ms: u64) -> Claim {
    let generation = current.map_or(0, |lease| lease.generation);
    let taken = |generation| {
        let until_ms = now_ms.saturating_add(term_ms);
        Claim::Take(Lease { holder: holder.to_string(), generation, until_ms })
    };
    match current {
        Some(lease) if lease.holder == holder => taken(generation),
        Some(lease) if !lease.holder.is_empty() => {
            let left = lease.until_ms.saturating_sub(now_ms);
            if left == 0 || left > term_ms { taken(generation + 1) } else { Claim::Wait(left) }
        }
        _ => taken(generation + 1),
    }
}
