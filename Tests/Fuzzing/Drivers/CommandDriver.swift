import Engine
import Exchange
import Ledger
import Units

/// The journal's decoder and the engine behind it.
enum CommandDriver {
    /// There is one encoding for each command; and whatever the decoder accepts, the engine carries out, with every
    /// rule of its state kept.
    static func run(_ input: [UInt8]) throws {
        var engine = market
        var events: [Event] = []
        var offset = 0
        var count = 0
        while offset < input.count, count < commandsMax {
            let start = offset
            let command: Command
            do {
                command = try Command.decode(input.span, at: &offset)
            } catch {
                try check(offset == start, "a command that is refused moves the offset")
                break
            }
            var encoded: [UInt8] = []
            command.encode(into: &encoded)
            // An older form is read, and written as the newest one.
            let isOld = input[start + 1] < encoded[1]
            try check(isOld || encoded[...] == input[start..<offset], "a command has one encoding")
            count += 1
            engine.apply(command, into: &events)
            try check(engine.sequence.rawValue == market.sequence.rawValue + Int64(count), "each has its number")
        }
        if count > 0 { try engine.checkInvariants() }
    }

    /// Commands that one input may have.
    private static let commandsMax = 32

    /// Two owners with money, two models, an attested worker, orders on both sides and a lease.
    private static let market: Engine = {
        var engine = Engine(requestsMax: 16)
        var events: [Event] = []
        _ = engine.beginBatch(at: LogicalTime(microseconds: 1_000_000))
        for command in opening { engine.apply(command, into: &events) }
        return engine
    }()

    /// What leads to the market; its encodings are also the first inputs of the corpus.
    static let opening: [Command] = {
        let owners = [AccountID(1), AccountID(2), AccountID(3)]
        let order = OrderTerms(price: Price(nanoTONPerMTok: 20_000_000), lots: Lots(8), timeInForce: .gtc)
        var named = order
        named.clientOrderID = ClientOrderID("first".utf8)
        named.bodyHash = 7
        var offer = OfferTerms(order: order, model: ModelID(1))
        offer.contextLength = 65_536
        offer.claimedTEE = .tdx
        var requirement = Requirement()
        requirement.qualityAtLeast = 10
        return [
            .init(account: .system, action: .createAccount(AccountTerms(label: "operator"))),
            .init(account: owners[0], action: .createAccount(AccountTerms(label: "worker"))),
            .init(account: owners[0], action: .createAccount(AccountTerms(label: "app"))),
            .init(account: owners[0], action: .deposit(to: owners[2], amount: NanoTON(1_000_000_000))),
            .init(account: owners[0], action: .setModel(ModelTerms(name: "a/b", weightSet: .standard, quality: 50))),
            .init(
                account: owners[0],
                action: .setAttested(AttestationTerms(account: owners[1], tees: 2, expiresAt: .never))
            ),
            .init(account: owners[1], action: .placeOffer(offer)),
            .init(account: owners[2], action: .placeBid(BidTerms(order: order, requirement: requirement))),
            .init(
                account: owners[2],
                idempotency: IdempotencyKey(high: 1, low: 2, body: 3),
                action: .placeBid(BidTerms(order: named, requirement: requirement))
            ),
            .init(account: owners[1], action: .placeOffer(offer)),
        ]
    }()

    /// Commands of the kinds that the opening has not.
    static let others: [Command] = {
        let worker = AccountID(2)
        let hash = KeyHash(.init(1, 2, 3, 4))
        let key = KeyTerms(owner: worker, hash: hash, scopes: [.read, .offer], label: "key")
        let rates = FeeRates(maker: BasisPoints(1), taker: BasisPoints(30))
        return [
            .init(account: worker, action: .cancel(OrderID(10))),
            .init(account: .system, action: .createKey(key)),
            .init(account: .system, action: .setFees(FeeTerms(rates: rates))),
            .init(account: .system, action: .usage(LeaseID(1), AdjustedTokens(1_000))),
            .init(account: .system, action: .endLease(LeaseID(1))),
            .init(account: .system, action: .tick),
            .init(
                account: .system,
                action: .setMeasured(
                    MeasurementTerms(account: worker, model: ModelID(1), throughputTPS: 62, expiresAt: .never)
                )
            ),
        ]
    }()
}
