//! The directory's record of one identity, and the only ways in which it changes. It is the one switch: whoever wants to know
//! where an identity is in force asks for it, and hosts believe the epoch that it gives out.
//!
//! ```text
//! registering ─▶ active ─▶ moving ─▶ copied ─▶ settling ─▶ active
//!      │            │         └────────┴──(rolled back)──▲
//!      ▼            ▼
//!  (forgotten)   removing ─▶ removed
//! ```

use alloc::vec::Vec;

use super::area::Area;
use super::fence::{Deletion, Epoch, Kind};
use super::plan::{self, Task};
use crate::error::{Error, ErrorCode, Result};
use crate::time::UnixSeconds;

/// How long whoever drives a plan has for one step before an alarm drives it on, in seconds.
pub const STEP_SECONDS: i64 = 3;

/// How long a registration may take before it is rolled back, in seconds.
pub const REGISTRATION_SECONDS: i64 = 10;

/// Attempts at one step of a move before it is rolled back. Once it is decided there is no limit.
pub const MOST_ATTEMPTS: u32 = 5;

/// The longest pause between two attempts, in seconds.
pub const LONGEST_PAUSE_SECONDS: i64 = 300;

/// What the directory holds of an identity. No identifier, and no way to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub(super) area: Area,
    pub(super) epoch: Epoch,
    pub(super) state: State,
    pub(super) attempts: u32,
    pub(super) wake_at: Option<UnixSeconds>,
    pub(super) undone: Option<ErrorCode>,
}

/// In which state an identity is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The identifier is being registered in the area.
    Registering,
    /// In force in the area, and nowhere else is anything of it.
    Active,
    /// Being copied from the area to another; `done` steps are done.
    Moving {
        /// Where it goes.
        to: Area,
        /// Steps that are done.
        done: u8,
    },
    /// Copied; what is left is the decision.
    Copied {
        /// Where it goes.
        to: Area,
    },
    /// In force in the area, while what another area had or got is being deleted.
    Settling {
        /// The area that is being cleared.
        left: Area,
        /// Steps that are done.
        done: u8,
    },
    /// Being deleted everywhere. From here on nothing gets in.
    Removing(Removal, u8),
    /// Deleted everywhere. This stays: an id never comes back.
    Removed(Removal),
}

/// A deletion in all areas: what for, where, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Why.
    pub cause: Cause,
    /// All areas in which anything could be.
    pub areas: Vec<Area>,
    /// What the hosts have said.
    pub facts: Vec<Fact>,
    /// When nothing got in any more.
    pub since: UnixSeconds,
    /// When its sessions were ended.
    pub revoked_at: Option<UnixSeconds>,
    /// When its values in the vault were erased, and how many.
    pub vault: Option<Deletion>,
    /// When the last step was done.
    pub ended_at: Option<UnixSeconds>,
}

/// Why an identity is being removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its registration came to nothing. Its record is forgotten in the end.
    Abandoned,
    /// The identity is deleted, and its data with it: data never stay without an identity.
    Identity,
    /// The person is erased: the vault's values as well.
    Person,
}

/// What one host deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Where.
    pub area: Area,
    /// Which kind of host.
    pub kind: Kind,
    /// How much, and when.
    pub deletion: Deletion,
}

/// Where to turn with an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// The area in force.
    pub area: &'a Area,
    /// The epoch to come with.
    pub epoch: Epoch,
    /// Whether writes are let in. Where they are not, the same write may succeed in a moment.
    pub writable: bool,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; where something was deleted, what.
    Done(Option<Deletion>),
    /// It cannot be done, and will not be: the identifier is somebody else's there.
    Refused(ErrorCode),
    /// Nobody knows: no answer came, or a failure did.
    Failed,
}

/// What a command leads to: an answer, or the record to hold from now on (`None`: none).
pub type Change = Result<Option<Record>>;

/// Begins a registration. The same again changes nothing.
///
/// Errors: `identity_erased`, `already_registered` for an id that exists: a draw of randomness that is not one.
pub fn register(record: Option<Record>, area: Area, now: UnixSeconds) -> Change {
    match record {
        None => Ok(Some(Record {
            area,
            epoch: Epoch::FIRST,
            state: State::Registering,
            attempts: 0,
            wake_at: Some(now.plus(REGISTRATION_SECONDS)),
            undone: None,
        })),
        Some(Record { state: State::Removing(..) | State::Removed(_), .. }) => {
            Err(ErrorCode::IdentityErased.into())
        }
        Some(record) if record.state == State::Registering && record.area == area => {
            Ok(Some(record))
        }
        Some(_) => Err(ErrorCode::AlreadyRegistered.into()),
    }
}

