import Cryptography
import Engine
import Exchange
import JSON
import Ledger
import Testing
import Units

@testable import API

/// What the code writes is what the contract says.
@Suite struct AnswerSchemaTests {
    let contract: Contract
    let directory: Directory
    static let now = LogicalTime(microseconds: 1_795_222_800_000_000)

    init() throws {
        contract = try Contract()
        var state = EngineState()
        state.models = [
            ModelRecord(
                id: ModelID(1),
                version: 1,
                terms: ModelTerms(name: "Qwen/Qwen3-32B", quality: 40),
                createdAt: Self.now
            )
        ]
        directory = Directory(state)
    }

    func expect(_ route: Route, _ response: APIResponse) throws {
        let operation = try contract.operation(route.operationID).value
        let declared = try #require(operation["responses"]?[String(response.status)], "\(route) \(response.status)")
        let media = try contract.resolved(declared)["content"]?[response.contentType.text.description]
        let schema = try #require(media?["schema"], "\(route) \(response.status) has no schema")
        let json = try JSONValue(response.body)
        #expect(SchemaValidator(contract: contract).faults(json, schema).isEmpty, "\(route)")
        let headers = try contract.resolved(declared)["headers"]?.keys ?? []
        let location = response.location == nil ? [] : ["location"]
        for name in response.fields.map(\.name.description) + location {
            #expect(headers.contains { $0.lowercased() == name }, "\(route) \(name)")
        }
    }

    @Test(arguments: Readiness.Status.allCases)
    func `Readiness is what the contract says, in every state`(status: Readiness.Status) throws {
        let readiness = Readiness(
            status,
            reason: status == .ready ? nil : "Why.",
            leader: status == .following ? "https://exchange.example:8443" : nil,
            holder: "here",
            epoch: 3,
            sequence: SequenceNumber(91),
            batch: 12,
            projected: SequenceNumber(90),
            idempotencyWindowSeconds: 86_400
        )
        #expect(readiness.response.status == (status == .ready ? 200 : 503))
        try expect(.getReadiness, readiness.response)
        let states = try contract.schema("Readiness")["properties"]?["status"]?["enum"]?.strings ?? []
        #expect(Set(states) == Set(Readiness.Status.allCases.map(\.rawValue)))
    }

    @Test func `A server that follows names the leader in its refusal`() throws {
        var problem = Problem(.notLeader, retryAfterSeconds: 1)
        problem.leader = "https://exchange.example:8443"
        try expect(.placeOffer, problem.response(requestID: 1))
        problem.leader = nil
        try expect(.placeOffer, problem.response(requestID: 1))
    }

    private func order(_ side: Side, _ reason: CloseReason? = nil, name: String? = nil) -> OrderRecord {
        OrderRecord(
            id: OrderID(17),
            account: AccountID(2),
            side: side,
            price: Price(nanoTONPerMTok: Limits.priceMax),
            lots: Lots(8),
            remaining: reason == .filled ? .zero : Lots(8),
            timeInForce: .gtc,
            clientOrderID: name.flatMap { ClientOrderID(Array($0.utf8)) },
            bodyHash: 0,
            rates: FeeRates(maker: BasisPoints(10), taker: BasisPoints(30)),
            classID: ClassID(1),
            profileID: ProfileID(1),
            claimedTEE: .tdx,
            maxOpenLots: side == .offer ? Lots(3) : nil,
            openLots: .zero,
            createdAt: Self.now,
            closeReason: reason,
            lastSequence: SequenceNumber(17)
        )
    }

    private var trade: Trade {
        Trade(
            id: TradeID(1),
            bid: OrderID(17),
            offer: OrderID(2),
            buyer: AccountID(3),
            seller: AccountID(2),
            lots: Lots(5),
            price: Price(nanoTONPerMTok: 1_000),
            takerSide: .bid,
            bidRemaining: .zero,
            offerRemaining: .zero,
            locked: NanoTON(7),
            buyerRate: BasisPoints(30),
            sellerRate: BasisPoints(10),
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard
        )
    }

    private func outcome(_ events: [Event], isReplay: Bool = false) -> Outcome {
        Outcome(
            sequence: SequenceNumber(17),
            events: events[...],
            isReplay: isReplay,
            requestID: 1
        )
    }

    /// Something of everything.
    private var traits: Traits {
        var traits = Traits(repeating: 1)
        traits[.modalities] = 0b1_0000_0101_0001
        traits[.trainsOnData] = 2
        return traits
    }

