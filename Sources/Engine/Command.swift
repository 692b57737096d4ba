package import Exchange
package import Units

/// What the engine is told to do. Commands are the only input of the engine, and what the journal keeps.
package struct Command: Hashable, Sendable {
    /// Who gives it; ``AccountID/system`` for the server itself.
    package var account: AccountID
    /// The key by which it was authorised; `KeyID(0)` for none.
    package var key: KeyID
    /// For logs only; chosen by the server, never looked at by the engine.
    package var requestID: UInt64
    /// How a repetition is recognised; `nil` for a command that need not be.
    package var idempotency: IdempotencyKey?
    package var action: Action

    package init(
        account: AccountID,
        key: KeyID = KeyID(0),
        requestID: UInt64 = 0,
        idempotency: IdempotencyKey? = nil,
        action: Action
    ) {
        self.account = account
        self.key = key
        self.requestID = requestID
        self.idempotency = idempotency
        self.action = action
    }

    /// What is to be done, with the fields of its kind. Large ones lie elsewhere, so that the busiest, an offer, is
    /// moved from thread to thread as a few words.
    package enum Action: Hashable, Sendable {
        case placeOffer(OfferTerms)
        indirect case placeBid(BidTerms)
        case cancel(OrderID)
        /// Money that arrived for an owner, or the operator's own (`to == .system`).
        case deposit(to: AccountID, amount: NanoTON)
        case createAccount(AccountTerms)
        indirect case createKey(KeyTerms)
        indirect case setModel(ModelTerms)
        case setAttested(AttestationTerms)
        indirect case setMeasured(MeasurementTerms)
        case setFees(FeeTerms)
        /// Cumulative adjusted tokens used on a lease.
        case usage(LeaseID, AdjustedTokens)
        case endLease(LeaseID)
        /// Nothing but the passing of time: carries out what is due.
        case tick
        /// The server has written a checkpoint of the state.
        case announceCheckpoint(CheckpointTerms)
        case amend(AmendTerms)
        /// Cancels the giver's own orders.
        indirect case massCancel(OrderFilter)
        /// Cancels all of the giver's orders after so many microseconds without another of these; 0 never.
        case cancelAfter(Int64)
        /// Whether the end of the account's stream cancels its orders.
        case setCancelOnDisconnect(Bool)
        /// The account's stream has ended.
        case disconnected(AccountID)
        case setHalt(HaltTerms)
        case setPriceBand(PriceBandTerms)
        case setAccountLimits(AccountLimitTerms)
        case announceFees(FeeNoticeTerms)
        /// A key that an owner makes for itself by the command's key.
        indirect case createOwnKey(KeyTerms)
        /// Ends a key of this owner, and all that were made by it.
        case revokeKey(KeyID, owner: AccountID)
        indirect case setKeyLimits(KeyLimitTerms)
        /// Somebody has proved who it is, and gets a key for its account, which the first login opens.
        indirect case login(LoginTerms)
        /// Somebody has proved who it is, and from now on may log in to the account of the key that asks.
        indirect case linkLogin(subject: String)
        /// A login, named by the command that made it, is no longer one of the account.
        case unlinkLogin(SequenceNumber)
        indirect case lease(LeaseCommand)
        indirect case settlement(SettlementCommand)
        /// Checks the orders that the following commands place all, or none of them.
        indirect case openBatch(AtomicBatch)
        /// Places, or refuses, the next order of the batch that was opened just before.
        case placeNext
    }
}

/// A request's identity, as 128 bits of SHA-256 over account, kind of command and the client's key, and 64 bits of
/// its body's.
package struct IdempotencyKey: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64
    package let body: UInt64

    package init(high: UInt64, low: UInt64, body: UInt64) {
        self.high = high
        self.low = low
        self.body = body
    }
}

