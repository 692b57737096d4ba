import Engine
import Exchange
import Ledger
import Testing
import Units

/// An engine is built from records that it left; anything else is found.
@Suite struct StateTests {
    /// A market with something of everything.
    private static let state: EngineState = {
        var engine = Engine()
        var events: [Event] = []
        let terms = { (price: Int64, lots: Int64, name: String) in
            OrderTerms(
                price: Price(nanoTONPerMTok: price * Price.step),
                lots: Lots(lots),
                timeInForce: .gtc,
                clientOrderID: ClientOrderID(Array(name.utf8))
            )
        }
        var hard = Requirement()
        hard.qualityAtLeast = 90
        let offer = OfferTerms(order: terms(20, 9, "s1"), model: ModelID(1), claimedTEE: .tdx, maxOpenLots: Lots(4))
        let measured = MeasurementTerms(account: AccountID(2), model: ModelID(2), ttftMS: 90, expiresAt: .never)
        let words = KeyHash.InlineWords(1, 2, 3, 4)
        let rates = FeeRates(maker: BasisPoints(10), taker: BasisPoints(30))
        let fees = FeeTerms(rates: rates, minimumNotional: NanoTON(5))
        let actions: [(AccountID, Command.Action)] = [
            (.system, .setFees(fees)),
            (.system, .createAccount(AccountTerms(label: "w"))), (.system, .createAccount(AccountTerms(label: "app"))),
            (.system, .createKey(KeyTerms(owner: AccountID(1), hash: KeyHash(words), scopes: .offer, label: ""))),
            (.system, .setModel(ModelTerms(name: "qwen", quality: 40))),
            (.system, .setModel(ModelTerms(name: "llama", revision: "r1"))),
            (.system, .setModel(ModelTerms(name: "llama", revision: "r2"))),
            (.system, .setAttested(AttestationTerms(account: AccountID(1), tees: 2, expiresAt: .never))),
            (.system, .deposit(to: AccountID(2), amount: NanoTON(1_000_000))),
            (AccountID(1), .placeOffer(offer)),
            (AccountID(1), .placeOffer(OfferTerms(order: terms(300, 9, "s2"), model: ModelID(2)))),
            (AccountID(2), .placeBid(BidTerms(order: terms(200, 5, "b1"), requirement: hard))),
            (AccountID(2), .placeBid(BidTerms(order: terms(200, 6, "b2"), requirement: Requirement()))),
            (.system, .usage(LeaseID(1), AdjustedTokens(1_500))), (.system, .setMeasured(measured)),
        ]
        _ = engine.beginBatch(at: LogicalTime(microseconds: 1_000_000))
        for (account, action) in actions { engine.apply(Command(account: account, action: action), into: &events) }
        return engine.state()
    }()

    @Test func `The market of these tests has something of everything`() throws {
        let state = Self.state
        #expect(state.orders.map(\.side) == [.offer, .offer, .bid, .bid])
        #expect(state.leases.count == 1 && state.keys.count == 1 && state.attestations.count == 1)
        #expect(state.models.map(\.version) == [1, 1, 2])
        #expect(state.remembered.count == 4 && state.balances.count == 5)
        #expect(state.sequence == SequenceNumber(15) && state.measurements.count == 1)
        try Engine(state: state).checkInvariants()
    }

    private typealias Damage = (inout EngineState) -> Void

    /// What is wrong, and what makes it so.
    private static var refused: [(String, Damage)] {
        [
            ("a2 is out of order", { $0.accounts.swapAt(0, 1) }),
            ("k1 names an account that is not there", { $0.keys[0].terms.owner = AccountID(9) }),
            ("k0 is out of order", { $0.keys[0].id = KeyID(0) }),
            ("m2, version 2 is out of order", { $0.models.remove(at: 1) }),
            ("m2, version 1 is there twice", { $0.models[1].terms.name = "qwen" }),
            ("m1, version 1 names a weight set that is not there", { $0.models[0].terms.weightSet = WeightSetID(99) }),
            ("c2 is out of order", { $0.classes.removeFirst() }),
            ("c2 is there twice", { $0.classes[1].capability = $0.classes[0].capability }),
            ("c1 names a model that is not there", { $0.classes[0].capability.model = ModelID(3) }),
            ("p2 is there twice", { $0.profiles[1].requirement = $0.profiles[0].requirement }),
            (
                "attestation of a9 names an account that is not there",
                { $0.attestations[0].terms.account = AccountID(9) }
            ),
            ("attestation of a1 is there twice", { $0.attestations.append($0.attestations[0]) }),
            ("o10 is out of order", { $0.orders.swapAt(0, 1) }),
            ("o99 is out of order", { $0.orders[3].id = OrderID(99) }),
            ("o10 names an account that is not there", { $0.orders[0].account = AccountID(3) }),
            ("o10 names a class or profile that is not there", { $0.orders[0].classID = ClassID(3) }),
            ("o12 names a class or profile that is not there", { $0.orders[2].profileID = ProfileID(0) }),
            ("o10 has a value that is not allowed", { $0.orders[0].remaining = .zero }),
            ("o10 has a value that is not allowed", { $0.orders[0].remaining = Lots(10) }),
            ("o10 has a value that is not allowed", { $0.orders[0].openLots = Lots(5) }),
            ("o10 has a value that is not allowed", { $0.orders[0].loweredLots = Lots(5) }),
            ("o10 has a value that is not allowed", { $0.orders[0].price = Price(nanoTONPerMTok: .max) }),
            ("o10 has a value that is not allowed", { $0.orders[0].timeInForce = .ioc }),
            ("o10 has a value that is not allowed", { $0.orders[0].closeReason = .filled }),
            ("l9 is out of order", { $0.leases[0].id = LeaseID(9) }),
            ("l1 names an account that is not there", { $0.leases[0].buyer = AccountID(3) }),
            ("l1 has a value that is not allowed", { $0.leases[0].used = AdjustedTokens(5_000) }),
            ("l1 has a value that is not allowed", { $0.leases[0].locked = NanoTON(1) }),
            ("a0.chain is out of order", { $0.balances.swapAt(0, 1) }),
            ("remembered request 99 is out of order", { $0.remembered[3].sequence = SequenceNumber(99) }),
        ]
    }

