package import Exchange
package import Ledger
package import Units

/// What happened. The events of one command are a group with consecutive ordinals under its sequence number; the
/// tables are made from them (ENGINE §3), and so are the answers.
///
/// Every event that changes an open order's record also sets its `lastSequence`.
package enum Event: Hashable, Sendable {
    /// An order is in, with all its lots. Comes after ``classInterned(_:_:)`` or ``profileInterned(_:_:)`` of a class
    /// or profile that it is the first to have; followed by its trades, then ``rested(_:_:)`` or ``closed(_:_:_:)``.
    case accepted(OrderRecord)
    /// The order is in the book with this remainder. Also after a ``reclassified(_:_:)`` order has traded and rests on.
    case rested(OrderID, Lots)
    /// A resting offer is in another class now: something that the exchange knows of it has changed. What it trades at
    /// once, as the taker, follows.
    case reclassified(OrderID, ClassID)
    /// The order left the market with this remainder, which is 0 exactly when it was filled.
    case closed(OrderID, CloseReason, Lots)
    /// Lowers the remainder of both orders and raises the offer's open lots; opens a lease of which nothing is used.
    case traded(Trade)
    case transfer(Transfer)
    case rejected(Rejection)
    /// The command repeats an earlier one, whose answer is to be given again; nothing happened now.
    case replayed(SequenceNumber)
    /// The command's key or client order id is kept for the idempotency window. The last event of its command.
    case remembered(RememberedRequest)
    /// Requests up to this sequence number are forgotten.
    case forgotten(SequenceNumber)
    indirect case classInterned(ClassID, Capability)
    indirect case profileInterned(ProfileID, Requirement)
    case accountCreated(AccountRecord)
    case keyCreated(KeyRecord)
    /// A new version, or the current one with another quality, context length or Hugging Face id.
    case modelSet(ModelRecord)
    case attestationSet(AttestationRecord)
    indirect case measurementSet(MeasurementRecord)
    /// `isAnnounced`: those of the notice, which is over.
    case feesSet(FeeTerms, isAnnounced: Bool = false)
    case checkpointAnnounced(CheckpointRecord)
    /// Another price, quantity or expiry; all that an amendment changes but the class. Of an order that lost its place
    /// trades and ``rested(_:_:)`` or ``closed(_:_:_:)`` follow.
    case amended(OrderAmendment)
    /// The order has so much left, without a trade: self-trade prevention lowered it. By how much in all, it has lost
    /// so; 0 under rules before version 4, which did not count it.
    case reduced(OrderID, Lots, lowered: Lots)
    /// What an iceberg shows now, and where it stands.
    case shown(OrderID, Lots, Priority)
    /// An account's limits or timers.
    case accountChanged(AccountRecord)
    case controlSet(MarketControlRecord)
    case feesAnnounced(FeeNoticeTerms)
    /// A mass operation has begun, or has gone on.
    case operationSet(MassOperation)
    /// The mass operation that this command began for this account is done.
    case operationEnded(SequenceNumber, AccountID)
    /// Cumulative adjusted tokens of a lease that are charged now.
    case used(LeaseID, AdjustedTokens)
    /// A lease is over; the tokens used in all. If its offer is still open, the offer's open lots fall by the lease's.
    case leaseEnded(LeaseID, AdjustedTokens, LeaseEnd)
    /// A key was revoked, made by another key, or has other limits now.
    indirect case keyStandingSet(KeyStanding, KeyRecord)
    /// What counts towards a key's budgets now; the last of a command holds.
    case keySpent(KeySpending)
    /// The bid's hold counts towards the budgets of the key.
    case orderBudgeted(OrderID, KeyID)
    /// Somebody has logged in for the first time; behind its account and before its key.
    indirect case loginCreated(LoginRecord)
    /// The key has ended long ago, and nothing is known of it any more but its rows.
    indirect case keyForgotten(KeyRecord)
    /// A login that was linked or unlinked later.
    indirect case loginLinked(LoginRecord)
    indirect case loginUnlinked(LoginRecord)
    /// A command by an operator's key, carried out or refused. The last event of its command but ``remembered(_:)``.
    indirect case operated(AuditEntry)
    indirect case lease(LeaseEvent)
    indirect case settlement(SettlementEvent)
}