/// What both kinds of order have.
package struct OrderTerms: Hashable, Sendable {
    /// The limit; ``OrderTerms/market`` for the end of the price band.
    package var price: Price
    package var lots: Lots
    package var timeInForce: TimeInForce
    /// What else the order asks for.
    package var rules: OrderRules {
        get { seldomRules.rules }
        set { seldomRules = SeldomOrderRules(newValue) }
    }
    private(set) var seldomRules = SeldomOrderRules.none
    package var clientOrderID: ClientOrderID?
    /// 64 bits of SHA-256 of the request's body; tells a repetition of a `client_order_id` from a misuse.
    package var bodyHash: UInt64

    package init(
        price: Price,
        lots: Lots,
        timeInForce: TimeInForce,
        clientOrderID: ClientOrderID? = nil,
        bodyHash: UInt64 = 0,
        rules: OrderRules = .none
    ) {
        seldomRules = SeldomOrderRules(rules)
        self.price = price
        self.lots = lots
        self.timeInForce = timeInForce
        self.clientOrderID = clientOrderID
        self.bodyHash = bodyHash
    }

    /// Stands for the price of a market order.
    package static let market = Price(nanoTONPerMTok: 0)
    package var isMarket: Bool { price == Self.market }
}

/// An order to sell.
package struct OfferTerms: Hashable, Sendable {
    package var order: OrderTerms
    /// ``ModelID/unknown`` when the registry has no model of the name that was given.
    package var model: ModelID
    package var contextLength: Int64
    package var features: Features
    package var quantization: Quantization
    package var region: Region
    /// Claimed; it counts while the account is attested for it.
    package var claimedTEE: TEE
    /// Most lots of this offer that may be leased at once; `nil` for no limit.
    package var maxOpenLots: Lots?
    /// Whom the offer sells to.
    package var buyers: BuyerRules {
        get { seldomBuyers.rules }
        set { seldomBuyers = SeldomBuyerRules(newValue) }
    }
    private(set) var seldomBuyers = SeldomBuyerRules.anyone
    private var boxedTraits = Boxed<Traits>.none

    /// Declared; those of another provenance are 0.
    package var traits: Traits {
        get {
            if case .some(let traits) = boxedTraits { return traits }
            return Traits()
        }
        set { boxedTraits = newValue == Traits() ? .none : .some(newValue) }
    }

    package init(
        order: OrderTerms,
        model: ModelID,
        contextLength: Int64 = 0,
        features: Features = [],
        quantization: Quantization = .unknown,
        region: Region = .unknown,
        claimedTEE: TEE = .none,
        maxOpenLots: Lots? = nil,
        buyers: BuyerRules = .anyone
    ) {
        seldomBuyers = SeldomBuyerRules(buyers)
        self.order = order
        self.model = model
        self.contextLength = contextLength
        self.features = features
        self.quantization = quantization
        self.region = region
        self.claimedTEE = claimedTEE
        self.maxOpenLots = maxOpenLots
    }
}

/// An order to buy.
package struct BidTerms: Hashable, Sendable {
    package var order: OrderTerms
    /// With the weight set that the bid names, or the one of its models, or the standard one: the engine decides
    /// (`mixed_units`), so here only ``namedWeightSet`` counts.
    package var requirement: Requirement
    /// The weight set that the bid names itself.
    package var namedWeightSet: WeightSetID?
    /// Some name in the bid's list is in no registry: the whole bid is refused with `model_unknown`.
    package var namesUnknownModel: Bool

    package init(
        order: OrderTerms,
        requirement: Requirement,
        namedWeightSet: WeightSetID? = nil,
        namesUnknownModel: Bool = false
    ) {
        self.order = order
        self.requirement = requirement
        self.namedWeightSet = namedWeightSet
        self.namesUnknownModel = namesUnknownModel
    }
}

/// A new owner.
package struct AccountTerms: Hashable, Sendable {
    /// 0…``Limits/labelBytesMax`` bytes, for people.
    package var label: String
    /// 1…``Limits/openOrdersPerAccountMax``.
    package var openOrdersMax: Int64

    package init(label: String, openOrdersMax: Int64 = Limits.openOrdersPerAccountDefault) {
        self.label = label
        self.openOrdersMax = openOrdersMax
    }
}

