import Engine
import Testing
import Units

/// What the time in which the exchange did not run does to the clock of leases (DESIGN §2).
@Suite struct GapRules {
    private static func time(_ seconds: Int64) -> LogicalTime { LogicalTime(microseconds: seconds * 1_000_000) }

    /// Seconds of each batch's gap, and by how many seconds all of them hold the lease clock back.
    static let gaps: [(gaps: [Int64], grace: Int64)] = [
        ([], 0), ([0], 0), ([5], 0), ([6], 36), ([60], 90), ([6, 0, 60], 126), ([5, 5, 5], 0), ([-7], 0),
    ]

    @Test(arguments: gaps)
    func `A gap of more than five seconds holds the lease clock back by itself and thirty seconds`(
        gaps: [Int64],
        grace: Int64
    ) {
        var engine = Engine()
        for (index, gap) in gaps.enumerated() {
            _ = engine.beginBatch(
                at: Self.time(1_000 + Int64(index)),
                gap: gap * 1_000_000,
                rules: RulesVersion.current
            )
        }
        _ = engine.beginBatch(at: Self.time(5_000))
        #expect(engine.time == Self.time(5_000))
        #expect(engine.leaseClock == Self.time(5_000 - grace))
        #expect(engine.state().grace == grace * 1_000_000)
    }

    @Test func `A gap to the microsecond above the limit counts`() {
        for (gap, grace) in [(Limits.gapMin, Int64(0)), (Limits.gapMin + 1, Limits.gapMin + 1 + Limits.gapGrace)] {
            var engine = Engine()
            _ = engine.beginBatch(at: Self.time(10), gap: gap, rules: RulesVersion.current)
            #expect(engine.grace == grace)
        }
    }

    @Test func `Gaps without end do not overflow`() {
        var engine = Engine()
        for _ in 0..<3 { _ = engine.beginBatch(at: Self.time(10), gap: .max, rules: RulesVersion.current) }
        #expect(engine.grace == .max)
    }

    @Test func `Time that is set back stands`() {
        var engine = Engine()
        _ = engine.beginBatch(at: Self.time(100))
        _ = engine.beginBatch(at: Self.time(50))
        #expect(engine.time == Self.time(100))
    }

    @Test func `An attestation expires when it says, whatever the gap`() throws {
        var engine = Engine()
        var events: [Event] = []
        _ = engine.beginBatch(at: Self.time(100))
        engine.apply(Command(account: .system, action: .createAccount(AccountTerms(label: "w"))), into: &events)
        let terms = AttestationTerms(account: AccountID(1), tees: 2, expiresAt: Self.time(200))
        engine.apply(Command(account: .system, action: .setAttested(terms)), into: &events)
        #expect(engine.nextDeadline == Self.time(200))
        let isDue = engine.beginBatch(at: Self.time(200), gap: 90_000_000, rules: RulesVersion.current)
        #expect(isDue)
    }

    @Test func `Only a gap changes the digest of the state, and only a newer checkpoint replaces the last`() throws {
        var engine = Engine()
        var events: [Event] = []
        _ = engine.beginBatch(at: Self.time(100), gap: 1, rules: RulesVersion.current)
        var other = Engine()
        _ = other.beginBatch(at: Self.time(100))
        #expect(engine.digest == other.digest)
        _ = other.beginBatch(at: Self.time(100), gap: 6_000_000, rules: RulesVersion.current)
        #expect(engine.digest != other.digest)

        let hash = SHA256Words(SHA256Words.InlineWords(1, 2, 3, 4))
        for batch in [Int64(7), 7, 5, 9] {
            let terms = CheckpointTerms(batch: batch, sha256: hash)
            engine.apply(Command(account: .system, action: .announceCheckpoint(terms)), into: &events)
        }
        #expect(engine.checkpoint?.terms.batch == 9)
        #expect(events.count == 2)
        #expect(try Engine(state: engine.state()).digest == engine.digest)
    }

    @Test func `Under the first rules a refused client order id leaves its key unused`() {
        for (rules, isRemembered) in [(Int32(1), false), (2, true)] {
            var engine = Engine()
            var events: [Event] = []
            _ = engine.beginBatch(at: Self.time(100), gap: 0, rules: rules)
            engine.apply(Command(account: .system, action: .createAccount(AccountTerms(label: "w"))), into: &events)
            engine.apply(Command(account: .system, action: .setModel(ModelTerms(name: "m"))), into: &events)
            for body in [UInt64(1), 2] {
                let terms = OrderTerms(
                    price: Price(nanoTONPerMTok: 1_000_000_000),
                    lots: Lots(1),
                    timeInForce: .gtc,
                    clientOrderID: ClientOrderID(Array("c".utf8)),
                    bodyHash: body
                )
                let offer = Command.Action.placeOffer(OfferTerms(order: terms, model: ModelID(1)))
                let key = IdempotencyKey(high: body, low: 0, body: body)
                events = []
                engine.apply(Command(account: AccountID(1), idempotency: key, action: offer), into: &events)
            }
            #expect(events.first == .rejected(.duplicateClientOrderID))
            #expect((events.count == 2) == isRemembered)
        }
    }

    @Test func `Under older rules an order that is repeated by its client order id leaves a new key unused`() {
        for (rules, isRemembered) in [(Int32(1), false), (2, false), (3, true)] {
            var engine = Engine()
            var events: [Event] = []
            _ = engine.beginBatch(at: Self.time(100), gap: 0, rules: rules)
            engine.apply(Command(account: .system, action: .createAccount(AccountTerms(label: "w"))), into: &events)
            engine.apply(Command(account: .system, action: .setModel(ModelTerms(name: "m"))), into: &events)
            let terms = OrderTerms(
                price: Price(nanoTONPerMTok: 1_000_000_000),
                lots: Lots(1),
                timeInForce: .gtc,
                clientOrderID: ClientOrderID(Array("c".utf8)),
                bodyHash: 1
            )
            let offer = Command.Action.placeOffer(OfferTerms(order: terms, model: ModelID(1)))
            for key in [UInt64(1), 2] {
                events = []
                let identity = IdempotencyKey(high: key, low: 0, body: 1)
                engine.apply(Command(account: AccountID(1), idempotency: identity, action: offer), into: &events)
            }
            #expect(events.first == .replayed(SequenceNumber(3)))
            #expect((events.count == 2) == isRemembered, "rules \(rules)")
        }
    }
}
