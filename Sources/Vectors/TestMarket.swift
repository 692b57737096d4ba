package import Units

/// A market written down with everything that must come of it: one entry of a market file. The names in it are
/// people's; an order is known by the number of the command that placed it, from 1.
package struct TestMarket: Equatable, Sendable {
    /// What the market shows.
    package var name: String
    /// In force for all its orders; there is no minimum notional.
    package var rates: FeeRates
    package var commands: [TestCommand]
    /// Every event but transfers, by the number of the command that causes it.
    package var events: [Int: [TestEvent]]
    /// Every transfer, by the number of the command that causes it.
    package var transfers: [Int: [TestTransfer]]
    /// In the end, by the ledger account's name (`app.available`, `chain`); what is not named is zero.
    package var balances: [String: Int64]

    package init(
        name: String,
        rates: FeeRates,
        commands: [TestCommand] = [],
        events: [Int: [TestEvent]] = [:],
        transfers: [Int: [TestTransfer]] = [:],
        balances: [String: Int64] = [:]
    ) {
        self.name = name
        self.rates = rates
        self.commands = commands
        self.events = events
        self.transfers = transfers
        self.balances = balances
    }
}

/// One command of a market file.
package enum TestCommand: Equatable, Sendable {
    case deposit(account: String, amount: NanoTON)
    case offer(TestOrder, model: TestModel, isAttested: Bool)
    case bid(TestOrder, TestRequirement)
    /// `order` is the number of a command, which need not have placed one.
    case cancel(account: String, order: Int64)
    case usage(lease: Int64, tokens: Int64)
    case finish(lease: Int64)

    /// The account that gives it; `nil` for what the exchange itself does.
    package var account: String? {
        switch self {
        case .deposit(let account, _), .cancel(let account, _): account
        case .offer(let order, _, _), .bid(let order, _): order.account
        case .usage, .finish: nil
        }
    }
}

extension TestCommand {
    /// What is placed; `nil` for any other command.
    package var order: TestOrder? {
        switch self {
        case .offer(let order, _, _), .bid(let order, _): order
        case .deposit, .cancel, .usage, .finish: nil
        }
    }
}

/// What offers and bids of a market file have in common.
package struct TestOrder: Equatable, Sendable {
    package var account: String
    package var price: Price
    package var lots: Lots
    package var timeInForce: TimeInForce

    /// The two that the file's form knows.
    package enum TimeInForce: String, CaseIterable, Sendable {
        case gtc, ioc
    }

    package init(account: String, price: Price, lots: Lots, timeInForce: TimeInForce = .gtc) {
        self.account = account
        self.price = price
        self.lots = lots
        self.timeInForce = timeInForce
    }
}

/// A model of a market file: its name and the quality that offers state for it.
package struct TestModel: Hashable, Sendable {
    package var name: String
    package var quality: Int64

    package init(name: String, quality: Int64) {
        self.name = name
        self.quality = quality
    }
}

/// What a bid of a market file demands.
package struct TestRequirement: Equatable, Sendable {
    /// `nil` for any model.
    package var models: [String]?
    /// 0 for any.
    package var quality: Int64
    /// Only attested offers will do.
    package var isAttested: Bool

    package init(models: [String]? = nil, quality: Int64 = 0, isAttested: Bool = false) {
        self.models = models
        self.quality = quality
        self.isAttested = isAttested
    }
}

/// An event as market files write it. Orders are numbered by their commands, trades and leases from 1.
package enum TestEvent: Hashable, Sendable {
    case accepted(order: Int64)
    case rested(order: Int64, lots: Int64)
    case closed(order: Int64, reason: String, lots: Int64)
    case traded(trade: Int64, bid: Int64, offer: Int64, lots: Int64, price: Int64)
    case used(lease: Int64, tokens: Int64)
    case ended(lease: Int64, tokens: Int64)
    case rejected(String)
    /// Something that the file's form has no word for.
    case other(String)
}

extension TestEvent: CustomStringConvertible {
    package var description: String {
        switch self {
        case .accepted(let order): "order \(order) accepted"
        case .rested(let order, let lots): "order \(order) rests with \(lots) lots"
        case .closed(let order, let reason, let lots): "order \(order) closed (\(reason)) with \(lots) lots left"
        case .traded(let trade, let bid, let offer, let lots, let price):
            "trade \(trade): bid \(bid) buys \(lots) lots of offer \(offer) at \(price)"
        case .used(let lease, let tokens): "lease \(lease) used up to \(tokens) tokens"
        case .ended(let lease, let tokens): "lease \(lease) ended after \(tokens) tokens"
        case .rejected(let code): "rejected (\(code))"
        case .other(let text): text
        }
    }
}

/// A transfer as market files write it: ledger accounts by name, as `app.available` or `chain`.
package struct TestTransfer: Hashable, Sendable, CustomStringConvertible {
    package var debit: String
    package var credit: String
    package var amount: Int64
    package var kind: String

    package init(debit: String, credit: String, amount: Int64, kind: String) {
        self.debit = debit
        self.credit = credit
        self.amount = amount
        self.kind = kind
    }

    package var description: String { "\(amount) nanoTON from \(debit) to \(credit) (\(kind))" }
}
