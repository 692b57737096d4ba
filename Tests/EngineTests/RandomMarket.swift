import Engine
import Exchange
import Units

/// Commands of a random market: everything that the engine knows, with values so close together that orders meet, own
/// orders too, keys and ids repeat, and refusals are common. Only the seed decides.
struct RandomMarket {
    private var random: SplitMix64
    private(set) var time: Int64 = 1_700_000_000_000_000
    private var accounts: Int64 = 0
    private var models: [String] = []
    private var openOrders: [OrderRecord] = []
    private var openLeases: [Trade] = []
    private var lastTrade: Int64 = 0
    /// Commands to be repeated some day.
    private var past: [Command] = []
    private var setup: [Command.Action] = []
    private let kind: Kind

    /// What a market is like.
    enum Kind {
        /// Few accounts, prices close together, everything happens often.
        case lively
        /// Thousands of resting orders of hundreds of classes and profiles over a wide range of prices; now and then
        /// one that sweeps through many of them.
        case wide
    }

    init(seed: UInt64, kind: Kind = .lively) {
        self.kind = kind
        random = SplitMix64(state: seed)
        setup = [.setFees(fees()), .createAccount(AccountTerms(label: "a", openOrdersMax: random.number(2...12)))]
        setup += (0..<4).map { _ in .createAccount(AccountTerms(label: "b")) }
        setup += (1...5).map { .deposit(to: AccountID($0), amount: NanoTON(1_000_000)) }
        setup += ["qwen", "llama", "phi", "small"].map { .setModel(ModelTerms(name: $0, weightSet: weightSet(of: $0))) }
        if kind == .wide {
            setup += (1...40).map { .setModel(ModelTerms(name: "m\($0)", quality: $0 % 3 == 0 ? nil : $0)) }
            setup += (1...5).map { .deposit(to: AccountID($0), amount: NanoTON(1_000_000_000_000)) }
            setup += (1...9).map { _ in .createAccount(AccountTerms(label: "wide")) }
            setup += (6...14).map { .deposit(to: AccountID($0), amount: NanoTON(1_000_000_000_000)) }
        }
        setup.reverse()
    }

    /// Hears what came of the last command.
    mutating func hear(_ events: [Event]) {
        for event in events {
            switch event {
            case .accepted(let order): openOrders.append(order)
            case .closed(let id, _, _): openOrders.removeAll { $0.id == id }
            case .traded(let trade):
                openLeases.append(trade)
                lastTrade = trade.id.rawValue
            case .leaseEnded(let id, _): openLeases.removeAll { $0.id.rawValue == id.rawValue }
            case .accountCreated(let account): accounts = account.id.rawValue
            case .modelSet(let model): if !models.contains(model.terms.name) { models.append(model.terms.name) }
            default: break
            }
        }
    }

    /// The next batch's time, mostly the last one's, seldom hours later.
    mutating func nextTime() -> LogicalTime {
        if random.chance(20) { time += random.number(0...2_000_000) }
        if random.chance(2) { time += random.number(0...3_600_000_000) }
        if random.chance(1) { time += random.number(0...90_000_000_000) }
        return LogicalTime(microseconds: time)
    }

    mutating func next() -> Command {
        if let action = setup.popLast() { return Command(account: .system, action: action) }
        if random.chance(6), !past.isEmpty { return repetition() }
        var command = fresh()
        if random.chance(25) {
            command.idempotency = IdempotencyKey(
                high: UInt64(random.number(1...(kind == .wide ? 4_000 : 12))),
                low: 7,
                body: bodyHash()
            )
        }
        past.append(command)
        return command
    }

    private mutating func repetition() -> Command {
        var command = random.pick(past)
        command.requestID = random.next()
        guard random.chance(30), let key = command.idempotency else { return command }
        command.idempotency = IdempotencyKey(high: key.high, low: key.low, body: key.body &+ 1)
        return command
    }

    private mutating func fresh() -> Command {
        switch random.number(kind == .wide ? 1...74 : 1...100) {
        case ...30: Command(account: account(), action: .placeOffer(offer()))
        case ...62: Command(account: account(), action: .placeBid(bid()))
        case ...72: cancel()
        case ...78: Command(account: .system, action: usage())
        case ...84: Command(account: .system, action: .endLease(lease()))
        default: Command(account: .system, action: operatorAction())
        }
    }

