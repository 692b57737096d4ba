import Engine
import Ledger
import Units

/// The first thing in which an engine's behaviour is not what a market file says.
package struct MarketDifference: Equatable, Sendable, CustomStringConvertible {
    package var market: String
    /// From 1; `nil` for the balances in the end.
    package var command: Int?
    /// What it is about: the command or the balance.
    package var subject: String
    package var expected: String
    package var found: String

    package var description: String {
        let place = command.map { "command \($0), \(subject)" } ?? subject
        return "market \"\(market)\", \(place): expected \(expected); found \(found)"
    }
}

extension TestMarket {
    /// Plays the market on an engine that has carried out nothing yet. Returns the first difference, or `nil` when
    /// every event, every transfer and every balance is as it is written, and the invariants hold: after each command
    /// of a small market, after each ``checkInterval`` commands of a large one, and in the end.
    /// Throws if the market cannot be put to an engine at all.
    package func firstDifference(on engine: inout some CommandExecutor) throws(MarketFileError) -> MarketDifference? {
        let translation = try MarketTranslation(self)
        if let difference = setUp(translation, on: &engine) { return difference }
        for (index, command) in translation.commands.enumerated() {
            var happened: [Event] = []
            engine.apply(command, into: &happened)
            let number = index + 1
            let subject = "\(commands[index].summary)"
            let found = happened.compactMap(translation.event)
            let moved = happened.compactMap(translation.transfer)
            if let pair = firstDifference(events[number] ?? [], found)
                ?? firstDifference(transfers[number] ?? [], moved)
            {
                return difference(number, subject, pair.expected, pair.found)
            }
            let isChecked = number == commands.count || commands.count <= 50 || number % Self.checkInterval == 0
            if isChecked, let violation = violation(of: engine) {
                return difference(number, subject, "the invariants to hold", violation)
            }
        }
        return balanceDifference(translation, on: engine)
    }

    /// A check of all invariants takes time in proportion to the state.
    private static let checkInterval = 25

    private func setUp(
        _ translation: MarketTranslation,
        on engine: inout some CommandExecutor
    ) -> MarketDifference? {
        if engine.beginBatch(at: LogicalTime(microseconds: 1)) {
            return difference(nil, "the start", "nothing to be due", "a tick is due")
        }
        for command in translation.setup {
            var happened: [Event] = []
            engine.apply(command, into: &happened)
            for case .rejected(let rejection) in happened {
                return difference(nil, "the setup", "\(command.action) to be carried out", rejection.code)
            }
        }
        return nil
    }

    private func balanceDifference(
        _ translation: MarketTranslation,
        on engine: some CommandExecutor
    ) -> MarketDifference? {
        var found: [String: Int128] = [:]
        for owner in translation.owners.map(\.id) + [.system] {
            for (account, counters) in engine.balances(of: owner) {
                let balance = counters.credits - counters.debits
                found[translation.name(of: account)] = account.isAsset ? -balance : balance
            }
        }
        for name in Set(found.keys).union(balances.keys).sorted() {
            let expected = Int128(balances[name] ?? 0)
            if expected != found[name] ?? 0 {
                return difference(nil, "balance of \(name) in the end", "\(expected)", "\(found[name] ?? 0)")
            }
        }
        return nil
    }

    private func violation(of engine: some CommandExecutor) -> String? {
        do {
            try engine.checkInvariants()
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func firstDifference<Value: Equatable & CustomStringConvertible>(
        _ expected: [Value],
        _ found: [Value]
    ) -> (expected: String, found: String)? {
        for index in 0..<max(expected.count, found.count) {
            let wanted = index < expected.count ? expected[index] : nil
            let came = index < found.count ? found[index] : nil
            if wanted != came { return (wanted?.description ?? "nothing more", came?.description ?? "nothing more") }
        }
        return nil
    }

    private func difference(
        _ command: Int?,
        _ subject: String,
        _ expected: String,
        _ found: String
    ) -> MarketDifference {
        MarketDifference(market: name, command: command, subject: subject, expected: expected, found: found)
    }
}

extension TestCommand {
    /// In a few words, for people.
    package var summary: String {
        switch self {
        case .deposit(let account, let amount): "deposit of \(amount.count) nanoTON to \(account)"
        case .offer(let order, let model, let isAttested):
            "offer by \(order.summary) of \(model.name)\(isAttested ? ", attested" : "")"
        case .bid(let order, _): "bid by \(order.summary)"
        case .cancel(let account, let order): "cancel of order \(order) by \(account)"
        case .usage(let lease, let tokens): "usage of lease \(lease) to \(tokens) tokens"
        case .finish(let lease): "end of lease \(lease)"
        }
    }
}

extension TestOrder {
    fileprivate var summary: String {
        "\(account), \(lots.count) lots at \(price.nanoTONPerMTok), \(timeInForce.rawValue)"
    }
}
