//! What was given out under each policy, by field. Policies come and go as tabs with other keys do: one that comes back goes on where
//! it was, since the vault counts so, too.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, ErrorCode, Result};
use crate::json::{Object, ObjectWriter, Value};

/// Policies before the one at hand that are remembered.
const MOST_FORMER: usize = 8;

/// Counts by field.
type Counts = Vec<(String, u32)>;

/// The counts of the policy at hand, and of those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    current: Counts,
    /// By `jti`; the last one is the latest.
    former: Vec<(String, Counts)>,
}

impl Usage {
    /// How many were given out for a field.
    pub(super) fn of(&self, field: &str) -> u32 {
        self.current.iter().find(|(name, _)| name == field).map_or(0, |(_, count)| *count)
    }

    /// One more.
    pub(super) fn count(&mut self, field: &str) {
        match self.current.iter_mut().find(|(name, _)| name == field) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.current.push((field.to_owned(), 1)),
        }
    }

    /// Puts one policy away and takes up another.
    pub(super) fn change(&mut self, from: &str, to: &str) {
        let left = core::mem::take(&mut self.current);
        if !left.is_empty() {
            self.former.push((from.to_owned(), left));
        }
        if let Some(at) = self.former.iter().position(|(policy, _)| policy == to) {
            self.current = self.former.remove(at).1;
        }
        if self.former.len() > MOST_FORMER {
            self.former.remove(0);
        }
    }

    /// Reads the members `used` and `former` of an account.
    pub(super) fn read(account: &Object) -> Result<Self> {
        let former = account.object("former")?.iter().map(|(policy, counts)| match counts {
            Value::Object(counts) => Ok((policy.to_owned(), read_counts(counts)?)),
            _ => Err(invalid()),
        });
        let former = former.collect::<Result<_>>()?;
        Ok(Self { current: read_counts(account.object("used")?)?, former })
    }

    /// Adds them.
    pub(super) fn write(&self, account: ObjectWriter) -> ObjectWriter {
        let former = self.former.iter().fold(ObjectWriter::new(), |out, (policy, counts)| {
            out.raw(policy, &write_counts(counts))
        });
        account.raw("used", &write_counts(&self.current)).raw("former", &former.finish())
    }
}

fn read_counts(counts: &Object) -> Result<Counts> {
    let each = counts.iter().map(|(field, count)| {
        let Value::Number(count) = count else { return Err(invalid()) };
        let count = count.as_integer().and_then(|count| u32::try_from(count).ok());
        Ok((field.to_owned(), count.ok_or(invalid())?))
    });
    each.collect()
}

fn write_counts(counts: &Counts) -> String {
    let out = counts
        .iter()
        .fold(ObjectWriter::new(), |out, (field, count)| out.integer(field, i64::from(*count)));
    out.finish()
}

const fn invalid() -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, "used")
}
