import Cryptography
import Engine
import Exchange
import Ledger
import Provenance
import Units

@testable import EngineTesting

/// An exchange with a worker, an app and a second worker, whose leases are delivered by hand.
struct DeliveryDesk {
    var engine: Engine
    private var seconds: Int64 = 1_000
    private let rules: Int32
    static let worker = AccountID(1)
    static let app = AccountID(2)
    static let other = AccountID(3)
    static let price: Int64 = 20_000_000
    static let money: Int64 = 10_000_000

    /// Everybody has money and, unless told otherwise, a receipt key.
    init(work: WorkLimits = .standard, hasKeys: Bool = true, rules: Int32 = RulesVersion.current) {
        engine = Engine(work: work)
        self.rules = rules
        _ = engine.beginBatch(at: LogicalTime(microseconds: seconds * 1_000_000), gap: 0, rules: rules)
        let noFees = FeeRates(maker: BasisPoints(0), taker: BasisPoints(0))
        give(.system, .setFees(FeeTerms(rates: noFees, minimumNotional: .zero)))
        for label in ["worker", "app", "other"] { give(.system, .createAccount(AccountTerms(label: label))) }
        give(.system, .setModel(ModelTerms(name: "m")))
        for account in 1...3 {
            give(.system, .deposit(to: AccountID(Int64(account)), amount: NanoTON(Self.money)))
            if hasKeys { setProfile(AccountID(Int64(account)), key: UInt8(account)) }
        }
    }

    @discardableResult
    mutating func give(_ account: AccountID, _ action: Command.Action) -> [Event] {
        var events: [Event] = []
        engine.apply(Command(account: account, action: action), into: &events)
        return events
    }

    /// Why the command is refused; `nil` when it is carried out.
    mutating func refusal(_ account: AccountID, _ action: Command.Action) -> Rejection? {
        for case .rejected(let rejection) in give(account, action) { return rejection }
        return nil
    }

    @discardableResult
    mutating func setProfile(_ account: AccountID, key: UInt8?) -> [Event] {
        let terms = ProfileTerms(
            endpoint: "https://\(account.text).example",
            receiptKey: key.map { [UInt8](repeating: $0, count: 32) }
        )
        return give(account, .lease(.setProfile(terms)))
    }

    /// So many seconds pass; what is due is carried out, as long as something is.
    @discardableResult
    mutating func pass(_ duration: Int64, gap: Int64 = 0) -> [Event] {
        seconds += duration
        var events: [Event] = []
        var gap = gap
        while engine.beginBatch(
            at: LogicalTime(microseconds: seconds * 1_000_000),
            gap: gap * 1_000_000,
            rules: rules
        ) {
            events += give(.system, .tick)
            gap = 0
        }
        return events
    }

    mutating func offer(
        _ lots: Int64,
        of account: AccountID = DeliveryDesk.worker,
        _ body: (inout OfferTerms) -> Void = { _ in }
    ) -> Rejection? {
        var terms = OfferTerms(order: Self.order(lots), model: ModelID(1))
        body(&terms)
        return refusal(account, .placeOffer(terms))
    }

    mutating func bid(_ lots: Int64, _ body: (inout BidTerms) -> Void = { _ in }) -> [Event] {
        var terms = BidTerms(order: Self.order(lots), requirement: Requirement())
        body(&terms)
        return give(Self.app, .placeBid(terms))
    }

    /// A lease of so many lots.
    @discardableResult
    mutating func open(
        _ lots: Int64,
        offer body: (inout OfferTerms) -> Void = { _ in },
        bid other: (inout BidTerms) -> Void = { _ in }
    ) -> LeaseID {
        _ = offer(lots, body)
        for case .traded(let trade) in bid(lots, other) { return LeaseID(trade.id.rawValue) }
        return LeaseID(0)
    }

    private static func order(_ lots: Int64) -> OrderTerms {
        OrderTerms(price: Price(nanoTONPerMTok: price), lots: Lots(lots), timeInForce: .gtc)
    }

    /// A receipt of so many prompt tokens, which are as many adjusted ones.
    func receipt(
        _ lease: LeaseID,
        _ sequence: UInt32,
        _ tokens: Int64,
        previous: Receipt? = nil,
        keys: (worker: UInt8, app: UInt8) = (1, 2),
        _ body: (inout Receipt) -> Void = { _ in }
    ) -> Receipt {
        var receipt = Receipt(
            lease: lease,
            worker: PartyID(receiptKey: [UInt8](repeating: keys.worker, count: 32)),
            app: PartyID(receiptKey: [UInt8](repeating: keys.app, count: 32)),
            sequence: sequence,
            usage: TokenUsage(prompt: tokens, completion: 0),
            price: Price(nanoTONPerMTok: Self.price),
            adjusted: AdjustedTokens(tokens),
            amount: NanoTON(tokens * Self.price / 1_000_000),
            startedAt: 0,
            endedAt: Int64(sequence),
            previous: previous?.hash ?? .zero
        )
        body(&receipt)
        return receipt
    }

    static func terms(_ receipt: Receipt, countersigned: Bool) -> ReceiptTerms {
        let signature = [UInt8](repeating: 5, count: 64)
        let signed = SignedReceipt(
            receipt: receipt,
            workerSignature: signature,
            appSignature: countersigned ? signature : nil
        )
        return ReceiptTerms(signed, salt: [UInt8](repeating: 6, count: 32))
    }

    mutating func record(_ receipt: Receipt, countersigned: Bool = true) -> Rejection? {
        refusal(Self.worker, .lease(.recordReceipt(Self.terms(receipt, countersigned: countersigned))))
    }

    func balance(_ account: AccountID, _ kind: LedgerAccount.Kind) -> Int64 {
        let found = engine.balances(of: account).first { $0.account == LedgerAccount(account, kind) }
        return (found?.counters).map { Int64($0.credits - $0.debits) } ?? 0
    }
}

extension [Event] {
    /// How leases ended.
    var leaseEnds: [LeaseEnd] { compactMap { if case .leaseEnded(_, _, let end) = $0 { end } else { nil } } }

    /// Orders that were placed.
    var acceptedOrders: [OrderRecord] { compactMap { if case .accepted(let record) = $0 { record } else { nil } } }
}
