package import Cryptography
package import Exchange
package import Provenance
package import Units

/// A lease: the right to draw a trade's adjusted tokens from its worker.
package struct LeaseRecord: Hashable, Sendable {
    package var id: LeaseID
    package var offer: OrderID
    package var buyer: AccountID
    package var worker: AccountID
    package var price: Price
    package var lots: Lots
    package var locked: NanoTON
    package var buyerRate: BasisPoints
    package var sellerRate: BasisPoints
    /// Cumulative adjusted tokens charged.
    package var used: AdjustedTokens
    /// What it is delivered under; `nil` for one that was opened under rules before version 4, which takes no receipts
    /// and has no deadline.
    package var terms: LeaseTerms?
    /// What was stated of its delivery so far; most leases that were just opened have nothing.
    package var progress: LeaseProgress {
        get { if case .some(let progress) = seldomProgress { progress } else { LeaseProgress() } }
        set { seldomProgress = newValue == LeaseProgress() ? .none : .some(newValue) }
    }
    private(set) var seldomProgress = Boxed<LeaseProgress>.none

    package init(
        id: LeaseID,
        offer: OrderID,
        buyer: AccountID,
        worker: AccountID,
        price: Price,
        lots: Lots,
        locked: NanoTON,
        buyerRate: BasisPoints,
        sellerRate: BasisPoints,
        used: AdjustedTokens,
        terms: LeaseTerms? = nil
    ) {
        self.id = id
        self.offer = offer
        self.buyer = buyer
        self.worker = worker
        self.price = price
        self.lots = lots
        self.locked = locked
        self.buyerRate = buyerRate
        self.sellerRate = sellerRate
        self.used = used
        self.terms = terms
    }

    /// What a trade opens.
    package init(of trade: Trade) {
        self.init(
            id: LeaseID(trade.id.rawValue),
            offer: trade.offer,
            buyer: trade.buyer,
            worker: trade.seller,
            price: trade.price,
            lots: trade.lots,
            locked: trade.locked,
            buyerRate: trade.buyerRate,
            sellerRate: trade.sellerRate,
            used: .zero,
            terms: trade.delivery.map { LeaseTerms(of: trade, $0) }
        )
    }

    /// When the lease ends unless something happens, on the lease clock.
    package var end: LogicalTime { min(terms?.delivery.deadline ?? .never, progress.closesAt) }

    /// When time will next do something to it, on the lease clock: pay its claim, which keeps it open, or end it.
    package var due: LogicalTime {
        guard terms != nil else { return .never }
        let progress = progress
        return progress.claimDue == .never ? end : progress.claimDue
    }

    /// What a receipt has been countersigned up to: neither side can take more than a step from here.
    package var base: AdjustedTokens { progress.countersigned?.adjusted ?? .zero }
}

/// What a lease is delivered under, frozen at its trade.
package struct LeaseTerms: Hashable, Sendable {
    package var bid: OrderID
    package var model: ModelID
    package var modelVersion: Int32
    package var weightSet: WeightSetID
    package var classID: ClassID
    package var delivery: DeliveryTerms

    package init(
        bid: OrderID,
        model: ModelID,
        modelVersion: Int32,
        weightSet: WeightSetID,
        classID: ClassID,
        delivery: DeliveryTerms
    ) {
        self.bid = bid
        self.model = model
        self.modelVersion = modelVersion
        self.weightSet = weightSet
        self.classID = classID
        self.delivery = delivery
    }

    init(of trade: Trade, _ delivery: DeliveryTerms) {
        self.init(
            bid: trade.bid,
            model: trade.model,
            modelVersion: trade.modelVersion,
            weightSet: trade.weightSet,
            classID: trade.classID,
            delivery: delivery
        )
    }
}

/// What a trade freezes of the market's rules, of its offer's and bid's, and of its parties.
package struct DeliveryTerms: Hashable, Sendable {
    /// Logical time of the trade.
    package var openedAt: LogicalTime
    /// On the lease clock.
    package var deadline: LogicalTime
    package var step: AdjustedTokens
    /// Microseconds.
    package var disputeWindow: Int64
    /// Versions of the parties' profiles; 0 for a party that had none, whose first one counts when it comes.
    package var buyerProfile: Int64
    package var workerProfile: Int64
    /// What the offer promises.
    package var service: Boxed<ServiceTerms>
    /// The bid's limit, when what is not delivered enters as a new bid.
    package var rebid: Boxed<RebidTerms>
    /// The lease that this one tops up; `LeaseID(0)` for none.
    package var toppedUp = LeaseID(0)

    package init(
        openedAt: LogicalTime,
        deadline: LogicalTime,
        step: AdjustedTokens,
        disputeWindow: Int64,
        buyerProfile: Int64 = 0,
        workerProfile: Int64 = 0,
        service: Boxed<ServiceTerms> = .none,
        rebid: Boxed<RebidTerms> = .none
    ) {
        self.openedAt = openedAt
        self.deadline = deadline
        self.step = step
        self.disputeWindow = disputeWindow
        self.buyerProfile = buyerProfile
        self.workerProfile = workerProfile
        self.service = service
        self.rebid = rebid
    }
}

/// What a bid enters again with.
package struct RebidTerms: Hashable, Sendable {
    /// The bid's limit at the trade.
    package var price: Price
    package var profileID: ProfileID
    /// The bid's, with its ``LeaseRules``.
    package var rules: OrderRules

    package init(price: Price, profileID: ProfileID, rules: OrderRules) {
        self.price = price
        self.profileID = profileID
        self.rules = rules
    }
}

