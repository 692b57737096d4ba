import Engine
import Exchange
import Testing
import Units

@testable import EngineTesting

/// The binary form of commands, which the journal keeps.
@Suite struct CommandCodecTests {
    /// What a decoder says of bytes: the command and where it ends, or nothing.
    private func decode(_ bytes: [UInt8], at start: Int = 0) -> (command: Command, end: Int)? {
        var offset = start
        guard let command = try? Command.decode(bytes.span, at: &offset) else { return nil }
        return (command, offset)
    }

    private func encode(_ command: Command) -> [UInt8] {
        var bytes: [UInt8] = []
        command.encode(into: &bytes)
        return bytes
    }

    /// Commands as they come, with values as large as they may be now and then.
    private func commands(seed: UInt64, count: Int) -> [Command] {
        var market = RandomMarket(seed: seed)
        var engine = ReferenceEngine()
        return (0..<count).map { _ in
            var events: [Event] = []
            let command = market.next()
            engine.apply(command, into: &events)
            market.hear(events)
            return command
        }
    }

    private static let extremes: [Command] = {
        let longest = String(repeating: "ü", count: 48)
        let model = ModelTerms(
            name: longest,
            huggingFaceID: longest,
            revision: String(repeating: "a", count: 40),
            weightsSHA256: String(repeating: "f", count: 64),
            weightSet: WeightSetID(255),
            quality: Limits.qualityMax,
            contextLength: Limits.contextLengthMax
        )
        let order = OrderTerms(
            price: Price(nanoTONPerMTok: Limits.priceMax),
            lots: Lots(Limits.orderLotsMax),
            timeInForce: .ioc,
            clientOrderID: ClientOrderID(Array(String(repeating: "Z", count: Limits.clientOrderIDBytesMax).utf8)),
            bodyHash: .max
        )
        var requirement = Requirement()
        requirement.models = FixedList((1...16).map { ModelID($0 * 200) }) ?? FixedList()
        requirement.regions = FixedList((1...16).map { Region(code: 0x6161 + $0) }) ?? FixedList()
        requirement.features = Features(rawValue: 0xFFFF)
        requirement.quantizations = 0xFFF
        requirement.tees = 0x3E
        requirement.qualityAtLeast = 100
        requirement.contextLengthAtLeast = Limits.contextLengthMax
        let key = IdempotencyKey(high: .max, low: 0, body: .max)
        let words = KeyHash.InlineWords(.max, 0, .max, 1)
        let actions: [Command.Action] = [
            .tick, .setModel(model), .setModel(ModelTerms(name: "x")),
            .placeBid(
                BidTerms(
                    order: order,
                    requirement: requirement,
                    namedWeightSet: WeightSetID(6),
                    namesUnknownModel: true
                )
            ),
            .placeOffer(
                OfferTerms(
                    order: order,
                    model: ModelID(4_096),
                    contextLength: Limits.contextLengthMax,
                    features: Features(rawValue: 0xFFFF),
                    quantization: .fp32,
                    region: .europeanUnion,
                    claimedTEE: .sevSNPNvidia,
                    maxOpenLots: Lots(Limits.orderLotsMax)
                )
            ),
            .usage(LeaseID(.max), AdjustedTokens(Limits.orderLotsMax * 1_000)), .endLease(LeaseID(.max)),
            .cancel(OrderID(.max)),
            .deposit(to: .system, amount: NanoTON(Limits.depositsMax)),
            .createAccount(
                AccountTerms(label: String(repeating: "l", count: 64), openOrdersMax: Limits.openOrdersPerAccountMax)
            ),
            .createAccount(AccountTerms(label: "")),
            .createKey(
                KeyTerms(owner: AccountID(.max / 16), hash: KeyHash(words), scopes: Scopes(rawValue: 63), label: "")
            ),
            .setAttested(AttestationTerms(account: AccountID(1), tees: 0, expiresAt: .never)),
            .setAttested(
                AttestationTerms(
                    account: AccountID(1),
                    tees: 62,
                    expiresAt: .never,
                    tcbStatus: 7,
                    attestedAt: LogicalTime(microseconds: .max)
                )
            ),
            .setMeasured(
                MeasurementTerms(
                    account: AccountID(1),
                    model: ModelID(1),
                    throughputTPS: 1_000_000,
                    ttftMS: 3_600_000,
                    uptimeBP: 10_000,
                    expiresAt: .never
                )
            ),
            .setFees(
                FeeTerms(rates: FeeRates(maker: BasisPoints(0), taker: BasisPoints(1_000)), minimumNotional: .zero)
            ),
        ]
        let keys: [Command.Action] = [
            .createOwnKey(
                KeyTerms(owner: AccountID(1), hash: KeyHash(words), scopes: .read, label: "", expiresAt: .zero)
            ),
            .login(
                LoginTerms(
                    subject: String(repeating: "s", count: Limits.loginSubjectBytesMax),
                    key: KeyTerms(owner: .system, hash: KeyHash(words), scopes: .read, label: "")
                )
            ),
            .linkLogin(subject: "telegram:7"), .unlinkLogin(SequenceNumber(.max)),
            .revokeKey(KeyID(.max), owner: AccountID(1)),
            .setKeyLimits(KeyLimitTerms(key: KeyID(1), owner: AccountID(1), limits: KeyLimits())),
            .setKeyLimits(
                KeyLimitTerms(
                    key: KeyID(1),
                    owner: AccountID(.max),
                    limits: KeyLimits(
                        perOrder: .zero,
                        perDay: NanoTON(Limits.keyBudgetMax),
                        total: NanoTON(1),
                        networks: (0..<Limits.networksPerKeyMax).compactMap {
                            NetworkPrefix(NetworkAddress(v6: UInt128($0) << 100), length: 128)
                        }
                    )
                )
            ),
        ]
        let make = { (action: Command.Action) in
            Command(account: AccountID(7), key: KeyID(.max), requestID: .max, idempotency: key, action: action)
        }
        let orders = (0..<3).map { make(actions[3 + $0 % 2]) }
        let batch = make(.openBatch(AtomicBatch(orders: orders)))
        return (actions + keys + LeaseCommands.all + SettlementCommands.all).map(make) + [batch, make(.placeNext)]
    }()