/// Ends a registration: the identity host has the identifier.
///
/// Errors: `identity_unknown`, `identity_erased` where the registration has been rolled back meanwhile.
pub fn confirm(record: Option<Record>) -> Change {
    let mut record = record.ok_or(ErrorCode::IdentityUnknown)?;
    match record.state {
        State::Registering => {
            record.state = State::Active;
            record.wake_at = None;
            Ok(Some(record))
        }
        State::Removing(..) | State::Removed(_) => Err(ErrorCode::IdentityErased.into()),
        _ => Ok(Some(record)),
    }
}

/// Gives a registration up because the identifier is another identity's. One that has come further stays as it is.
///
/// Errors: `limit_exceeded`.
pub fn abandon(record: Option<Record>, now: UnixSeconds) -> Change {
    match record {
        Some(record) if record.state == State::Registering => {
            let areas = [record.area.clone()];
            begin_removal(Some(record), Cause::Abandoned, &areas, now)
        }
        other => Ok(other),
    }
}

/// Begins a move. To where it is, or is going already, changes nothing.
///
/// Errors: `identity_unknown`, `identity_erased`; `moving` while another move has not come to its end.
pub fn begin_move(record: Option<Record>, to: Area, now: UnixSeconds) -> Change {
    let mut record = record.ok_or(ErrorCode::IdentityUnknown)?;
    match &record.state {
        State::Removing(..) | State::Removed(_) => return Err(ErrorCode::IdentityErased.into()),
        State::Moving { to: under_way, .. } | State::Copied { to: under_way }
            if *under_way == to =>
        {
            return Ok(Some(record));
        }
        State::Active | State::Settling { .. } if record.area == to => return Ok(Some(record)),
        State::Active => {}
        _ => return Err(ErrorCode::Moving.into()),
    }
    record.enter(record.epoch.next()?, State::Moving { to, done: 0 }, now);
    record.undone = None;
    Ok(Some(record))
}

/// Begins a removal: from here on nothing gets in. `areas` are all that there are, not only those that the record names.
///
/// Errors: `identity_unknown`.
pub fn begin_removal(
    record: Option<Record>,
    cause: Cause,
    areas: &[Area],
    now: UnixSeconds,
) -> Change {
    let mut record = record.ok_or(ErrorCode::IdentityUnknown)?;
    match &mut record.state {
        // Whoever deletes an identity and then erases the person gets the vault erased as well.
        State::Removing(removal, _)
            if (removal.cause, cause) == (Cause::Identity, Cause::Person) =>
        {
            removal.cause = cause;
        }
        State::Removed(removal) if (removal.cause, cause) == (Cause::Identity, Cause::Person) => {
            let mut again = removal.clone();
            again.cause = cause;
            let done = u8::try_from(plan::removal(&again).len().saturating_sub(1));
            let done = done.map_err(|_| Error::new(ErrorCode::LimitExceeded))?;
            record.enter(record.epoch, State::Removing(again, done), now);
        }
        State::Removing(..) | State::Removed(_) => {}
        _ => {
            let areas = areas.to_vec();
            let removal = Removal {
                cause,
                areas,
                facts: Vec::new(),
                since: now,
                revoked_at: None,
                vault: None,
                ended_at: None,
            };
            record.enter(record.epoch.next()?, State::Removing(removal, 0), now);
        }
    }
    Ok(Some(record))
}

/// Takes down what came of a step, if the plan still is where it was when the step began: the compare-and-set on which it all
/// rests. A driver that was overtaken changes nothing.
///
/// Errors: `limit_exceeded`.
pub fn report(record: Option<Record>, task: &Task, outcome: Outcome, now: UnixSeconds) -> Change {
    match record {
        Some(record) if plan::next(&record).as_ref() == Some(task) => match outcome {
            Outcome::Done(deletion) => record.advance(deletion, now),
            Outcome::Refused(code) => record.refuse(code, now),
            Outcome::Failed => record.retry(now),
        },
        other => Ok(other),
    }
}

/// What an alarm finds to change: a registration that nobody ended is rolled back.
///
/// Errors: `limit_exceeded`.
pub fn wake(record: Option<Record>, now: UnixSeconds) -> Change {
    match record {
        Some(record)
            if record.state == State::Registering && record.wake_at.is_some_and(|at| now >= at) =>
        {
            let areas = [record.area.clone()];
            begin_removal(Some(record), Cause::Abandoned, &areas, now)
        }
        other => Ok(other),
    }
}

