import Cryptography
import Engine
import Exchange
import Ledger
import Store
import Units

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// An engine that carries out random commands, batch by batch, and what the journal and the projector get of each.
struct RandomMarket {
    private(set) var engine: Engine
    /// What the server itself says in the next batch.
    var announcements: [CheckpointTerms] = []
    let rules: Int32
    /// Money enters and leaves by the chain, too.
    var settles = false
    /// Older rules have no traits, no measurements and no states of platforms.
    private var knowsCapabilities: Bool { rules >= 3 }
    var generator: SeededGenerator
    /// What the next batch begins with, by its time.
    var scripted: (LogicalTime) -> [Command] = { _ in [] }
    private var number: Int64 = 0
    private var digest = Digest256.zero
    private(set) var time: Int64 = 1_800_000_000_000_000
    /// Commands with an idempotency key, to be repeated now and then.
    private var repeatable: [Command] = []

    /// One executed batch.
    struct Batch {
        let row: JournalBatch
        let projected: ProjectedBatch
        let commands: [Command]
    }

    /// `rules` are those of all batches. With small limits of work, mass operations take several batches.
    init(
        seed: UInt64,
        requestsMax: Int = 300,
        rules: Int32 = RulesVersion.current,
        work: WorkLimits = .standard
    ) {
        self.rules = rules
        generator = SeededGenerator(seed: seed)
        engine = Engine(requestsMax: requestsMax, work: work)
    }

    /// Executes `count` random commands as the next batch.
    mutating func batch(_ count: Int, epoch: Int64) -> Batch {
        // Now and then a long time passes, so that attestations expire and requests are forgotten.
        time += chance(3) ? 700_000_000 : Int64.random(in: 0...2_000_000, using: &generator)
        if rules >= 5, chance(2) {
            time += Limits.endedKeyMemory
            // What is forgotten by then would be done again, and no key is made twice.
            repeatable = []
        }
        let first = engine.sequence.next
        var commands: [Command] = []
        let gap = rules >= 2 && chance(8) ? Int64.random(in: 1...60_000_000, using: &generator) : 0
        if engine.beginBatch(at: LogicalTime(microseconds: time), gap: gap, rules: rules) {
            commands.append(Command(account: .system, action: .tick))
        }
        for terms in announcements { commands.append(Command(account: .system, action: .announceCheckpoint(terms))) }
        announcements = []
        commands += scripted(LogicalTime(microseconds: time))
        scripted = { _ in [] }
        while commands.count < count { commands.append(command()) }
        var events: [Event] = []
        var ends: [Int32] = []
        var bytes: [UInt8] = []
        for command in commands {
            command.encode(into: &bytes)
            engine.apply(command, into: &events)
            ends.append(Int32(events.count))
        }
        number += 1
        let row = JournalBatch(
            number: number,
            epoch: epoch,
            rulesVersion: rules,
            firstSequence: first,
            lastSequence: engine.sequence,
            time: LogicalTime(microseconds: time),
            gap: gap,
            commands: bytes,
            stateDigest: engine.digest,
            previousDigest: digest
        )
        digest = row.digest
        let projected = ProjectedBatch(
            number: number,
            firstSequence: first,
            lastSequence: engine.sequence,
            time: LogicalTime(microseconds: time),
            grace: engine.grace,
            events: events,
            ends: ends
        )
        return Batch(row: row, projected: projected, commands: commands)
    }

    /// A number from 0 below `count`.
    mutating func draw(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }

    // MARK: Commands

    mutating func chance(_ percent: Int) -> Bool { draw(100) < percent }

    private mutating func command() -> Command {
        if chance(4), var repeated = repeatable.randomElement(using: &generator) {
            // Under another key it is the client order id that shows the repetition.
            if chance(60), repeated.hasClientOrderID, let key = repeated.idempotency {
                repeated.idempotency = IdempotencyKey(high: ~key.high, low: UInt64(number), body: key.body)
            }
            return repeated
        }
        if settles, engine.account(AccountID(6)) != nil, chance(60) { return settlementCommand() }
        if rules >= 3, engine.account(AccountID(6)) != nil, chance(16) { return control() }
        if rules >= 3, chance(8), let command = keyCommand() { return command }
        if rules >= 5, engine.account(AccountID(6)) != nil, chance(4) { return loginCommand() }
        if rules >= 4, engine.account(AccountID(6)) != nil, chance(30) { return leaseCommand() }
        let account = AccountID(Int64(draw(6) + 1))
        let action: Command.Action =
            switch draw(100) {
            case _ where engine.account(AccountID(6)) == nil, 0..<1:
                .createAccount(AccountTerms(label: "account \(draw(9))", openOrdersMax: chance(20) ? 3 : 500))
            case 1..<5: .createKey(key())
            case 5..<9: .setModel(model())
            case 9..<17: .deposit(to: chance(5) ? .system : account, amount: NanoTON(Int64(draw(900_000_000) + 1)))
            case 17..<21: .setAttested(attestation())
            case 21..<22: .setFees(fees())
            case 22..<24 where knowsCapabilities: .setMeasured(measurement())
            case 22..<48: .placeOffer(offer())
            case 48..<74: .placeBid(bid())
            case 74..<82: .cancel(OrderID(1))
            case 82..<93: usage()
            default: .endLease(aLease())
            }
        if case .cancel = action { return cancel() }
        let isOwners =
            switch action {
            case .placeOffer, .placeBid, .cancel: true
            default: false
            }
        var command = Command(account: isOwners ? account : .system, action: action)
        if rules >= 3, chance(60) { command.key = aKey(of: command.account)?.id ?? KeyID(0) }
        if chance(25) {
            let key = generator.next()
            command.idempotency = IdempotencyKey(high: key, low: ~key, body: key &+ 1)
            repeatable.append(command)
        }
        return command
    }

