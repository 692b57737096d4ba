package import Units

/// How long an order may stay in the book. The raw values are in the journal and the tables: never renumber.
package enum TimeInForce: UInt8, CaseIterable, Sendable {
    /// Until it is filled or cancelled.
    case gtc = 1
    /// Immediate or cancel: what does not trade at once is cancelled.
    case ioc = 2
    /// Until a date: ``OrderRules/expiresAt``.
    case gtd = 3
    /// Fill or kill: the whole quantity at once, or the order is refused (`fok_unfillable`).
    case fok = 4

    /// The name in JSON.
    package var name: String { String(describing: self) }

    /// Whether what is left may rest.
    package var mayRest: Bool { self == .gtc || self == .gtd }
}

/// What happens when a taker meets an order of its own account, or of its account's group. The taker's mode decides.
package enum SelfTradePrevention: UInt8, CaseIterable, Sendable {
    /// The taker's rest is cancelled.
    case cancelNewest = 0
    /// The resting order is cancelled, and the walk goes on.
    case cancelOldest = 1
    case cancelBoth = 2
    /// Both are lowered by the smaller remainder without a trade; what reaches zero is cancelled.
    case decrement = 3

    /// The name in JSON.
    package var name: String {
        switch self {
        case .cancelNewest: "cancel_newest"
        case .cancelOldest: "cancel_oldest"
        case .cancelBoth: "cancel_both"
        case .decrement: "decrement"
        }
    }
}

/// What an order asks for beside price and quantity. Most orders ask for nothing.
package struct OrderRules: Hashable, Sendable {
    /// Of a `gtd` order; ``LogicalTime/never`` for all others. From then on it never fills.
    package var expiresAt: LogicalTime = .never
    /// Least fill, as long as more than this is left; 0 for none.
    package var minLots: Lots = .zero
    /// The part that is shown at once; 0 for all of it.
    package var displayLots: Lots = .zero
    /// Refused if it would trade at once.
    package var isPostOnly = false
    /// As a taker the whole remainder in one walk, as a maker in one fill, or nothing.
    package var isAllOrNone = false
    package var selfTrade = SelfTradePrevention.cancelNewest
    /// Of a bid: nanoTON per 1,000,000 tokens and point of quality by which a better offer may be dearer and still
    /// come first. It changes the ranking, never the limit.
    package var qualityCredit: Int64 = 0
    /// Of the leases that it opens.
    package var lease = LeaseRules.none

    package init() {}

    package static let none = OrderRules()

    /// The least fill that the order as a maker takes, with so much left (ENGINE §5).
    package func leastFill(of remaining: Lots) -> Lots {
        isAllOrNone ? remaining : min(minLots, remaining)
    }
}

/// Rules that most orders do not have, in one word: orders are moved from thread to thread as a few of them.
package enum SeldomOrderRules: Hashable, Sendable {
    case none
    indirect case some(OrderRules)

    package init(_ rules: OrderRules) { self = rules == .none ? .none : .some(rules) }

    package var rules: OrderRules {
        switch self {
        case .none: .none
        case .some(let rules): rules
        }
    }

    // One at a time: all of them together are a dozen words with lists, copied for every order.

    package var expiresAt: LogicalTime { if case .some(let rules) = self { rules.expiresAt } else { .never } }
    package var minLots: Lots { if case .some(let rules) = self { rules.minLots } else { .zero } }
    package var displayLots: Lots { if case .some(let rules) = self { rules.displayLots } else { .zero } }
    package var isPostOnly: Bool { if case .some(let rules) = self { rules.isPostOnly } else { false } }
    package var isAllOrNone: Bool { if case .some(let rules) = self { rules.isAllOrNone } else { false } }
    package var qualityCredit: Int64 { if case .some(let rules) = self { rules.qualityCredit } else { 0 } }
    package var selfTrade: SelfTradePrevention {
        if case .some(let rules) = self { rules.selfTrade } else { .cancelNewest }
    }
}

extension OrderTerms {
    /// The combinations that have a meaning (DESIGN §3). Bodies with others are refused before they are commands.
    package var isConsistent: Bool {
        let rules = rules
        let hidden = rules.displayLots.count > 0
        guard (rules.expiresAt != .never) == (timeInForce == .gtd) else { return false }
        guard !isMarket || !timeInForce.mayRest else { return false }
        guard timeInForce.mayRest || !(rules.isPostOnly || hidden) else { return false }
        guard !hidden || rules.minLots.count == 0 && !rules.isAllOrNone else { return false }
        guard rules.minLots.count == 0 || !rules.isAllOrNone && timeInForce != .fok else { return false }
        return rules.minLots <= lots && rules.displayLots <= lots
    }
}
