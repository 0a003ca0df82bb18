//! What has to happen next, as lists that can be read: given a record, the steps of its plan and the first that is not done.
//! Each step may be done twice, by two drivers at once, or again after a crash.

use alloc::vec;
use alloc::vec::Vec;

use super::area::Area;
use super::directory::{Cause, Record, Removal, State};
use super::fence::Epoch;

/// One step of a plan. All but [`Step::Commit`] are calls to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Stops writes to the identifier in the area.
    FreezeIdentity(Area),
    /// Stops writes to the data in the area.
    FreezeData(Area),
    /// Copies the identifier from one area to another, where it is not in force.
    CopyIdentity {
        /// From where.
        from: Area,
        /// To where.
        to: Area,
    },
    /// Copies the data from one area to another, where they are not in force.
    CopyData {
        /// From where.
        from: Area,
        /// To where.
        to: Area,
    },
    /// Decides, in the record itself.
    Commit,
    /// Puts the identifier in force.
    ActivateIdentity(Area),
    /// Puts the data in force.
    ActivateData(Area),
    /// Deletes the data that live at home, in an area that is not home.
    DeleteData(Area),
    /// Deletes the data that are pinned to an area.
    DeletePinned(Area),
    /// Deletes the identifier in an area.
    DeleteIdentity(Area),
    /// Ends every session of the identity.
    Revoke,
    /// Erases its values in the vault.
    EraseVault,
}

/// A step with its place in a plan. Two are the same only if nothing has changed in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The epoch to come with.
    pub epoch: Epoch,
    /// Its place in the plan.
    pub number: u8,
    /// What to do.
    pub step: Step,
}

/// All steps of the plan that a record is in.
pub fn steps(record: &Record) -> Vec<Step> {
    match &record.state {
        State::Registering | State::Active | State::Removed(_) => Vec::new(),
        State::Moving { to, .. } => moving(&record.area, to),
        State::Copied { .. } => vec![Step::Commit],
        State::Settling { left, .. } => settling(&record.area, left),
        State::Removing(removal, _) => self::removal(removal),
    }
}

/// The first step that is not done; `None` where nothing is left.
pub fn next(record: &Record) -> Option<Task> {
    let number = match record.state {
        State::Moving { done, .. } | State::Settling { done, .. } | State::Removing(_, done) => {
            done
        }
        _ => 0,
    };
    let step = steps(record).into_iter().nth(usize::from(number))?;
    Some(Task { epoch: record.epoch, number, step })
}

/// Nothing is copied before writes have stopped, and no data before their identity.
fn moving(from: &Area, to: &Area) -> Vec<Step> {
    vec![
        Step::FreezeIdentity(from.clone()),
        Step::FreezeData(from.clone()),
        Step::CopyIdentity { from: from.clone(), to: to.clone() },
        Step::CopyData { from: from.clone(), to: to.clone() },
    ]
}

/// The same after a move and after one that was rolled back: one area is put in force, the other is cleared, its data before
/// the identity that they belong to.
fn settling(area: &Area, left: &Area) -> Vec<Step> {
    vec![
        Step::ActivateIdentity(area.clone()),
        Step::ActivateData(area.clone()),
        Step::DeleteData(left.clone()),
        Step::DeleteIdentity(left.clone()),
    ]
}

/// Sessions first, so that nobody looks on; data before the identity; the vault last. Every area is asked, also those where
/// nothing should be: that is what a certificate can then say.
pub(super) fn removal(removal: &Removal) -> Vec<Step> {
    let identities = removal.areas.iter().cloned().map(Step::DeleteIdentity);
    if removal.cause == Cause::Abandoned {
        return identities.collect();
    }
    let data = removal
        .areas
        .iter()
        .flat_map(|area| [Step::DeleteData(area.clone()), Step::DeletePinned(area.clone())]);
    let vault = (removal.cause == Cause::Person).then_some(Step::EraseVault);
    [Step::Revoke].into_iter().chain(data).chain(identities).chain(vault).collect()
}
