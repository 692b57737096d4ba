internal import Demonstration
internal import Engine
internal import Exchange
internal import Units

/// The accounts, models and orders of an engine that is measured.
struct EngineMarket {
    /// What workers offer: a class each.
    let offers: [RestingOffer]
    /// What apps demand: a profile each.
    let questions: [BookQuestion]
    let workers: Int
    let apps: Int
    private var classNumbers: [Capability: Int] = [:]
    private var random: SeededGenerator
    private var named = 0

    /// Every app asks for all of these, and may have so many.
    private static let questionCount = Limits.profilesPerAccountMax - 6
    /// A worker keeps fewer classes than it may have.
    private static let classesPerWorker = Limits.classesPerAccountMax - 6
    /// Lots of every offer.
    private static let offerLots: Int64 = 10
    /// Above every offer.
    private static let highestPrice: Int64 = 1_000_000_000

    init(classes: Int, apps: Int = 8, seed: UInt64) {
        self.apps = apps
        let market = MatchMarket(orders: classes, classes: classes, seed: seed)
        random = SeededGenerator(seed: seed, stream: 4)
        offers = market.offers
        for offer in offers { classNumbers[offer.capability] = classNumbers.count }
        workers = (classes + Self.classesPerWorker - 1) / Self.classesPerWorker
        var random = random
        questions = (0..<Self.questionCount).map { _ in market.question(namesModel: true, &random) }
    }

    /// Accounts 1 … are workers, then come the apps; models have the numbers that the market gives them.
    var setup: [Command] {
        var commands = (0..<workers + apps).map { index in
            Command(
                account: .system,
                action: .createAccount(
                    AccountTerms(label: "bench \(index)", openOrdersMax: Limits.openOrdersPerAccountMax)
                )
            )
        }
        commands += (1...MatchMarket.modelCount).map { model in
            let quality = MatchMarket.quality(of: ModelID(Int64(model)))
            return Command(
                account: .system,
                action: .setModel(ModelTerms(name: "bombyx/bench-\(model)", quality: quality))
            )
        }
        let everyTEE = TEE.allCases.reduce(UInt8(0)) { $0 | $1.bit } & ~TEE.none.bit
        commands += (1...workers).map { worker in
            let terms = AttestationTerms(account: AccountID(Int64(worker)), tees: everyTEE, expiresAt: .never)
            return Command(account: .system, action: .setAttested(terms))
        }
        commands += (1...apps).map { app in
            let owner = AccountID(Int64(workers + app))
            // Enough for every hold: of all of them a tenth of what deposits together may be.
            let amount = NanoTON(Limits.depositsMax / 10 / Int64(apps))
            return Command(account: .system, action: .deposit(to: owner, amount: amount))
        }
        return commands
    }

    /// An offer of one of the classes, at its price or a little above it.
    mutating func offer() -> Command { command(random.pick(offers)) }

    /// An offer of the class with this number, from 0.
    mutating func offer(ofClass number: Int) -> Command { command(offers[number]) }

    private mutating func command(_ offer: RestingOffer) -> Command {
        let capability = offer.capability
        let worker = (classNumbers[capability] ?? 0) / Self.classesPerWorker + 1
        let price = offer.price.nanoTONPerMTok + Int64(random.below(1_000)) * Price.step
        return Command(
            account: AccountID(Int64(worker)),
            action: .placeOffer(
                OfferTerms(
                    order: terms(price: price, lots: Self.offerLots, .gtc),
                    model: capability.model,
                    contextLength: capability.contextLength,
                    features: capability.features,
                    quantization: capability.quantization,
                    region: capability.region,
                    claimedTEE: capability.tee
                )
            )
        )
    }

    /// A bid that trades if anything will do for it, or one that is far too low for that.
    mutating func bid(isMarketable: Bool, lots: Int64, _ timeInForce: TimeInForce) -> Command {
        let number = random.below(questions.count)
        let limit = questions[number].limit.nanoTONPerMTok
        let low = limit / 20 / Price.step + Int64(random.below(500))
        let app = workers + 1 + random.below(apps)
        return Command(
            account: AccountID(Int64(app)),
            action: .placeBid(
                BidTerms(
                    order: terms(price: isMarketable ? limit * 3 : low * Price.step, lots: lots, timeInForce),
                    requirement: questions[number].requirement
                )
            )
        )
    }

    /// A bid that takes the whole of the best offer, whatever that can do.
    mutating func bidForAnything() -> Command {
        let order = terms(price: Self.highestPrice, lots: Self.offerLots, .ioc)
        let app = workers + 1 + random.below(apps)
        let bid = BidTerms(order: order, requirement: Requirement())
        return Command(account: AccountID(Int64(app)), action: .placeBid(bid))
    }

    /// A price at most twenty steps away from this one.
    mutating func price(near price: Price) -> Price {
        let away = Int64(random.below(41) - 20) * Price.step
        return Price(nanoTONPerMTok: max(Price.step, price.nanoTONPerMTok + away))
    }

    private mutating func terms(price: Int64, lots: Int64, _ timeInForce: TimeInForce) -> OrderTerms {
        named += 1
        return OrderTerms(
            price: Price(nanoTONPerMTok: price),
            lots: Lots(lots),
            timeInForce: timeInForce,
            clientOrderID: ClientOrderID(Array("b-\(named)".utf8)),
            bodyHash: random.next()
        )
    }

    mutating func below(_ bound: Int) -> Int { random.below(bound) }
}
