package import Engine
package import Ledger
package import Units

/// What carries out commands: the engine, or a model of it that a test holds beside it.
package protocol CommandExecutor {
    /// Moves the logical time on; `true` when something is due, so that a `tick` must come first.
    mutating func beginBatch(at time: LogicalTime) -> Bool
    /// Carries out one command and appends what happened.
    mutating func apply(_ command: Command, into events: inout [Event])
    /// The ledger accounts that `owner` has; those of the exchange itself for ``AccountID/system``.
    func balances(of owner: AccountID) -> [(account: LedgerAccount, counters: LedgerCounters)]
    /// Throws what does not hold of the present state, if anything.
    func checkInvariants() throws
}

extension Engine: CommandExecutor {}