    mutating func key() -> KeyTerms {
        let hash = KeyHash(KeyHash.InlineWords(generator.next(), generator.next(), generator.next(), generator.next()))
        return KeyTerms(
            owner: AccountID(Int64(draw(7) + 1)),
            hash: hash,
            scopes: rules >= 5 && chance(30) ? .login : chance(20) ? [.bid, .read, .operator] : [.bid, .read],
            label: "ключ",
            expiresAt: chance(50) ? .never : LogicalTime(microseconds: time + 1_000_000)
        )
    }

    /// Mostly one in force.
    private mutating func aKey(of owner: AccountID) -> KeyRecord? {
        engine.keys(of: owner, limit: 20).map(\.record).randomElement(using: &generator)
    }

    /// What is done with keys by keys, and what an operator's key does.
    private mutating func keyCommand() -> Command? {
        let account = AccountID(Int64(draw(6) + 1))
        guard let acting = aKey(of: account), let other = aKey(of: AccountID(Int64(draw(6) + 1))) else { return nil }
        let owner = other.terms.owner
        let action: Command.Action
        switch draw(8) {
        case 0: action = .revokeKey(other.id, owner: owner)
        case 1: action = .setFees(fees())
        case 2...3:
            var terms = key()
            terms.owner = account
            terms.scopes = .read
            terms.expiresAt = acting.terms.expiresAt
            action = .createOwnKey(terms)
        default:
            let budgets = (0..<3).map { _ in chance(60) ? NanoTON(Int64(draw(3_000_000_000))) : nil }
            let network = NetworkPrefix(NetworkAddress(v4: UInt32(draw(200)) << 24), length: 104)
            let limits = KeyLimits(
                perOrder: budgets[0],
                perDay: budgets[1],
                total: budgets[2],
                networks: chance(50) ? [network].compactMap(\.self) : []
            )
            action = .setKeyLimits(KeyLimitTerms(key: other.id, owner: owner, limits: limits))
        }
        return Command(account: account, key: chance(80) ? acting.id : KeyID(0), action: action)
    }

    private mutating func model() -> ModelTerms {
        ModelTerms(
            name: "model/\(draw(4))",
            huggingFaceID: chance(50) ? "hf" : "",
            revision: chance(80) ? "" : ["aa", "bb", "r"][draw(3)],
            weightsSHA256: chance(90) ? "" : "bb",
            weightSet: chance(90) ? .standard : WeightSetID(2),
            quality: chance(20) ? nil : Int64(draw(4) * 20),
            contextLength: 32_768
        )
    }

    private mutating func attestation() -> AttestationTerms {
        AttestationTerms(
            account: AccountID(Int64(draw(6) + 1)),
            tees: chance(20) ? 0 : 1 << UInt8(draw(3) + 1),
            expiresAt: chance(40) ? .never : LogicalTime(microseconds: time + Int64(draw(60_000_000))),
            tcbStatus: knowsCapabilities ? UInt8(draw(3)) : 0,
            attestedAt: knowsCapabilities && chance(60)
                ? LogicalTime(microseconds: time - Int64(draw(900_000_000))) : nil
        )
    }

    private mutating func measurement() -> MeasurementTerms {
        MeasurementTerms(
            account: AccountID(Int64(draw(6) + 1)),
            model: ModelID(Int64(draw(4) + 1)),
            throughputTPS: Int64(draw(90)),
            ttftMS: Int64(draw(2) * 77),
            uptimeBP: chance(50) ? 0 : 9_950,
            expiresAt: chance(40) ? .never : LogicalTime(microseconds: time + Int64(draw(60_000_000)))
        )
    }

    private mutating func traits() -> Traits {
        var traits = Traits()
        guard knowsCapabilities, chance(50) else { return traits }
        for trait in Trait.allCases where trait.provenance == .declared && chance(40) { traits[trait] = Int64(draw(2)) }
        return traits
    }