    @Test func `Every command comes back as it was, also when it is the largest there is`() {
        for command in Self.extremes + commands(seed: 5, count: 2_000) {
            let bytes = encode(command)
            let decoded = decode(bytes)
            #expect(decoded?.command == command)
            #expect(decoded?.end == bytes.count)
        }
    }

    @Test func `A batch has at most so many orders, and at least one`() {
        let order = Self.extremes[4]
        let most = Limits.batchOrdersMax
        for (count, isRead) in [(0, false), (1, true), (most, true), (most + 1, false)] {
            let batch = AtomicBatch(orders: Array(repeating: order, count: count))
            var command = order
            command.action = .openBatch(batch)
            #expect((decode(encode(command))?.command == command) == isRead, "\(count) orders")
        }
    }

    @Test func `A command of version 1 is the same without a key`() {
        for command in Self.extremes + commands(seed: 8, count: 500) {
            var command = command
            switch command.action {
            // These have grown since, which the test below is about.
            case .placeOffer, .placeBid, .setAttested, .openBatch: continue
            default: command.key = KeyID(0)
            }
            var bytes = encode(command)
            bytes[1] = 1
            bytes.removeSubrange(10..<18)
            #expect(decode(bytes)?.command == command)
            bytes[1] = 3
            #expect(decode(bytes) == nil)
        }
    }

    @Test func `Commands stand back to back in a batch`() {
        let commands = Self.extremes + commands(seed: 6, count: 500)
        var bytes: [UInt8] = []
        for command in commands { command.encode(into: &bytes) }
        var offset = 0
        for command in commands {
            guard let decoded = decode(bytes, at: offset) else {
                Issue.record("\(command) at \(offset)")
                return
            }
            #expect(decoded.command == command)
            offset = decoded.end
        }
        #expect(offset == bytes.count)
    }

    @Test func `A form of before there were traits, demands and states of platforms is still read`() {
        let order = OrderTerms(price: Price(nanoTONPerMTok: 1_000), lots: Lots(1), timeInForce: .gtc)
        let attestation = AttestationTerms(account: AccountID(1), tees: 2, expiresAt: .never)
        // What the second version added, and how far from the end: no traits; no demands, before the bid's named weight
        // set and its flag; no state, and no time of evidence.
        let commands: [(Command.Action, added: Int, fromEnd: Int)] = [
            (.placeOffer(OfferTerms(order: order, model: ModelID(1))), 2, 0),
            (.placeBid(BidTerms(order: order, requirement: Requirement())), 1, 2), (.setAttested(attestation), 9, 0),
        ]
        for (action, added, fromEnd) in commands {
            var bytes = encode(Command(account: AccountID(1), action: action))
            #expect(bytes[1] == 2)
            bytes[1] = 1
            let end = bytes.count - fromEnd
            bytes.removeSubrange(end - added..<end)
            // No key.
            bytes.removeSubrange(10..<18)
            #expect(decode(bytes)?.command.action == action)
            #expect(decode(bytes)?.end == bytes.count)
        }
    }