/// Which side of the book an order is on.
package enum Side: UInt8, CaseIterable, Sendable {
    case offer = 1
    case bid = 2

    /// The name in JSON.
    package var name: String { String(describing: self) }
}

/// Why an order left the market. The raw values are in the database: never renumber, never reuse.
package enum CloseReason: UInt8, CaseIterable, Sendable {
    case filled = 1
    case cancelled = 2
    case ioc = 3
    case selfTrade = 4
    case workLimit = 5
    case modelSuperseded = 6
    case expired = 7
    /// The dead-man switch.
    case cancelAfter = 8
    /// The account's stream ended.
    case disconnected = 9

    /// The name in SQL and JSON.
    package var name: String {
        switch self {
        case .filled: "filled"
        case .cancelled: "cancelled"
        case .ioc: "ioc"
        case .selfTrade: "self_trade"
        case .workLimit: "work_limit"
        case .modelSuperseded: "model_superseded"
        case .expired: "expired"
        case .cancelAfter: "cancel_after"
        case .disconnected: "disconnected"
        }
    }
}

/// What an amendment has made of an order.
package struct OrderAmendment: Hashable, Sendable {
    package var order: OrderID
    package var price: Price
    package var lots: Lots
    package var remaining: Lots
    package var expiresAt: LogicalTime
    package var priority: Priority

    package init(
        order: OrderID,
        price: Price,
        lots: Lots,
        remaining: Lots,
        expiresAt: LogicalTime,
        priority: Priority
    ) {
        self.order = order
        self.price = price
        self.lots = lots
        self.remaining = remaining
        self.expiresAt = expiresAt
        self.priority = priority
    }
}

/// One match. Final.
package struct Trade: Hashable, Sendable {
    package let id: TradeID
    package let bid: OrderID
    package let offer: OrderID
    package let buyer: AccountID
    package let seller: AccountID
    package let lots: Lots
    /// The maker's.
    package let price: Price
    /// The side that came later.
    package let takerSide: Side
    /// What the orders have left after it.
    package let bidRemaining: Lots
    package let offerRemaining: Lots
    /// What the lease locks: value and buyer's fee.
    package let locked: NanoTON
    package let buyerRate: BasisPoints
    package let sellerRate: BasisPoints
    package let model: ModelID
    package let modelVersion: Int32
    package let weightSet: WeightSetID
    /// The offer's class when it traded; `ClassID(0)` under rules before version 3.
    package let classID: ClassID
    /// What its lease is delivered under; `nil` under rules before version 4.
    package var delivery: DeliveryTerms?

    package init(
        id: TradeID,
        bid: OrderID,
        offer: OrderID,
        buyer: AccountID,
        seller: AccountID,
        lots: Lots,
        price: Price,
        takerSide: Side,
        bidRemaining: Lots,
        offerRemaining: Lots,
        locked: NanoTON,
        buyerRate: BasisPoints,
        sellerRate: BasisPoints,
        model: ModelID,
        modelVersion: Int32,
        weightSet: WeightSetID,
        classID: ClassID = ClassID(0),
        delivery: DeliveryTerms? = nil
    ) {
        self.id = id
        self.bid = bid
        self.offer = offer
        self.buyer = buyer
        self.seller = seller
        self.lots = lots
        self.price = price
        self.takerSide = takerSide
        self.bidRemaining = bidRemaining
        self.offerRemaining = offerRemaining
        self.locked = locked
        self.buyerRate = buyerRate
        self.sellerRate = sellerRate
        self.model = model
        self.modelVersion = modelVersion
        self.weightSet = weightSet
        self.classID = classID
        self.delivery = delivery
    }
}