    private mutating func demands() -> FurtherDemands? {
        guard knowsCapabilities, chance(40) else { return nil }
        var demands = FurtherDemands()
        if chance(30) { demands.least[.gpuModel] = 0b10 }
        if chance(30) { demands.least[.modalities] = 1 }
        if chance(30) { demands.most[.gpuCount] = 1 }
        if chance(20) { demands.least[.throughputTPS] = 20 }
        if chance(20) { demands.most[.ttftMS] = 100 }
        if chance(20) { demands.least[.tcbStatus] = 0b10 }
        if chance(20) { demands.most[.attestationAgeS] = 900 }
        if chance(20) { demands.qualityAtMost = 40 }
        if chance(20) { demands.contextLengthAtMost = 8_192 }
        if chance(10) { demands.modelsExcluded = [ModelID(1)] }
        if chance(10) { demands.regionsExcluded = [.europeanUnion] }
        if chance(10), let digest = HexDigest("aa".utf8) { demands.revisions = [digest] }
        if chance(10), let digest = HexDigest("bb".utf8) { demands.weightsExcluded = [digest] }
        return demands
    }

    private mutating func fees() -> FeeTerms {
        FeeTerms(
            rates: FeeRates(maker: BasisPoints(Int64(draw(50))), taker: BasisPoints(Int64(draw(90)))),
            minimumNotional: NanoTON(Int64(draw(3_000)))
        )
    }

    private mutating func terms() -> OrderTerms {
        let plain = plainTerms()
        return rules >= 3 && chance(50) ? special(plain) : plain
    }

    private mutating func plainTerms() -> OrderTerms {
        OrderTerms(
            price: Price(nanoTONPerMTok: Int64(draw(30) + 20) * 1_000_000 + Int64(draw(3)) * 7_000),
            lots: Lots(Int64(draw(20) + 1)),
            timeInForce: chance(20) ? .ioc : .gtc,
            clientOrderID: chance(30) ? ClientOrderID(Array("c-\(draw(500))".utf8)) : nil,
            bodyHash: UInt64.max - UInt64(draw(2))
        )
    }

    private mutating func offer() -> OfferTerms {
        var offer = OfferTerms(
            order: terms(),
            model: ModelID(Int64(draw(4) + 1)),
            contextLength: chance(50) ? 8_192 : 32_768,
            features: chance(50) ? [] : Features(rawValue: 1),
            quantization: chance(50) ? .fp8 : .bf16,
            region: chance(50) ? .unknown : Region(name: Array("de".utf8)) ?? .unknown,
            claimedTEE: chance(60) ? .none : .tdx,
            maxOpenLots: chance(30) ? Lots(Int64(draw(12) + 1)) : nil,
            buyers: rules >= 3 && chance(10) ? buyers() : .anyone
        )
        offer.traits = traits()
        if rules >= 4 { promise(&offer) }
        return offer
    }

    private mutating func bid() -> BidTerms {
        var requirement = Requirement()
        if chance(50), let models = FixedList([ModelID(Int64(draw(4) + 1)), ModelID(Int64(draw(4) + 1))]) {
            requirement.models = models
        }
        if chance(30) { requirement.qualityAtLeast = Int64(draw(3) * 20) }
        if chance(20) { requirement.contextLengthAtLeast = 16_384 }
        if chance(20) { requirement.features = Features(rawValue: 1) }
        if chance(20) { requirement.quantizations = Quantization.fp8.bit | Quantization.int4.bit }
        if chance(20) { requirement.tees = TEE.tdx.bit }
        if chance(20), let regions = FixedList([Region.europeanUnion]) { requirement.regions = regions }
        requirement.further = demands()
        var order = terms()
        if rules >= 3, chance(10) { order.rules.qualityCredit = Int64(draw(9) + 1) * 100_000 }
        var bid = BidTerms(order: order, requirement: requirement)
        if rules >= 4 { demand(&bid) }
        return bid
    }

    /// Mostly by its owner.
    private mutating func cancel() -> Command {
        let orders = engine.state().orders
        guard let order = orders.randomElement(using: &generator), !chance(5) else {
            return Command(account: AccountID(1), action: .cancel(OrderID(Int64(draw(50) + 1))))
        }
        return Command(account: order.account, action: .cancel(order.id))
    }

    private mutating func aLease() -> LeaseID {
        let leases = engine.state().leases
        return leases.randomElement(using: &generator)?.id ?? LeaseID(1)
    }

    private mutating func usage() -> Command.Action {
        let leases = engine.state().leases
        guard let lease = leases.randomElement(using: &generator) else { return .tick }
        let tokens = Int64.random(in: lease.used.count...lease.lots.tokens.count, using: &generator)
        return .usage(lease.id, AdjustedTokens(tokens))
    }
}

extension Command {
    fileprivate var hasClientOrderID: Bool {
        switch action {
        case .placeOffer(let terms): terms.order.clientOrderID != nil
        case .placeBid(let terms): terms.order.clientOrderID != nil
        default: false
        }
    }
}
