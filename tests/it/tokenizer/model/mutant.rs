//! What would go wrong without a rule of the protocol: each breaks one, and the checker has to find out.

/// A broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mutant {
    /// Operations are deleted when they are sent.
    DeleteBeforeAck,
    /// Whoever wants to sends, and settles.
    NoFence,
    /// The vault forgets operations while tokenizers keep them still.
    ShortMemory,
    /// The canonical token of a value is that of the latest operation by the clock.
    WallClockOrder,
    /// A token comes to stand for the value that came last.
    OverwriteAlias,
    /// An operation that an answer does not name counts as done.
    MissingIsDone,
    /// Transactions are written whatever has changed since they were decided.
    BlindWrites,
    /// A token is given out before its operation is committed.
    AckBeforeCommit,
}