/// What the parties have stated of a lease.
package struct LeaseProgress: Hashable, Sendable {
    /// The newest receipt that both signed.
    package var countersigned: ReceiptMark?
    /// A newer one that only the worker signed, pending or paid.
    package var claim: ReceiptMark?
    /// When silence pays the claim, on the lease clock; ``LogicalTime/never`` when it is paid or there is none.
    package var claimDue = LogicalTime.never
    /// When the app's wish to close the lease comes true, on the lease clock; ``LogicalTime/never`` without one.
    package var closesAt = LogicalTime.never
    /// The app has disputed a claim, and no receipt was countersigned since.
    package var isDisputed = false

    package init() {}
}

/// What is known of a receipt when the next one comes.
package struct ReceiptMark: Hashable, Sendable {
    /// Its leaf in the log.
    package var index: Int64
    package var sequence: UInt32
    package var usage: TokenUsage
    package var adjusted: AdjustedTokens
    /// Milliseconds since 1970 UTC.
    package var endedAt: Int64
    package var hash: Digest256

    package init(
        index: Int64,
        sequence: UInt32,
        usage: TokenUsage,
        adjusted: AdjustedTokens,
        endedAt: Int64,
        hash: Digest256
    ) {
        self.index = index
        self.sequence = sequence
        self.usage = usage
        self.adjusted = adjusted
        self.endedAt = endedAt
        self.hash = hash
    }
}

/// How a lease ended. The raw values are in the database: never renumber, never reuse.
package enum LeaseEnd: UInt8, CaseIterable, Sendable {
    /// The operator ended it.
    case `operator` = 1
    /// Both parties signed the last receipt.
    case final = 2
    case usedUp = 3
    case appClosed = 4
    /// The deadline passed and the worker had shown nothing.
    case noReceipts = 5
    /// The deadline passed when a part was delivered.
    case deadline = 6
    /// The worker signed two receipts that contradict each other.
    case equivocation = 7
    case workerGaveUp = 8

    /// The name in SQL and JSON.
    package var name: String {
        switch self {
        case .operator: "operator"
        case .final: "final"
        case .usedUp: "used_up"
        case .appClosed: "app_closed"
        case .noReceipts: "no_receipts"
        case .deadline: "deadline"
        case .equivocation: "equivocation"
        case .workerGaveUp: "worker_gave_up"
        }
    }

    /// What an open lease became.
    package var state: String {
        switch self {
        case .operator, .final, .usedUp, .appClosed: "closed"
        case .noReceipts, .deadline: "expired"
        case .equivocation, .workerGaveUp: "failed"
        }
    }

    /// Whether the worker's bond answers for what was not delivered.
    var slashes: Bool { self == .noReceipts || self == .equivocation }
}

/// A version of an account's profile.
package struct ProfileRecord: Hashable, Sendable {
    package let account: AccountID
    /// From 1, without gaps.
    package let version: Int64
    package let terms: ProfileTerms
    package let setAt: LogicalTime
    /// Who the account is in receipts; `nil` without a receipt key.
    package let party: PartyID?

    package init(account: AccountID, version: Int64, terms: ProfileTerms, setAt: LogicalTime) {
        self.account = account
        self.version = version
        self.terms = terms
        self.setAt = setAt
        party = terms.receiptKey.map { PartyID(receiptKey: $0) }
    }
}

/// How an account has kept its leases, for everyone to see.
package struct StandingRecord: Hashable, Sendable {
    package let account: AccountID
    /// Leases that it lost as a worker, less those that were pardoned.
    package var strikes: Int64 = 0
    /// Claims that were disputed, made or disputed by it.
    package var disputes: Int64 = 0
    /// Leases on which it delivered something, and that closed.
    package var delivered: Int64 = 0

    package init(account: AccountID) { self.account = account }

    var isBlank: Bool { strikes == 0 && disputes == 0 && delivered == 0 }
}

/// A breach that a worker may still be pardoned for.
package struct SlashRecord: Hashable, Sendable {
    package let lease: LeaseID
    package let worker: AccountID
    package let buyer: AccountID
    /// What the bond is to pay, if it has so much; 0 for a strike alone.
    package let amount: NanoTON
    /// When it does, on the lease clock.
    package let due: LogicalTime
    package let reason: LeaseEnd

    package init(
        lease: LeaseID,
        worker: AccountID,
        buyer: AccountID,
        amount: NanoTON,
        due: LogicalTime,
        reason: LeaseEnd
    ) {
        self.lease = lease
        self.worker = worker
        self.buyer = buyer
        self.amount = amount
        self.due = due
        self.reason = reason
    }
}

/// What the state has for leases beside the leases.
package struct DeliveryState: Hashable, Sendable {
    package var policy = LeasePolicyTerms.initial
    /// By account and version: the first ones, the current ones, and those that open leases name.
    package var profiles: [ProfileRecord] = []
    /// By account; only those that say something.
    package var standings: [StandingRecord] = []
    /// By lease; pending ones.
    package var slashes: [SlashRecord] = []
    package var log = LogFrontier()
    /// By account and model.
    package var performances: [PerformanceRecord] = []
    package var measurementPolicy = MeasurementPolicyTerms.initial
    /// That the log names, the oldest first.
    package var signingKeys: [SigningKeyRecord] = []

    package init() {}
}
