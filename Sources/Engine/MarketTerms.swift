package import Exchange
package import Units

/// Another price, quantity or expiry for an open order. `nil` leaves what is there.
///
/// A smaller quantity keeps the order's place; anything else makes it arrive anew, behind all that rest at its price.
package struct AmendTerms: Hashable, Sendable {
    package var order: OrderID
    package var price: Price?
    /// The whole quantity, filled lots included, so that an amendment and a fill that cross never fill too much.
    package var lots: Lots?
    /// For `gtd` orders only.
    package var expiresAt: LogicalTime?

    package init(order: OrderID, price: Price? = nil, lots: Lots? = nil, expiresAt: LogicalTime? = nil) {
        self.order = order
        self.price = price
        self.lots = lots
        self.expiresAt = expiresAt
    }
}

/// Which of an account's open orders are meant; an empty filter means all of them.
package struct OrderFilter: Hashable, Sendable {
    package var side: Side?
    /// Offers of this model, and bids that name it.
    package var model: ModelID?
    /// Offers that can do this, and bids that demand exactly this.
    package var requirement: Requirement?

    package init(side: Side? = nil, model: ModelID? = nil, requirement: Requirement? = nil) {
        self.side = side
        self.model = model
        self.requirement = requirement
    }
}

/// Stops or resumes matching.
package struct HaltTerms: Hashable, Sendable {
    /// ``ModelID/unknown`` for the whole market.
    package var model: ModelID
    package var isHalted: Bool

    package init(model: ModelID, isHalted: Bool) {
        self.model = model
        self.isHalted = isHalted
    }
}

/// The prices that orders may have. Offers must not be below the low end, bids not above the high one.
package struct PriceBandTerms: Hashable, Sendable {
    /// ``ModelID/unknown`` for bids that name no model, and for models without a band of their own.
    package var model: ModelID
    /// `nil` takes the band away.
    package var band: PriceBand?

    package init(model: ModelID, band: PriceBand?) {
        self.model = model
        self.band = band
    }
}

/// Two limit prices, `low` not above `high`.
package struct PriceBand: Hashable, Sendable {
    package var low: Price
    package var high: Price

    package init(low: Price, high: Price) {
        self.low = low
        self.high = high
    }
}

/// What the operator allows an account.
package struct AccountLimitTerms: Hashable, Sendable {
    package var account: AccountID
    /// 1…``Limits/openOrdersPerAccountMax``.
    package var openOrdersMax: Int64
    /// Most lots of each of its offers that may be leased at once, whatever an offer says; `nil` for no limit.
    package var offerLotsMax: Lots?
    /// Accounts of one group do not trade with each other; 0 for an account on its own.
    package var selfTradeGroup: Int64
    /// A closed account places and amends nothing; it may still cancel and read.
    package var isClosed: Bool

    package init(
        account: AccountID,
        openOrdersMax: Int64,
        offerLotsMax: Lots? = nil,
        selfTradeGroup: Int64 = 0,
        isClosed: Bool = false
    ) {
        self.account = account
        self.openOrdersMax = openOrdersMax
        self.offerLotsMax = offerLotsMax
        self.selfTradeGroup = selfTradeGroup
        self.isClosed = isClosed
    }
}

/// Fees from a moment on, announced before.
package struct FeeNoticeTerms: Hashable, Sendable {
    package var fees: FeeTerms
    package var effectiveAt: LogicalTime

    package init(fees: FeeTerms, effectiveAt: LogicalTime) {
        self.fees = fees
        self.effectiveAt = effectiveAt
    }
}

/// How the operator holds a model, or the whole market, in check.
package struct MarketControlRecord: Hashable, Sendable {
    /// ``ModelID/unknown`` for the whole market.
    package var model: ModelID
    package var isHalted: Bool
    package var band: PriceBand?
    /// The last command that changed it.
    package var sequence: SequenceNumber

    package init(model: ModelID, isHalted: Bool = false, band: PriceBand? = nil, sequence: SequenceNumber = .none) {
        self.model = model
        self.isHalted = isHalted
        self.band = band
        self.sequence = sequence
    }
}

/// What a command began and later batches go on with, because it concerns more orders than one command may visit
/// (DESIGN §2, bounded work). Orders that it will cancel never fill.
package struct MassOperation: Hashable, Sendable {
    /// The command that began it; a tick may begin one for each of several accounts.
    package var sequence: SequenceNumber
    package var kind: Kind
    /// Whose orders are concerned; ``AccountID/system`` for a resumption.
    package var account: AccountID
    package var side: Side?
    /// Of the filter, or what resumes.
    package var model: ModelID?
    /// The filter's requirement.
    package var profile: ProfileID?
    /// It goes on behind this order; of a resumption behind this priority.
    package var cursor: Int64

    /// The raw values are in the tables: never renumber, never reuse.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case cancel = 1
        case cancelAfter = 2
        case disconnect = 3
        case resume = 4
        /// Offers come into the classes of what was measured.
        case remeasure = 5

        /// The name in SQL.
        package var name: String {
            switch self {
            case .cancel: "cancel"
            case .cancelAfter: "cancel_after"
            case .disconnect: "disconnect"
            case .resume: "resume"
            case .remeasure: "remeasure"
            }
        }
    }

    package init(
        sequence: SequenceNumber,
        kind: Kind,
        account: AccountID,
        side: Side? = nil,
        model: ModelID? = nil,
        profile: ProfileID? = nil,
        cursor: Int64 = 0
    ) {
        self.sequence = sequence
        self.kind = kind
        self.account = account
        self.side = side
        self.model = model
        self.profile = profile
        self.cursor = cursor
    }
}
