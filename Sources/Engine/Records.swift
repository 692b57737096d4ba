package import Exchange
package import Ledger
package import Units

/// An order as the tables have it and as a query shows it. Its sequence number is its id.
package struct OrderRecord: Hashable, Sendable {
    package var id: OrderID
    package var account: AccountID
    package var side: Side
    package var price: Price
    /// As placed.
    package var lots: Lots
    package var remaining: Lots
    package var timeInForce: TimeInForce
    package var clientOrderID: ClientOrderID?
    package var bodyHash: UInt64
    /// Frozen when the order was accepted.
    package var rates: FeeRates
    /// Of an offer: its present class; `ClassID(0)` for a bid.
    package var classID: ClassID
    /// Of a bid; `ProfileID(0)` for an offer.
    package var profileID: ProfileID
    /// Of an offer: what the worker claims, whether attested or not.
    package var claimedTEE: TEE
    /// Of an offer; `nil` for no limit.
    package var maxOpenLots: Lots?
    /// Of an offer: lots of it that are leased now.
    package var openLots: Lots
    package var createdAt: LogicalTime
    /// `nil` while the order is open.
    package var closeReason: CloseReason?
    /// The last command that changed it.
    package var lastSequence: SequenceNumber
    /// Where it stands among the orders of its price.
    package var priority: Priority
    /// Of an iceberg: what is left of the part that is shown; 0 for any other order.
    package var displayed = Lots.zero
    /// What self-trade prevention has taken from it without a trade, since version 4 of the rules.
    package var loweredLots = Lots.zero
    /// What it asks for beside price and quantity.
    package var rules: OrderRules {
        get { seldomRules.rules }
        set { seldomRules = SeldomOrderRules(newValue) }
    }
    private var seldomRules: SeldomOrderRules

    package init(
        id: OrderID,
        account: AccountID,
        side: Side,
        price: Price,
        lots: Lots,
        remaining: Lots,
        timeInForce: TimeInForce,
        clientOrderID: ClientOrderID?,
        bodyHash: UInt64,
        rates: FeeRates,
        classID: ClassID,
        profileID: ProfileID,
        claimedTEE: TEE,
        maxOpenLots: Lots?,
        openLots: Lots,
        createdAt: LogicalTime,
        closeReason: CloseReason?,
        lastSequence: SequenceNumber,
        priority: Priority? = nil,
        displayed: Lots = .zero,
        rules: OrderRules = .none
    ) {
        self.priority = priority ?? Priority(id)
        self.displayed = displayed
        seldomRules = SeldomOrderRules(rules)
        self.id = id
        self.account = account
        self.side = side
        self.price = price
        self.lots = lots
        self.remaining = remaining
        self.timeInForce = timeInForce
        self.clientOrderID = clientOrderID
        self.bodyHash = bodyHash
        self.rates = rates
        self.classID = classID
        self.profileID = profileID
        self.claimedTEE = claimedTEE
        self.maxOpenLots = maxOpenLots
        self.openLots = openLots
        self.createdAt = createdAt
        self.closeReason = closeReason
        self.lastSequence = lastSequence
    }

    /// Money held for it now: for a bid the hold of the remainder, for an offer and for a closed order nothing.
    package var held: NanoTON {
        side == .bid && closeReason == nil ? rates.hold(for: remaining, at: price) : .zero
    }
}

/// An owner.
package struct AccountRecord: Hashable, Sendable {
    package var id: AccountID
    package var label: String
    package var openOrdersMax: Int64
    package var createdAt: LogicalTime
    /// Most lots of each of its offers that may be leased at once; `nil` for no limit.
    package var offerLotsMax: Lots?
    /// Accounts of one group do not trade with each other; 0 for an account on its own.
    package var selfTradeGroup: Int64 = 0
    /// A closed account places and amends nothing.
    package var isClosed = false
    /// When its dead-man switch cancels all of its orders; ``LogicalTime/never`` while it is off.
    package var cancelAfter = LogicalTime.never
    /// The end of its stream cancels all of its orders.
    package var cancelsOnDisconnect = false

    /// Whether any of these differs from what a new account has.
    var hasLimitsOrTimers: Bool {
        offerLotsMax != nil || selfTradeGroup != 0 || isClosed || cancelAfter != .never || cancelsOnDisconnect
    }

    package init(id: AccountID, label: String, openOrdersMax: Int64, createdAt: LogicalTime) {
        self.id = id
        self.label = label
        self.openOrdersMax = openOrdersMax
        self.createdAt = createdAt
    }
}

/// An API key.
package struct KeyRecord: Hashable, Sendable {
    package var id: KeyID
    package var terms: KeyTerms
    package var createdAt: LogicalTime

    package init(id: KeyID, terms: KeyTerms, createdAt: LogicalTime) {
        self.id = id
        self.terms = terms
        self.createdAt = createdAt
    }
}