    private static var violating: [(InvariantViolation, Damage)] {
        [
            (.held(AccountID(2)), { $0.orders[2].remaining = Lots(4) }),
            (.held(AccountID(2)), { $0.orders.removeLast() }),
            (.held(AccountID(2)), { $0.orders[2].rates = FeeRates(maker: BasisPoints(0), taker: BasisPoints(0)) }),
            (.leased(AccountID(2)), { $0.leases[0].used = AdjustedTokens(3_000) }),
            (.openLots(OrderID(10)), { $0.leases.removeAll() }),
            (.openLots(OrderID(10)), { $0.orders[0].openLots = Lots(3) }),
            (.misplaced(OrderID(10)), { $0.attestations.removeAll() }),
            (.misplaced(OrderID(10)), { $0.models[0].terms.quality = 41 }),
            (.misplaced(OrderID(10)), { $0.orders[0].classID = ClassID(2) }),
            (.couldTrade(OrderID(13), OrderID(10)), { $0.orders[0].maxOpenLots = nil }),
            (
                .couldTrade(OrderID(12), OrderID(11)),
                { state in
                    state.orders[1].price = Price(nanoTONPerMTok: 1_000)
                    state.profiles[0].requirement.qualityAtLeast = 0
                    state.profiles[0].requirement.contextLengthAtLeast = 0
                    state.profiles[0].requirement.models = FixedList([ModelID(2)]) ?? FixedList()
                }
            ),
            (.trialBalance, { $0.balances[0].counters.debits += 1 }),
        ]
    }

    private static let oneGigabyte: FurtherDemands = {
        var demands = FurtherDemands()
        demands.least[.vramGB] = 1
        return demands
    }()