    @Test func `A command that is cut off is none`() {
        for command in Self.extremes + commands(seed: 7, count: 200) {
            let bytes = encode(command)
            for length in 0..<bytes.count {
                #expect(decode(Array(bytes.prefix(length))) == nil, "\(command), \(length)")
            }
        }
    }

    @Test func `Bytes have one meaning or none: what is accepted is encoded as it was`() {
        var random = SplitMix64(state: 11)
        for command in Self.extremes + commands(seed: 8, count: 300) {
            let bytes = encode(command)
            for bit in 0..<(bytes.count * 8) {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                expectOneMeaning(flipped)
            }
        }
        for _ in 0..<20_000 {
            var bytes = encode(random.pick(Self.extremes))
            for _ in 0..<random.number(1...8) {
                bytes[Int(random.number(0...Int64(bytes.count - 1)))] = UInt8(random.number(0...255))
            }
            expectOneMeaning(bytes)
            expectOneMeaning((0..<random.number(0...200)).map { _ in UInt8(random.number(0...255)) })
        }
    }

    /// Older forms are read, and written as the newest one.
    private func expectOneMeaning(_ bytes: [UInt8]) {
        guard let decoded = decode(bytes) else { return }
        if bytes[1] < encode(decoded.command)[1] { return }
        if encode(decoded.command) != Array(bytes.prefix(decoded.end)) {
            Issue.record("\(bytes) is read as \(decoded.command)")
        }
    }

    /// Terms that no order may have: the engine's arithmetic relies on it.
    private static let forbidden: [Command.Action] = {
        let order = { (price: Int64, lots: Int64) in
            OrderTerms(price: Price(nanoTONPerMTok: price), lots: Lots(lots), timeInForce: .gtc)
        }
        let terms = [
            order(0, 1), order(-1_000, 1), order(999, 1), order(1_001, 1), order(1_500, 1),
            order(Limits.priceMax + 1_000, 1), order(.max, 1), order(1_000, 0), order(1_000, -1),
            order(1_000, Limits.orderLotsMax + 1), order(.min, .min),
        ]
        let model = { (name: String, quality: Int64) in ModelTerms(name: name, quality: quality) }
        let fees = { (maker: Int64, taker: Int64, least: Int64) in
            FeeTerms(
                rates: FeeRates(maker: BasisPoints(maker), taker: BasisPoints(taker)),
                minimumNotional: NanoTON(least)
            )
        }
        var actions: [Command.Action] = terms.map { .placeBid(BidTerms(order: $0, requirement: Requirement())) }
        actions += terms.map { .placeOffer(OfferTerms(order: $0, model: ModelID(1))) }
        actions += [
            .placeOffer(OfferTerms(order: order(1_000, 1), model: ModelID(1), maxOpenLots: Lots(-1))),
            .placeOffer(OfferTerms(order: order(1_000, 1), model: ModelID(1), contextLength: -1)),
            .deposit(to: AccountID(1), amount: .zero), .deposit(to: AccountID(1), amount: NanoTON(-1)),
            .deposit(to: AccountID(1), amount: NanoTON(Limits.depositsMax + 1)),
            .createAccount(AccountTerms(label: "", openOrdersMax: 0)),
            .createAccount(AccountTerms(label: "", openOrdersMax: Limits.openOrdersPerAccountMax + 1)),
            .createAccount(AccountTerms(label: String(repeating: "x", count: Limits.labelBytesMax + 1))),
            .setModel(model("", 1)), .setModel(model(String(repeating: "x", count: 97), 1)),
            .setModel(model("x", Limits.qualityMax + 1)), .setModel(model("x", -2)),
            .setFees(fees(-1, 0, 0)), .setFees(fees(0, Limits.feeMax + 1, 0)), .setFees(fees(0, 0, -1)),
        ]
        return actions
    }()

    @Test func `A command with a value outside its limits is none`() {
        for action in Self.forbidden {
            #expect(decode(encode(Command(account: AccountID(1), action: action))) == nil, "\(action)")
        }
        #expect(decode(encode(Command(account: AccountID(-1), action: .tick))) == nil)
    }

    @Test func `An error leaves the reader where it was`() {
        var offset = 3
        #expect(throws: CommandDecodingError.self) { try Command.decode([1, 2, 3, 12, 9].span, at: &offset) }
        #expect(throws: CommandDecodingError.truncated) { try Command.decode([1, 2, 3].span, at: &offset) }
        var unknown = [UInt8](repeating: 0, count: 99)
        unknown[3...4] = [77, 1]
        #expect(throws: CommandDecodingError.unknownKind(77)) { try Command.decode(unknown.span, at: &offset) }
        unknown[4] = 3
        #expect(throws: CommandDecodingError.unknownVersion) { try Command.decode(unknown.span, at: &offset) }
        #expect(offset == 3)
    }
}