/// A version of a model; the newest one of a name is current.
package struct ModelRecord: Hashable, Sendable {
    package var id: ModelID
    /// From 1.
    package var version: Int32
    package var terms: ModelTerms
    package var createdAt: LogicalTime

    package init(id: ModelID, version: Int32, terms: ModelTerms, createdAt: LogicalTime) {
        self.id = id
        self.version = version
        self.terms = terms
        self.createdAt = createdAt
    }
}

/// What the operator attests of an account.
package struct AttestationRecord: Hashable, Sendable {
    package var terms: AttestationTerms
    package var setAt: LogicalTime

    package init(terms: AttestationTerms, setAt: LogicalTime) {
        self.terms = terms
        self.setAt = setAt
    }
}

/// A request that is remembered, so that a repetition gets the same answer and does nothing.
package struct RememberedRequest: Hashable, Sendable {
    /// The command that carried it out, or was rejected.
    package var sequence: SequenceNumber
    package var account: AccountID
    /// `nil` when only a client order id was given.
    package var key: IdempotencyKey?
    /// The hash of the client order id; `nil` when only a key was given.
    package var clientOrderID: ClientOrderIDHash?
    /// Of the body that came with the client order id; 0 when there is none.
    package var bodyHash: UInt64
    package var at: LogicalTime
    /// Why the command was rejected; `nil` when it was carried out.
    package var rejection: Rejection?

    package init(
        sequence: SequenceNumber,
        account: AccountID,
        key: IdempotencyKey?,
        clientOrderID: ClientOrderIDHash?,
        bodyHash: UInt64,
        at: LogicalTime,
        rejection: Rejection?
    ) {
        self.sequence = sequence
        self.account = account
        self.key = key
        self.clientOrderID = clientOrderID
        self.bodyHash = bodyHash
        self.at = at
        self.rejection = rejection
    }
}

/// The whole state of the engine as plain records: what the tables hold, and what an engine is built from at start.
/// Every list is in ascending order of its number.
package struct EngineState: Hashable, Sendable {
    /// The last command carried out.
    package var sequence: SequenceNumber = .none
    package var time: LogicalTime = .zero
    package var lastTrade = TradeID(0)
    /// Microseconds by which all gaps together have held the lease clock back.
    package var grace: Int64 = 0
    /// The newest one that was announced.
    package var checkpoint: CheckpointRecord?
    package var fees: FeeTerms = .initial
    /// The fees that come next.
    package var feeNotice: FeeNoticeTerms?
    /// By model, the whole market first; only those that say something.
    package var controls: [MarketControlRecord] = []
    package var operations: [MassOperation] = []
    package var accounts: [AccountRecord] = []
    package var keys: [KeyRecord] = []
    /// All versions.
    package var models: [ModelRecord] = []
    package var attestations: [AttestationRecord] = []
    /// By account and model.
    package var measurements: [MeasurementRecord] = []
    package var classes: [(id: ClassID, capability: Capability)] = []
    package var profiles: [(id: ProfileID, requirement: Requirement)] = []
    /// Open orders only.
    package var orders: [OrderRecord] = []
    /// Open leases only.
    package var leases: [LeaseRecord] = []
    /// What leases are opened and judged by beside their trades.
    package var delivery = DeliveryState()
    /// Money that enters and leaves by the chain.
    package var settlement = SettlementState()
    package var balances: [(account: LedgerAccount, counters: LedgerCounters)] = []
    package var remembered: [RememberedRequest] = []
    /// Of keys that were revoked, limited, or made by another key.
    package var keyStandings: [KeyStanding] = []
    /// Of keys that have had a budget.
    package var keySpendings: [KeySpending] = []
    /// Open bids that count towards a budget.
    package var budgetedOrders: [BudgetedOrder] = []
    /// By the command of the first login.
    package var logins: [LoginRecord] = []

    package init() {}

    package static func == (left: Self, right: Self) -> Bool {
        left.sequence == right.sequence && left.time == right.time && left.lastTrade == right.lastTrade
            && left.grace == right.grace && left.checkpoint == right.checkpoint
            && left.fees == right.fees && left.feeNotice == right.feeNotice && left.controls == right.controls
            && left.operations == right.operations && left.accounts == right.accounts && left.keys == right.keys
            && left.models == right.models && left.attestations == right.attestations
            && left.measurements == right.measurements
            && left.classes.elementsEqual(right.classes, by: ==) && left.profiles.elementsEqual(right.profiles, by: ==)
            && left.orders == right.orders && left.leases == right.leases && left.delivery == right.delivery
            && left.settlement == right.settlement
            && left.balances.elementsEqual(right.balances, by: ==) && left.remembered == right.remembered
            && left.keyStandings == right.keyStandings && left.keySpendings == right.keySpendings
            && left.budgetedOrders == right.budgetedOrders && left.logins == right.logins
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(sequence) }
}

/// A 128-bit sum over all records of the state: equal states have equal digests, whatever the order in which they were
/// reached. It finds divergence; tampering is found by the journal's SHA-256 chain.
package struct StateDigest: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64 = 0, low: UInt64 = 0) {
        self.high = high
        self.low = low
    }
}