    private var capability: Capability {
        Capability(
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            quality: 40,
            contextLength: 1,
            features: [],
            quantization: .fp8,
            region: .europeanUnion,
            tee: .none,
            traits: traits
        )
    }

    @Test(arguments: [Side.offer, .bid])
    func `Answers to placing fit`(side: Side) throws {
        let route: Route = side == .offer ? .placeOffer : .placeBid
        for reason in CloseReason.allCases {
            let events: [Event] = [
                .accepted(order(side, name: "x")), .traded(trade), .closed(OrderID(17), reason, Lots(1)),
            ]
            try expect(route, Answer.render(.placed, outcome(events)))
        }
        if side == .bid {
            var requirement = Requirement()
            requirement.qualityAtLeast = 40
            let echo = RequirementEcho(requirement, models: directory.models)
            let events = [Event.accepted(order(side)), .rested(OrderID(17), Lots(8))]
            try expect(route, Answer.render(.placedBid(echo), outcome(events)))
        }
        let resting = [Event.accepted(order(side)), .rested(OrderID(17), Lots(8))]
        try expect(route, Answer.render(.placed, outcome(resting, isReplay: true)))
        for rejection in [Rejection.insufficientFunds, .modelUnknown, .idempotencyWindowFull] {
            try expect(route, Answer.render(.placed, outcome([.rejected(rejection)])))
        }
    }

    @Test func `Answers to cancelling fit`() throws {
        let events = [Event.closed(OrderID(17), .cancelled, Lots(8))]
        try expect(.cancelOrder, Answer.render(.cancelled(OrderID(17)), outcome(events)))
        try expect(.cancelOrder, Answer.render(.cancelled(OrderID(17)), outcome([.rejected(.orderNotFound)])))
    }

