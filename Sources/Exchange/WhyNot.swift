package import Units

/// Why an order would not be filled: how many orders of the other side each of its constraints leaves, and for each
/// constraint the least change that would let the order be filled.
///
/// A value over price levels as they are published: it does not know whose an order is. Of what keeps two orders apart
/// beside price and capability it knows one thing only: whether an offer sells to the account that asks. It looks at no
/// more than ``Limits/whyNotLevelsMax`` levels.
package struct WhyNot: Hashable, Sendable {
    /// The order that is explained.
    package enum Subject: Hashable, Sendable {
        case bid(Requirement)
        case offer(Capability)
    }

    /// The account for which a bid is explained.
    package struct Buyer: Hashable, Sendable {
        package let account: AccountID
        /// Its money, available and held, in nanoTON.
        package let deposit: NanoTON

        package init(account: AccountID, deposit: NanoTON) {
            self.account = account
            self.deposit = deposit
        }

        /// Whether an offer sells to it.
        func mayBuy(_ supply: Capability) -> Bool {
            guard case .only(let rules) = supply.buyers else { return true }
            return rules.admits(account) && deposit >= rules.minimumDeposit
        }
    }

    /// A number of orders, and what they can trade.
    package struct Tally: Hashable, Sendable {
        package var orders = 0
        package var lots: Int64 = 0

        package init(orders: Int = 0, lots: Int64 = 0) {
            self.orders = orders
            self.lots = lots
        }
    }

    /// What one constraint does.
    package struct Step: Hashable, Sendable {
        package let constraint: Constraint
        /// What is left after it and those before it.
        package var left: Tally
        /// Orders that fail it, whatever else they fail.
        package var eliminated = 0
        /// Orders that fail nothing else.
        package var soleObstacleOf = 0
    }

    /// A change of one constraint with which the order would be filled.
    package struct Relaxation: Hashable, Sendable {
        package let constraint: Constraint
        package let change: Change
        /// The order would be filled at its own limit; otherwise its limit would have to be ``priceNeeded`` too.
        package let isWithinLimit: Bool
        /// What could trade then, at the limit or at the price that is needed.
        package let tally: Tally
        /// Of those, the best.
        package let bestPrice: Price
        /// The worst price that would be met.
        package let priceNeeded: Price
        /// What all lots together would cost or bring, in nanoTON.
        package let value: Int128
    }

    /// What would be different.
    package enum Change: Hashable, Sendable {
        /// The bid would take this number, or the offer would have it.
        case number(Int64)
        /// The bid would take this value too, or the offer would have it instead.
        case name(Int64)
        /// The bid would take any value, or any number.
        case anyName
        /// The bid would do without these bits, or the offer would have them too.
        case bits(UInt64)
        case limit
    }

    package let subject: Subject
    package let limit: Price
    package let lots: Int64
    /// All orders that were looked at.
    package let considered: Tally
    /// False when there was more to look at than ``Limits/whyNotLevelsMax``.
    package let isComplete: Bool
    /// In the order of ``Constraint``; without those that ask for nothing and eliminate nothing.
    package private(set) var steps: [Step] = []
    /// The one that eliminates most orders by itself; of several the first.
    package private(set) var mostEliminating: Constraint?
    /// In the order of ``Constraint``; none when the order would be filled as it is.
    package private(set) var relaxations: [Relaxation] = []

    /// What is left after all constraints: what the order could trade with.
    package var acceptable: Tally { steps.last?.left ?? Tally() }
    /// The order would be filled as it is.
    package var isFilled: Bool { acceptable.lots >= lots }

    /// Of a bid, over the classes of offers. Without a `buyer` every offer counts as open to all.
    package init(
        bid demand: Requirement,
        of buyer: Buyer? = nil,
        limit: Price,
        lots: Lots,
        offers: [(Capability, [BookLevel])]
    ) {
        let pairs = offers.lazy.map { (demand, $0.0, $0.1) }
        self.init(.bid(demand), of: buyer, limit, lots, pairs, levelsMax: Limits.whyNotLevelsMax)
    }

    /// Of an offer, over the profiles of bids.
    package init(offer supply: Capability, limit: Price, lots: Lots, bids: [(Requirement, [BookLevel])]) {
        let levelsMax = Limits.whyNotLevelsMax
        self.init(.offer(supply), limit, lots, bids.lazy.map { ($0.0, supply, $0.1) }, levelsMax: levelsMax)
    }

    /// `pairs`: the order with each group of the other side, and the group's levels, best first.
    init(
        _ subject: Subject,
        of buyer: Buyer? = nil,
        _ limit: Price,
        _ lots: Lots,
        _ pairs: some Sequence<(Requirement, Capability, [BookLevel])>,
        levelsMax: Int
    ) {
        self.subject = subject
        self.limit = limit
        self.lots = lots.count
        let sign: Int64 = if case .bid = subject { 1 } else { -1 }
        let search = Search(sign: sign, limitKey: sign * limit.nanoTONPerMTok, wanted: lots.count)
        var groups: [Group] = []
        var levels = 0
        var isComplete = true
        for (demand, supply, shown) in pairs {
            levels += shown.count
            guard levels <= levelsMax else {
                isComplete = false
                break
            }
            groups.append(Group(demand, supply, shown, search, sellsTo: buyer))
        }
        self.isComplete = isComplete
        considered = groups.reduce(into: Tally()) { $0.add($1.all) }
        explain(groups)
        guard !isFilled else { return }
        relaxations = Constraint.allCases.compactMap { search.relaxation(of: $0, groups, subject) }
    }

    private mutating func explain(_ groups: [Group]) {
        var passed: UInt64 = 0
        for constraint in Constraint.conditions {
            passed |= constraint.bit
            var step = Step(constraint: constraint, left: Tally())
            for group in groups {
                if group.failing & passed == 0 { step.left.add(group.all) }
                if group.failing & constraint.bit != 0 { step.eliminated += group.all.orders }
                if group.failing == constraint.bit { step.soleObstacleOf += group.acceptable.orders }
            }
            if step.eliminated > 0 || isAsked(constraint) { steps.append(step) }
        }
        var step = Step(constraint: .price, left: Tally())
        for group in groups {
            let beyond = group.all.orders - group.acceptable.orders
            step.eliminated += beyond
            guard group.failing == 0 else { continue }
            step.left.add(group.acceptable)
            step.soleObstacleOf += beyond
        }
        steps.append(step)
        let most = steps.map(\.eliminated).max() ?? 0
        mostEliminating = most == 0 ? nil : steps.first { $0.eliminated == most }?.constraint
    }

    /// Whether the bid that is explained asks for something here. Of the bids that an offer meets, each may.
    private func isAsked(_ constraint: Constraint) -> Bool {
        guard case .bid(let demand) = subject else { return false }
        return constraint.isAsked(by: demand)
    }
}

