import Exchange
import Ledger
package import Units

/// What an operator watches. None of it takes part in what the engine decides.
extension Engine {
    /// Capability classes that were ever named.
    package var classCount: Int { book.capabilities.count }

    /// Profiles of bids that were ever named.
    package var profileCount: Int { book.requirements.count }

    /// Nodes of the book's indices that all searches for a counterparty have visited.
    package var searchSteps: Int { book.searchSteps }

    /// Keys and client order ids that are remembered.
    package var rememberedRequestCount: Int { requests.count }

    /// How far back the memory of requests reaches; `nil` when it is empty.
    package var oldestRememberedRequest: LogicalTime? { requests.oldest?.at }

    /// What the exchange has less what it owes, in nanoTON: 0, or money was made or lost. Takes time in proportion to
    /// the number of accounts.
    package var ledgerImbalance: Int128 {
        var imbalance: Int128 = 0
        balances.forEach { account, counters in
            let balance = counters.balance(isAsset: account.isAsset)
            imbalance += account.isAsset ? balance : -balance
        }
        return imbalance
    }
}