    @Test func `Orders with all that they may ask for fit`() throws {
        var record = order(.offer)
        record.timeInForce = .gtd
        var rules = OrderRules()
        rules.expiresAt = Self.now
        rules.isPostOnly = true
        rules.minLots = Lots(2)
        rules.isAllOrNone = true
        rules.displayLots = Lots(3)
        rules.selfTrade = .decrement
        rules.qualityCredit = 5_000
        record.rules = rules
        record.displayed = Lots(1)
        let id = OrderID(17)
        let events = [Event.accepted(record), .rested(id, Lots(8)), .shown(id, Lots(3), Priority(id))]
        try expect(.placeOffer, Answer.render(.placed, outcome(events)))
        var capability = capability
        let buyers = BuyerRules(allowed: [AccountID(4)], denied: [AccountID(5)], minimumDeposit: NanoTON(6))
        capability.buyers = SeldomBuyerRules(buyers)
        let detail = OrderDetail(record: record, capability: capability)
        let response = View.order(detail, models: directory.models, asOf: SequenceNumber(20))
        try expect(.getOrder, response)
        let json = try JSONValue(response.body)
        let names = [
            "expires_at", "post_only", "min_quantity_lots", "all_or_none", "display_quantity_lots", "displayed_lots",
            "self_trade_prevention", "quality_credit_nanoton_per_mtok", "buyers",
        ]
        for name in names { #expect(json[name] != nil, "\(name)") }
    }

    @Test func `Answers to changing orders fit`() throws {
        let id = OrderID(17)
        let amendment = OrderAmendment(
            order: id,
            price: Price(nanoTONPerMTok: 2_000),
            lots: Lots(9),
            remaining: Lots(8),
            expiresAt: .never,
            priority: Priority(id)
        )
        for reason in CloseReason.allCases {
            let events: [Event] = [.amended(amendment), .traded(trade), .closed(id, reason, Lots(1))]
            try expect(.amendOrder, Answer.render(.amended(id), outcome(events)))
        }
        try expect(.amendOrder, Answer.render(.amended(id), outcome([.amended(amendment)], isReplay: true)))
        for rejection in [Rejection.orderNotFound, .quantityFilled, .expiryNotAmendable] {
            try expect(.amendOrder, Answer.render(.amended(id), outcome([.rejected(rejection)])))
        }
        let operation = MassOperation(sequence: SequenceNumber(17), kind: .cancel, account: AccountID(2))
        for more in [[], [Event.operationSet(operation)]] {
            let events = [Event.closed(id, .cancelled, Lots(8)), .closed(OrderID(9), .expired, Lots(8))] + more
            let response = Answer.render(.cancelledTogether, outcome(events))
            try expect(.cancelOrders, response)
            let json = try JSONValue(response.body)
            #expect(json["cancelled_count"]?.integer == 1)
            #expect(json["is_complete"] == .boolean(more.isEmpty))
        }
        try expect(.cancelOrders, Answer.render(.cancelledTogether, outcome([.rejected(.operationLimit)])))
        try expect(.setCancelAfter, Answer.render(.cancelAfterSet(60_000_000), outcome([])))
        let placed = Answer.render(.placed, outcome([.accepted(order(.offer)), .rested(id, Lots(8))]))
        let refused = Answer.render(.placed, outcome([.rejected(.accountClosed)]))
        try expect(.placeBatch, Answer.batch([placed, refused, Problem(.modelUnknown).response(requestID: 1)]))
    }

    @Test func `Answers to holding the market in check fit`() throws {
        let band = PriceBand(low: Price(nanoTONPerMTok: 1_000), high: Price(nanoTONPerMTok: 2_000))
        for model in [ModelID.unknown, ModelID(1)] {
            let halt = AnswerShape.haltSet(HaltTerms(model: model, isHalted: true), directory.models)
            try expect(.setHalt, Answer.render(halt, outcome([])))
            for band in [nil, band] {
                let shape = AnswerShape.priceBandSet(PriceBandTerms(model: model, band: band), directory.models)
                try expect(.setPriceBand, Answer.render(shape, outcome([])))
            }
        }
        var account = AccountRecord(id: AccountID(2), label: "x", openOrdersMax: 5, createdAt: Self.now)
        account.offerLotsMax = Lots(4)
        try expect(.setAccountLimits, Answer.render(.limitsSet, outcome([.accountChanged(account)])))
        try expect(.setAccountLimits, Answer.render(.limitsSet, outcome([.rejected(.accountUnknown)])))
        let notice = FeeNoticeTerms(fees: .initial, effectiveAt: Self.now)
        try expect(.setFees, Answer.render(.feesAnnounced(notice), outcome([.feesAnnounced(notice)])))
        try expect(.setFees, Answer.render(.feesAnnounced(notice), outcome([.rejected(.noticeTooShort)])))
        var state = EngineState()
        state.feeNotice = notice
        state.controls = [
            MarketControlRecord(model: .unknown, isHalted: true), MarketControlRecord(model: ModelID(1), band: band),
        ]
        let directory = Directory(state)
        try expect(.getFees, View.fees(directory))
        try expect(.getMarketStatus, View.marketStatus(directory))
    }

    @Test func `Answers to the operator's commands fit`() throws {
        let account = AccountRecord(id: AccountID(2), label: "x", openOrdersMax: 5, createdAt: Self.now)
        try expect(.createAccount, Answer.render(.accountCreated, outcome([.accountCreated(account)])))
        let key = APIKey.random()
        let hash = try #require(KeyHash(bytes: key.digest.bytes))
        for expiry in [Self.now, .never] {
            let terms = KeyTerms(owner: AccountID(2), hash: hash, scopes: .read, label: "", expiresAt: expiry)
            let event = Event.keyCreated(KeyRecord(id: KeyID(1), terms: terms, createdAt: Self.now))
            try expect(.createKey, Answer.render(.keyCreated(key), outcome([event])))
            try expect(.createKey, Answer.render(.keyCreated(key), outcome([event], isReplay: true)))
        }
        for credit in [LedgerAccount(AccountID(2), .available), .operatorCapital] {
            let transfer = Transfer(debit: .chain, credit: credit, amount: NanoTON(5), kind: .deposit)
            try expect(.createDeposit, Answer.render(.deposited, outcome([.transfer(transfer)])))
        }
        let word = AttestationTerms(account: AccountID(2), tees: 0b111110, expiresAt: .never)
        let attestation = AttestationRecord(terms: word, setAt: Self.now)
        try expect(.setAttestation, Answer.render(.attested, outcome([.attestationSet(attestation)])))
        let words = AttestationTerms(
            account: AccountID(2),
            tees: TEE.tdx.bit,
            expiresAt: .never,
            tcbStatus: 1,
            attestedAt: Self.now
        )
        let stated = AttestationRecord(terms: words, setAt: Self.now)
        try expect(.setAttestation, Answer.render(.attested, outcome([.attestationSet(stated)])))
        let measured = MeasurementRecord(
            terms: MeasurementTerms(account: AccountID(2), model: ModelID(1), ttftMS: 340, expiresAt: Self.now),
            setAt: Self.now
        )
        try expect(.setMeasurements, Answer.render(.measured("m"), outcome([.measurementSet(measured)])))
        let model = try #require(directory.models.record(ModelID(1)))
        try expect(.setModel, Answer.render(.modelSet, outcome([.modelSet(model)])))
        try expect(.setFees, Answer.render(.feesSet, outcome([.feesSet(.initial)])))
        let sha256 = try #require(SHA256Words(bytes: [UInt8](0..<32)))
        let checkpoint = CheckpointTerms(batch: 9, sha256: sha256)
        let record = CheckpointRecord(terms: checkpoint, sequence: SequenceNumber(5), announcedAt: Self.now)
        for events in [[Event.checkpointAnnounced(record)], [], [.rejected(.idempotencyKeyReused)]] {
            try expect(.createCheckpoint, Answer.render(.checkpointMade(checkpoint), outcome(events)))
        }
    }

    @Test func `Answers about keys and the audit log fit`() throws {
        let hash = try #require(KeyHash(bytes: APIKey.random().digest.bytes))
        let terms = KeyTerms(owner: AccountID(2), hash: hash, scopes: .read, label: "")
        let record = KeyRecord(id: KeyID(2), terms: terms, createdAt: Self.now)
        let network = try #require(NetworkPrefix(text: "2001:db8::/32".utf8))
        let limits = KeyLimits(perOrder: NanoTON(1), perDay: NanoTON(2), total: NanoTON(3), networks: [network])
        for standing in [
            KeyStanding(key: KeyID(2)),
            KeyStanding(key: KeyID(2), madeBy: KeyID(1), revokedAt: Self.now, limits: limits),
        ] {
            let events = [Event.keyStandingSet(standing, record)]
            for route in [Route.revokeKey, .revokeOwnKey, .setKeyLimits] {
                try expect(route, Answer.render(.keyStanding, outcome(events)))
                try expect(route, Answer.render(.keyStanding, outcome([.rejected(.keyNotFound)])))
            }
            for spending in [nil, KeySpending(key: KeyID(2), day: 20_778, onDay: NanoTON(1), total: NanoTON(2))] {
                let detail = KeyDetail(record: record, standing: standing, spending: spending)
                for route in [Route.listKeys, .listOwnKeys] {
                    try expect(route, View.keys(of: AccountID(2), [detail, detail], asOf: SequenceNumber(20)))
                }
            }
        }
        for rejection in [nil, Rejection.keyNotFound] {
            let entry = AuditEntry(
                account: AccountID(1),
                key: KeyID(1),
                action: .setFees,
                target: rejection == nil ? "" : "a2 k3",
                rejection: rejection
            )
            let row = AuditDetail(entry: entry, sequence: SequenceNumber(7), time: Self.now)
            try expect(.listAudit, View.audit(AuditQuery(limit: 1), [row, row], asOf: SequenceNumber(20)))
        }
    }

    @Test func `Views fit`() throws {
        let asOf = SequenceNumber(20)
        let models = directory.models
        var requirement = Requirement()
        requirement.models = FixedList([ModelID(1)]) ?? FixedList()
        requirement.tees = TEE.tdx.bit
        let details = [
            OrderDetail(record: order(.offer), capability: capability),
            OrderDetail(record: order(.bid, .ioc, name: "x"), requirement: requirement),
        ]
        for detail in details { try expect(.getOrder, View.order(detail, models: models, asOf: asOf)) }
        try expect(.getOrder, View.orderNotFound(requestID: 1))
        let orders = OrdersQuery(account: AccountID(2), side: .bid, state: .open, limit: 1)
        try expect(.listOrders, View.orders(orders, details, models: models, asOf: asOf))
        let row = TradeDetail(trade: trade, sequence: asOf, time: Self.now)
        for account in [nil, AccountID(2), AccountID(3)] {
            let query = TradesQuery(account: account, model: ModelID(1), limit: 1)
            try expect(.listTrades, View.trades(query, [row, row], models: models, asOf: asOf))
        }
        try expect(.listModels, View.models(models, asOf: asOf) { _ in BestPrices() })
        let best = BestPrices(offer: Price(nanoTONPerMTok: 1_000), bid: Price(nanoTONPerMTok: 1_000))
        let record = try #require(models.record(ModelID(1)))
        try expect(.getModel, View.model(record, best: best, asOf: asOf))
        let level = BookView.Level(price: Price(nanoTONPerMTok: 1_000), lots: 5, orders: 1)
        let book = BookView(offers: [[level]], bids: [], depth: 20)
        let query = BookQuery(requirement: requirement, depth: 20)
        try expect(.getBook, book.response(to: query, models: models, asOf: asOf))
        try expect(.getFees, View.fees(directory))
        try expect(.getHealth, View.health)
    }
}