extension WhyNot.Tally {
    mutating func add(_ other: Self) {
        orders += other.orders
        lots += other.lots
    }

    init(_ levels: some Sequence<BookLevel>) {
        self.init()
        for level in levels { add(Self(orders: level.orders, lots: level.lots)) }
    }
}

extension WhyNot {
    /// A class or profile of the other side beside the order that is explained.
    struct Group {
        let demand: Requirement
        let supply: Capability
        let levels: [BookLevel]
        /// Whether it sells to whom the explanation is for.
        let isOpen: Bool
        /// Bits of the conditions that are not met.
        let failing: UInt64
        let all: Tally
        /// Within the limit.
        let acceptable: Tally

        fileprivate init(
            _ demand: Requirement,
            _ supply: Capability,
            _ levels: [BookLevel],
            _ search: Search,
            sellsTo buyer: Buyer?
        ) {
            self.demand = demand
            self.supply = supply
            self.levels = levels
            isOpen = buyer?.mayBuy(supply) ?? true
            var failing: UInt64 = isOpen ? 0 : Constraint.buyers.bit
            for constraint in Constraint.conditions where !constraint.isMet(demand, by: supply) {
                failing |= constraint.bit
            }
            self.failing = failing
            all = Tally(levels)
            acceptable = Tally(levels.prefix { search.key($0) <= search.limitKey })
        }
    }
}
