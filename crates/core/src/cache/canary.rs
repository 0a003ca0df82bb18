//! The canary of a store: a row of the store itself that knows how far it got, with a twin in `localStorage`. Storage that was cleared,
//! evicted or damaged opens empty and without an error; only a comparison shows what is gone.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::Tier;
use super::row::{Row, decimal};

/// Up to this many rows the canary knows each by its revision, so that one that was put back or taken away is noticed.
const MOST_LISTED: usize = 64;
/// A store that begins anew counts on from its twin, which may be behind what was committed. So far behind it is not: no revision
/// comes twice.
const LEAP: u64 = 1 << 20;

/// What a store knows of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Canary {
    /// Random; another one where nothing was left of the store before.
    pub install: String,
    /// How often the store was lost and began anew.
    pub epoch: u32,
    /// How often of these it was the database that was lost.
    pub losses: u32,
    /// The revision of the last write.
    pub high: u64,
    /// Whether its twin was ever found, and would be missed.
    pub twin: bool,
    /// The revision of each row, unless there are too many of them.
    pub listed: Option<Vec<(String, u64)>>,
}

/// What the other place says.
#[derive(Debug)]
pub enum Twin {
    /// It cannot be asked.
    Unavailable,
    /// Nothing.
    Absent,
    /// Its copy, without the list.
    Present(Canary),
}

/// A comparison: the canary as it is to be, and what was lost.
#[derive(Debug)]
pub struct Judgement {
    /// What to go on with.
    pub canary: Canary,
    /// Whose contents are gone, or older than they were.
    pub lost: Option<Tier>,
    /// Whether the store has to write it.
    pub changed: bool,
}

impl Canary {
    /// A store that begins.
    pub const fn new(install: String) -> Self {
        Self { install, epoch: 0, losses: 0, high: 0, twin: false, listed: Some(Vec::new()) }
    }

    /// As a row: what it is and the list, line by line.
    pub fn to_row(&self) -> Row {
        let mut value = self.summary(if self.listed.is_some() { "" } else { "*" });
        for (key, revision) in self.listed.iter().flatten() {
            value.push('\n');
            value.push_str(&decimal(*revision));
            value.push(' ');
            value.push_str(key);
        }
        Row { value, revision: self.high }
    }

    /// As the row of its twin.
    pub fn to_twin(&self) -> Row {
        Row { value: self.summary(""), revision: self.high }
    }

    fn summary(&self, unlisted: &str) -> String {
        let (epoch, losses) = (decimal(self.epoch.into()), decimal(self.losses.into()));
        let twin = if self.twin { "2" } else { "1" };
        [self.install.as_str(), " ", &epoch, " ", twin, unlisted, " ", &losses].concat()
    }

    /// Reads what [`Self::to_row`] or [`Self::to_twin`] wrote.
    pub fn of_row(row: &Row) -> Option<Self> {
        let (first, lines) = row.value.split_once('\n').unwrap_or((&row.value, ""));
        let mut words = first.split(' ');
        let install = words.next()?.to_string();
        let epoch = words.next()?.parse().ok()?;
        let last = words.next()?;
        let losses = words.next().and_then(|losses| losses.parse().ok()).unwrap_or(0);
        let mut listed = Vec::new();
        for line in lines.lines() {
            let (revision, key) = line.split_once(' ')?;
            listed.push((key.to_string(), revision.parse().ok()?));
        }
        let (twin, listed) =
            (last.starts_with('2'), if last.ends_with('*') { None } else { Some(listed) });
        Some(Self { install, epoch, losses, high: row.revision, twin, listed })
    }

    /// Notes that a row has this revision now, or is gone.
    pub fn note(&mut self, key: &str, revision: Option<u64>) {
        let Some(listed) = &mut self.listed else { return };
        listed.retain(|(other, _)| other != key);
        match revision {
            Some(_) if listed.len() >= MOST_LISTED => self.listed = None,
            Some(revision) => listed.push((key.to_string(), revision)),
            None => {}
        }
    }

    /// Whether the database was lost since it was as `known`, and somebody else has noticed.
    pub fn lost_since(&self, known: &Self) -> bool {
        self.install != known.install || self.losses > known.losses
    }

    /// The revision that a row has to have at least; 0 if it need not be there.
    pub fn least(&self, key: &str) -> u64 {
        let listed = self.listed.as_deref().unwrap_or_default();
        listed.iter().find(|(other, _)| other == key).map_or(0, |(_, revision)| *revision)
    }
}

/// Compares a store's canary with its twin. The twin is written after the store, so it may be behind, and is never ahead of
/// what was committed.
pub fn judge(own: Option<Canary>, twin: Twin, install: String) -> Judgement {
    // Only a twin that was found is one that can be missed. A store that has just begun has none yet, and one that was just written
    // reaches other tabs when the browser likes.
    let found = matches!(twin, Twin::Present(_));
    let (mut canary, lost) = match (own, twin) {
        (None, Twin::Present(twin)) => {
            let canary = Canary { listed: Some(Vec::new()), ..twin }.after_loss();
            (canary, Some(Tier::IndexedDb))
        }
        (None, _) => (Canary::new(install), None),
        // A twin comes from a store. One of another install: the store that it came from is gone, and nobody saw it.
        (Some(own), Twin::Present(twin))
            if own.install != twin.install || twin.high > own.high || twin.epoch > own.epoch =>
        {
            let high = own.high.max(twin.high);
            let epoch = own.epoch.max(twin.epoch);
            let losses = own.losses.max(twin.losses);
            let canary = Canary { high, epoch, losses, ..own }.after_loss();
            (canary, Some(Tier::IndexedDb))
        }
        (Some(own), Twin::Absent) if own.twin => (own.next_epoch(), Some(Tier::LocalStorage)),
        (Some(own), _) => {
            let changed = found && !own.twin;
            let canary = Canary { twin: own.twin || found, ..own };
            return Judgement { canary, lost: None, changed };
        }
    };
    canary.twin = found;
    Judgement { canary, lost, changed: true }
}

impl Canary {
    fn next_epoch(self) -> Self {
        Self { epoch: self.epoch.saturating_add(1), ..self }
    }

    fn after_loss(self) -> Self {
        let losses = self.losses.saturating_add(1);
        Self { losses, high: self.high.saturating_add(LEAP), ..self.next_epoch() }
    }
}
