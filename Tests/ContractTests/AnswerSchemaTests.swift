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

    private func expect(_ route: Route, _ response: APIResponse) throws {
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
        let terms = AttestationTerms(account: AccountID(2), tees: 0b111110, expiresAt: .never)
        let attestation = AttestationRecord(terms: terms, setAt: Self.now)
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

    @Test(arguments: Transfer.Kind.allCases)
    func `Accounts and transfers fit`(kind: Transfer.Kind) throws {
        let asOf = SequenceNumber(20)
        let record = AccountRecord(id: AccountID(2), label: "x", openOrdersMax: 5, createdAt: Self.now)
        let terms = AttestationTerms(account: AccountID(2), tees: TEE.sgx.bit, expiresAt: Self.now)
        for attestation in [nil, AttestationRecord(terms: terms, setAt: Self.now)] {
            let detail = AccountDetail(
                record: record,
                balances: [.available: NanoTON(5)],
                openOrders: 1,
                attestation: attestation
            )
            try expect(.getAccount, View.account(detail, asOf: asOf))
        }
        let rows = LedgerAccount.Kind.allCases.map { account in
            TransferDetail(
                transfer: Transfer(
                    debit: .fees,
                    credit: LedgerAccount(AccountID(2), account),
                    amount: NanoTON(1),
                    kind: kind,
                    order: OrderID(account == .held ? 3 : 0),
                    trade: TradeID(account == .leased ? 3 : 0)
                ),
                position: .init(sequence: asOf, ordinal: 0),
                time: Self.now
            )
        }
        let query = TransfersQuery(account: AccountID(2), limit: rows.count - 1)
        try expect(.listTransfers, View.transfers(query, rows, asOf: asOf))
    }
}