    private static var changes: [Damage] {
        [
            { $0.sequence = SequenceNumber(99) }, { $0.time = LogicalTime(microseconds: 5) },
            { $0.lastTrade = TradeID(9) }, { $0.fees.minimumNotional = .zero },
            { $0.fees.rates = FeeRates(maker: BasisPoints(30), taker: BasisPoints(10)) },
            { $0.accounts[0].label = "x" }, { $0.accounts[0].openOrdersMax += 1 },
            { $0.accounts[0].createdAt = .zero }, { $0.keys[0].terms.owner = AccountID(2) },
            { $0.keys[0].terms.scopes = .read }, { $0.keys[0].terms.label = "x" },
            { $0.keys[0].terms.expiresAt = .zero }, { $0.keys[0].createdAt = .zero },
            { $0.keys[0].terms.hash = KeyHash(KeyHash.InlineWords(1, 2, 3, 5)) }, { $0.keys.removeAll() },
            { $0.models[1].terms.quality = 3 }, { $0.models[0].terms.huggingFaceID = "x" },
            { $0.models[1].terms.revision = "r0" }, { $0.models[1].terms.weightsSHA256 = "x" },
            { $0.models[1].terms.contextLength = 5 }, { $0.models[1].terms.weightSet = WeightSetID(2) },
            { $0.models[1].createdAt = .zero }, { $0.models.removeLast() },
            { $0.attestations[0].terms.tees = 3 },
            { $0.attestations[0].terms.expiresAt = LogicalTime(microseconds: 9) },
            { $0.attestations[0].terms.tcbStatus = 1 }, { $0.attestations[0].terms.attestedAt = .zero },
            { $0.measurements[0].terms.throughputTPS = 9 }, { $0.measurements[0].terms.ttftMS = 91 },
            { $0.measurements[0].terms.uptimeBP = 9 }, { $0.measurements[0].terms.expiresAt = .zero },
            { $0.measurements[0].terms.model = ModelID(1) }, { $0.measurements[0].setAt = .zero },
            { $0.measurements.removeAll() }, { $0.classes[0].capability.traits[.gpuCount] = 1 },
            { $0.profiles[0].requirement.further = Self.oneGigabyte },
            { $0.attestations[0].setAt = .zero }, { $0.orders[0].account = AccountID(2) },
            { $0.orders[0].price = Price(nanoTONPerMTok: 21_000) }, { $0.orders[0].lots = Lots(10) },
            { $0.orders[0].remaining = Lots(4) }, { $0.orders[0].clientOrderID = nil }, { $0.orders[0].bodyHash = 7 },
            { $0.orders[0].rates = FeeRates(maker: BasisPoints(30), taker: BasisPoints(10)) },
            { $0.orders[0].classID = ClassID(2) }, { $0.orders[2].profileID = ProfileID(2) },
            { $0.orders[0].claimedTEE = .none }, { $0.orders[0].maxOpenLots = nil },
            { $0.orders[0].openLots = Lots(1) }, { $0.orders[0].loweredLots = Lots(1) },
            { $0.orders[0].createdAt = .zero },
            { $0.orders[0].lastSequence = .none }, { $0.orders.removeLast() },
            { $0.leases[0].offer = OrderID(11) }, { $0.leases[0].worker = AccountID(2) },
            { $0.leases[0].locked = NanoTON(10_000) }, { $0.leases[0].buyerRate = BasisPoints(9) },
            { $0.leases[0].sellerRate = BasisPoints(9) }, { $0.leases[0].used = .zero },
            { $0.leases[0].price = Price(nanoTONPerMTok: 19_000) }, { $0.leases[0].lots = Lots(3) },
            { $0.balances[0].counters.debits += 1 }, { $0.balances.removeLast() },
            { $0.remembered[0].bodyHash = 9 }, { $0.remembered[0].rejection = .classLimit },
            { $0.remembered[0].at = .zero }, { $0.remembered[0].clientOrderID = nil },
            { $0.remembered[0].key = IdempotencyKey(high: 1, low: 2, body: 3) },
            { $0.remembered[0].sequence = SequenceNumber(1) }, { $0.remembered[0].account = AccountID(2) },
        ]
    }

    @Test func `Records that no engine can have left are refused, and named`() {
        for (error, damage) in Self.refused {
            var state = Self.state
            damage(&state)
            do throws(StateError) {
                _ = try Engine(state: state)
                Issue.record("accepted, but \(error)")
            } catch let found {
                #expect(found.description == error)
            }
        }
    }

    @Test func `A state in which an invariant does not hold is found`() throws {
        for (violation, damage) in Self.violating {
            var state = Self.state
            damage(&state)
            let engine = try Engine(state: state)
            #expect(throws: violation) { try engine.checkInvariants() }
        }
    }

    @Test func `Every field is part of the digest`() throws {
        let digest = try Engine(state: Self.state).digest
        for (index, change) in Self.changes.enumerated() {
            var state = Self.state
            change(&state)
            #expect(state != Self.state, "change \(index) changes nothing")
            #expect(try Engine(state: state).digest != digest, "change \(index)")
        }
    }

    @Test func `A clock that is set back does not take the exchange's time along`() {
        var engine = Engine()
        _ = engine.beginBatch(at: LogicalTime(microseconds: 5_000_000))
        _ = engine.beginBatch(at: LogicalTime(microseconds: 1_000_000))
        #expect(engine.time == LogicalTime(microseconds: 5_000_000))
        _ = engine.beginBatch(at: LogicalTime(microseconds: 5_000_001))
        #expect(engine.time == LogicalTime(microseconds: 5_000_001))
    }

    @Test func `Requests are remembered for the whole window, or as far back as a full memory reaches`() {
        var engine = Engine(requestsMax: 4)
        var events: [Event] = []
        let start = Limits.idempotencyWindow
        func apply(at time: Int64, key: UInt64) {
            _ = engine.beginBatch(at: LogicalTime(microseconds: start + time))
            let key = IdempotencyKey(high: 1, low: key, body: 1)
            engine.apply(
                Command(account: .system, idempotency: key, action: .createAccount(AccountTerms(label: "x"))),
                into: &events
            )
        }
        apply(at: 0, key: 1)
        #expect(engine.idempotencyWindow == Limits.idempotencyWindow)
        apply(at: 1, key: 2)
        apply(at: 2_000_000, key: 3)
        #expect(engine.idempotencyWindow == 2_000_000, "one more command may not fit")
    }
}
