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
    /// A transaction that the store refuses waits elsewhere, and its rows are taken over one by one.
    RowByRow,
    /// Whoever holds the fence holds it until they let it go.
    EndlessFence,
    /// What an empty outbox is missing is counted by an account that was read later than the outbox.
    LateAccount,
    /// An operation is answered in another way if the vault knew its value already.
    TellsExistence,
}