    // MARK: Orders

    /// Seldom one that does not exist.
    private mutating func account() -> AccountID {
        AccountID(random.number(1...(random.chance(2) ? 99 : max(accounts, 1))))
    }

    private mutating func bodyHash() -> UInt64 { UInt64(random.number(1...2)) }

    private mutating func terms(_ side: Side) -> OrderTerms {
        var price = random.number(95...105)
        var lots = random.number(1...20)
        if kind == .wide {
            let sweeps = random.chance(3)
            if sweeps { lots = random.number(100...2_000) }
            price = side == .offer ? random.number(900...2_000) : random.number(1...1_000)
            if sweeps { price = side == .offer ? random.number(1...800) : random.number(1_200...2_500) }
        }
        if random.chance(1) {
            price = random.number(1...100_000_000_000)
            lots = random.number(1...Limits.orderLotsMax)
        }
        let clientOrderID =
            random.chance(25) ? ClientOrderID(Array("c-\(random.number(1...(kind == .wide ? 4_000 : 40)))".utf8)) : nil
        return OrderTerms(
            price: Price(nanoTONPerMTok: price * Price.step),
            lots: Lots(lots),
            timeInForce: random.chance(kind == .wide ? 1 : 20) ? .ioc : .gtc,
            clientOrderID: clientOrderID,
            bodyHash: bodyHash()
        )
    }

    private mutating func features() -> Features {
        Features(rawValue: random.chance(50) ? 0 : UInt32(random.number(0...7)) << UInt32(random.number(0...13)))
    }

    private mutating func region() -> Region {
        Region(name: Array(random.pick(["de", "fr", "us", "eu", "ch"]).utf8)) ?? .unknown
    }

    private mutating func quantization() -> Quantization { random.pick([.unknown, .fp8, .bf16, .fp32]) }
    private mutating func contextLength() -> Int64 {
        if kind == .wide && random.chance(50) { return random.number(0...40) * 4_096 }
        return random.pick([0, 1, 4_096, 8_191, 8_192, 8_193, 131_072])
    }
    private mutating func model() -> ModelID {
        random.chance(2) ? ModelID(random.pick([0, 99])) : ModelID(random.number(1...max(Int64(models.count), 1)))
    }

    private mutating func offer() -> OfferTerms {
        let maxOpenLots = random.chance(30) ? Lots(random.number(1...12)) : nil
        // Many offers can do the same, so that they queue behind each other.
        if random.chance(kind == .lively ? 50 : 5) {
            let tee: TEE = random.chance(50) ? .none : .tdx
            return OfferTerms(order: terms(.offer), model: ModelID(1), claimedTEE: tee, maxOpenLots: maxOpenLots)
        }
        var offer = OfferTerms(
            order: terms(.offer),
            model: model(),
            contextLength: contextLength(),
            features: features(),
            quantization: quantization(),
            region: random.chance(50) ? .unknown : region(),
            claimedTEE: random.chance(50) ? .none : random.pick(TEE.allCases),
            maxOpenLots: maxOpenLots
        )
        if random.chance(40) { offer.traits = random.declaredTraits() }
        return offer
    }

    private mutating func bid() -> BidTerms {
        var requirement = Requirement()
        if random.chance(60) {
            requirement.models = FixedList((0..<random.number(1...3)).map { _ in model() }) ?? FixedList()
        }
        if random.chance(30) { requirement.qualityAtLeast = random.number(0...60) }
        if random.chance(30) { requirement.contextLengthAtLeast = contextLength() }
        if random.chance(20) { requirement.features = features() }
        if random.chance(20) { requirement.quantizations = quantization().bit | quantization().bit }
        if random.chance(30) { requirement.tees = random.pick([TEE.tdx.bit, 0x3E, TEE.sgx.bit | TEE.sevSNP.bit]) }
        if random.chance(20) { requirement.regions = FixedList([region(), region()]) ?? FixedList() }
        if random.chance(35) { requirement.further = random.furtherDemands() }
        return BidTerms(
            order: terms(.bid),
            requirement: requirement,
            namedWeightSet: random.chance(10) ? WeightSetID(UInt8(random.number(1...3))) : nil,
            namesUnknownModel: random.chance(1)
        )
    }