impl Record {
    /// The area in force, or the last one that was.
    pub const fn area(&self) -> &Area {
        &self.area
    }

    /// The epoch in force.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// In which state it is.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// When somebody has to look after it, if anything is left to do.
    pub const fn wake_at(&self) -> Option<UnixSeconds> {
        self.wake_at
    }

    /// Why the last move was rolled back, if it was.
    pub const fn undone(&self) -> Option<ErrorCode> {
        self.undone
    }

    /// Where to turn.
    ///
    /// Errors: `moving` while it is being registered, `identity_erased`.
    pub fn route(&self) -> Result<Route<'_>> {
        let writable = match self.state {
            State::Registering => return Err(ErrorCode::Moving.into()),
            State::Active | State::Settling { .. } => true,
            State::Moving { .. } | State::Copied { .. } => false,
            State::Removing(..) | State::Removed(_) => {
                return Err(ErrorCode::IdentityErased.into());
            }
        };
        Ok(Route { area: &self.area, epoch: self.epoch, writable })
    }

    fn enter(&mut self, epoch: Epoch, state: State, now: UnixSeconds) {
        self.epoch = epoch;
        self.state = state;
        self.attempts = 0;
        self.wake_at = plan::next(self).map(|_| now.plus(STEP_SECONDS));
    }

    fn advance(mut self, deletion: Option<Deletion>, now: UnixSeconds) -> Change {
        let length = plan::steps(&self).len();
        let step = plan::next(&self).map(|task| task.step);
        let ended = |done: u8| usize::from(done) + 1 >= length;
        let state = match self.state.clone() {
            State::Moving { to, done } if ended(done) => State::Copied { to },
            State::Moving { to, done } => State::Moving { to, done: done + 1 },
            // The decision. Until this very change the old area is in force, from it on the new one.
            State::Copied { to } => {
                let left = core::mem::replace(&mut self.area, to);
                self.enter(self.epoch.next()?, State::Settling { left, done: 0 }, now);
                return Ok(Some(self));
            }
            State::Settling { done, .. } if ended(done) => State::Active,
            State::Settling { left, done } => State::Settling { left, done: done + 1 },
            State::Removing(mut removal, done) => {
                removal.take_down(step, deletion, now);
                if !ended(done) {
                    State::Removing(removal, done + 1)
                } else if removal.cause == Cause::Abandoned {
                    return Ok(None);
                } else {
                    removal.ended_at = Some(now);
                    State::Removed(removal)
                }
            }
            state @ (State::Registering | State::Active | State::Removed(_)) => state,
        };
        self.enter(self.epoch, state, now);
        Ok(Some(self))
    }

    /// Before the decision a refusal undoes the move; afterwards nothing is left to refuse, and it is tried again.
    fn refuse(mut self, code: ErrorCode, now: UnixSeconds) -> Change {
        match self.state.clone() {
            State::Moving { to, .. } | State::Copied { to } => {
                self.enter(self.epoch.next()?, State::Settling { left: to, done: 0 }, now);
                self.undone = Some(code);
                Ok(Some(self))
            }
            _ => self.retry(now),
        }
    }

    fn retry(mut self, now: UnixSeconds) -> Change {
        self.attempts = self.attempts.saturating_add(1);
        let undecided = matches!(self.state, State::Moving { .. } | State::Copied { .. });
        if undecided && self.attempts >= MOST_ATTEMPTS {
            return self.refuse(ErrorCode::TemporarilyUnavailable, now);
        }
        // 1, 2, 4, 8, …
        let pause = 1_i64 << (self.attempts - 1).min(16);
        self.wake_at = Some(now.plus(pause.min(LONGEST_PAUSE_SECONDS)));
        Ok(Some(self))
    }
}

impl Removal {
    fn take_down(
        &mut self,
        step: Option<plan::Step>,
        deletion: Option<Deletion>,
        now: UnixSeconds,
    ) {
        let nothing = Deletion { items: 0, at: now };
        let (area, kind) = match step {
            Some(plan::Step::Revoke) => return self.revoked_at = Some(now),
            Some(plan::Step::EraseVault) => {
                return self.vault = Some(deletion.unwrap_or(nothing));
            }
            Some(plan::Step::DeleteData(area) | plan::Step::DeletePinned(area)) => {
                (area, Kind::Data)
            }
            Some(plan::Step::DeleteIdentity(area)) => (area, Kind::Identity),
            _ => return,
        };
        self.facts.push(Fact { area, kind, deletion: deletion.unwrap_or(nothing) });
    }
}