/// What a key may be used for.
package struct Scopes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Place and cancel offers.
    package static let offer = Scopes(rawValue: 1 << 0)
    /// Place and cancel bids.
    package static let bid = Scopes(rawValue: 1 << 1)
    /// Read the account's own orders and money.
    package static let read = Scopes(rawValue: 1 << 2)
    package static let withdraw = Scopes(rawValue: 1 << 3)
    /// Run the exchange.
    package static let `operator` = Scopes(rawValue: 1 << 4)
    /// Read everything of the ledger.
    package static let auditor = Scopes(rawValue: 1 << 5)

    /// The names in JSON; the position is the bit.
    package static let names = ["offer", "bid", "read", "withdraw", "operator", "auditor"]

    package var names: [String] {
        Self.names.indices.filter { rawValue & (1 << UInt16($0)) != 0 }.map { Self.names[$0] }
    }

    /// The scope with this name.
    package init?(name: String) {
        guard let index = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: 1 << UInt16(index))
    }
}

/// A new API key. The key itself stays with whoever asked for it.
package struct KeyTerms: Hashable, Sendable {
    package var owner: AccountID
    /// SHA-256 of the key.
    package var hash: KeyHash
    package var scopes: Scopes
    package var label: String
    /// ``LogicalTime/never`` for a key without expiry.
    package var expiresAt: LogicalTime

    package init(owner: AccountID, hash: KeyHash, scopes: Scopes, label: String, expiresAt: LogicalTime = .never) {
        self.owner = owner
        self.hash = hash
        self.scopes = scopes
        self.label = label
        self.expiresAt = expiresAt
    }
}

/// SHA-256 of an API key.
package struct KeyHash: Hashable, Sendable {
    /// The 32 bytes, eight at a time, little-endian.
    package let words: InlineWords

    package init(_ words: InlineWords) { self.words = words }

    /// `nil` unless there are 32 bytes. Not generic: requests are authenticated with it, and other modules would get
    /// code that asks for the type of each byte.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(at start: Int) -> UInt64 {
            var word: UInt64 = 0
            for index in (start..<start + 8).reversed() { word = word << 8 | UInt64(bytes[index]) }
            return word
        }
        words = InlineWords(word(at: 0), word(at: 8), word(at: 16), word(at: 24))
    }

    package var bytes: [UInt8] {
        [words.a, words.b, words.c, words.d].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
        }
    }

    /// Four words.
    package struct InlineWords: Hashable, Sendable {
        package let a, b, c, d: UInt64
        package init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
            self.a = a
            self.b = b
            self.c = c
            self.d = d
        }
    }
}

/// An entry of the model registry. Another revision, weights hash or weight set than the current entry's makes a new
/// version and cancels the old one's resting offers; another quality, name or context only changes the entry.
package struct ModelTerms: Hashable, Sendable {
    /// The id in JSON, e.g. `Qwen/Qwen3-32B`; 1…``Limits/modelNameBytesMax`` bytes.
    package var name: String
    /// Empty when there is none.
    package var huggingFaceID: String
    /// 40 hex digits of a git commit; empty when unknown.
    package var revision: String
    /// 64 hex digits; empty when unknown.
    package var weightsSHA256: String
    package var weightSet: WeightSetID
    /// Points, 0…``Limits/qualityMax``; `nil` when nobody measured it.
    package var quality: Int64?
    /// Most tokens of context that the model was made for; 0 when unknown.
    package var contextLength: Int64

    package init(
        name: String,
        huggingFaceID: String = "",
        revision: String = "",
        weightsSHA256: String = "",
        weightSet: WeightSetID = .standard,
        quality: Int64? = nil,
        contextLength: Int64 = 0
    ) {
        self.name = name
        self.huggingFaceID = huggingFaceID
        self.revision = revision
        self.weightsSHA256 = weightsSHA256
        self.weightSet = weightSet
        self.quality = quality
        self.contextLength = contextLength
    }
}

/// What trading costs from now on; open orders keep what was frozen in them.
package struct FeeTerms: Hashable, Sendable {
    package var rates: FeeRates
    /// The smallest value of an order at its own limit.
    package var minimumNotional: NanoTON

    package init(rates: FeeRates, minimumNotional: NanoTON = NanoTON(Limits.minimumNotionalDefault)) {
        self.rates = rates
        self.minimumNotional = minimumNotional
    }

    /// In force until the operator sets another.
    package static let initial = FeeTerms(rates: FeeRates(maker: BasisPoints(10), taker: BasisPoints(30)))
}