    private mutating func cancel() -> Command {
        guard !openOrders.isEmpty, random.chance(90) else {
            return Command(account: account(), action: .cancel(OrderID(random.number(1...500))))
        }
        let order = random.pick(openOrders)
        return Command(account: random.chance(95) ? order.account : account(), action: .cancel(order.id))
    }

    // MARK: Leases

    private mutating func lease() -> LeaseID {
        guard !openLeases.isEmpty, random.chance(90) else { return LeaseID(random.number(1...(lastTrade + 2))) }
        return LeaseID(random.pick(openLeases).id.rawValue)
    }

    private mutating func usage() -> Command.Action {
        guard !openLeases.isEmpty, random.chance(90) else {
            return .usage(lease(), AdjustedTokens(random.number(0...9)))
        }
        let trade = random.pick(openLeases)
        let most = trade.lots.tokens.count
        let tokens = random.chance(20) ? most : random.number(0...most) + (random.chance(5) ? most : 0)
        return .usage(LeaseID(trade.id.rawValue), AdjustedTokens(tokens))
    }

    // MARK: The operator

    private mutating func fees() -> FeeTerms {
        let rates = FeeRates(maker: BasisPoints(random.number(0...60)), taker: BasisPoints(random.number(0...60)))
        return FeeTerms(rates: rates, minimumNotional: NanoTON(random.chance(50) ? 0 : random.number(0...500)))
    }

    private func weightSet(of model: String) -> WeightSetID { model == "small" ? WeightSetID(2) : .standard }

    private mutating func modelTerms() -> ModelTerms {
        let name = random.chance(4) ? "new-\(random.number(1...9))" : random.pick(models.isEmpty ? ["qwen"] : models)
        let isNewVersion = random.chance(10)
        return ModelTerms(
            name: name,
            revision: isNewVersion ? random.pick(["aa", "bb", "no digest"]) : "",
            weightSet: random.chance(3) ? WeightSetID(UInt8(random.pick([0, 1, 2, 3, 99]))) : weightSet(of: name),
            quality: random.chance(20) ? nil : random.number(0...6) * 10,
            contextLength: contextLength()
        )
    }

    private mutating func operatorAction() -> Command.Action {
        switch random.number(1...18) {
        case ...5: return .setModel(modelTerms())
        case ...10:
            let tees = random.pick([0, TEE.tdx.bit, TEE.sgx.bit, 0x3E, TEE.tdx.bit | TEE.sevSNP.bit])
            let isForever = random.chance(30)
            let expiry = LogicalTime(microseconds: time + random.number(-1_000...600_000_000))
            return .setAttested(
                AttestationTerms(
                    account: account(),
                    tees: tees,
                    expiresAt: isForever ? .never : expiry,
                    tcbStatus: UInt8(random.number(0...3)),
                    attestedAt: random.chance(50)
                        ? nil : LogicalTime(microseconds: max(0, time - random.number(0...4_000_000_000)))
                )
            )
        case 17, 18:
            return .setMeasured(
                MeasurementTerms(
                    account: account(),
                    model: model(),
                    throughputTPS: random.number(0...120),
                    ttftMS: random.pick([0, 50, 51, 700, 20_000]),
                    uptimeBP: random.pick([0, 8_000, 9_500, 10_000]),
                    expiresAt: LogicalTime(microseconds: time + random.number(-1_000...600_000_000))
                )
            )
        case 11: return .setFees(fees())
        case 12: return .createAccount(AccountTerms(label: "c", openOrdersMax: random.number(1...30)))
        case 13:
            let hash = KeyHash(KeyHash.InlineWords(random.next(), 2, 3, 4))
            return .createKey(KeyTerms(owner: account(), hash: hash, scopes: [.read, .bid], label: "k"))
        case 14: return .tick
        default:
            let owner = random.chance(10) ? AccountID.system : account()
            return .deposit(
                to: owner,
                amount: NanoTON(random.chance(10) ? Limits.depositsMax : random.number(1...50_000))
            )
        }
    }
}
