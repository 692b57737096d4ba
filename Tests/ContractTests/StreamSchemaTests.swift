import Engine
import Exchange
import JSON
import Ledger
import Testing
import Units

@testable import API

/// The messages of streams are what the contract says of them.
@Suite struct StreamSchemaTests {
    private let contract: Contract
    private let models: ModelTable
    private static let now = LogicalTime(microseconds: 1_795_222_800_000_000)

    init() throws {
        contract = try Contract()
        models = ModelTable([
            ModelRecord(
                id: ModelID(1),
                version: 1,
                terms: ModelTerms(name: "Qwen/Qwen3-32B", quality: 40),
                createdAt: Self.now
            )
        ])
    }

    /// The data of a message, if it is one of this event.
    private func data(_ text: [UInt8], _ event: String) throws -> JSONValue {
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "event: \(event)")
        #expect(lines[1].hasPrefix("data: {"))
        return try JSONValue(Array(lines[1].dropFirst(6).utf8))
    }

    private func expect(_ text: [UInt8], _ event: String, _ schema: String) throws {
        let json = try data(text, event)
        let validator = SchemaValidator(contract: contract)
        #expect(validator.faults(json, try contract.schema(schema)) == [], "\(event)")
        let operation = try contract.operation("openStream").value
        let media = operation["responses"]?["200"]?["content"]?[ContentType.events.text.description]
        let any = try #require(media?["schema"])
        #expect(validator.faults(json, any) == [], "\(event)")
    }

    private let trade = TradeDetail(
        trade: Trade(
            id: TradeID(1),
            bid: OrderID(18),
            offer: OrderID(17),
            buyer: AccountID(3),
            seller: AccountID(2),
            lots: Lots(5),
            price: Price(nanoTONPerMTok: 20_123_000),
            takerSide: .bid,
            bidRemaining: Lots(1),
            offerRemaining: .zero,
            locked: NanoTON(100_916),
            buyerRate: BasisPoints(30),
            sellerRate: BasisPoints(10),
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard
        ),
        sequence: SequenceNumber(18),
        time: Self.now
    )

    @Test func `Marks`() throws {
        let sequence = SequenceNumber(17)
        try expect(StreamText.opened(asOf: sequence), "open", "StreamPosition")
        try expect(StreamText.reset([.trades, .orders, .balances], asOf: sequence), "reset", "StreamReset")
        for end in StreamEnd.allCases {
            try expect(StreamText.end(end, asOf: sequence), end.rawValue, "StreamPosition")
        }
        #expect(StreamText.heartbeat(sequence) == Array(": sequence 17\n\n".utf8))
        #expect(StreamText.closing(sequence) == Array("id: 17\n\n".utf8))
        let names = try contract.schema("StreamReset")["properties"]?["channels"]?["items"]?["enum"]?.strings ?? []
        #expect(names == StreamChannel.allCases.filter { !$0.conflates }.map(\.name))
    }

    @Test func `The market`() throws {
        let level = BookView.Level(price: Price(nanoTONPerMTok: 20_123_000), lots: 5, orders: 1)
        let view = BookView(bestOffers: [level], bestBids: [])
        for previous in [nil, SequenceNumber(3)] {
            let head = StreamText.BookHead(sequence: SequenceNumber(17), previous: previous, checksum: .max)
            try expect(StreamText.book(view, head), "book", "StreamBook")
        }
        for (level, last) in [(nil, nil), (level, trade)] as [(BookView.Level?, TradeDetail?)] {
            let text = StreamText.ticker(offer: level, bid: nil, last: last, models: models, at: SequenceNumber(17))
            try expect(text, "ticker", "StreamTicker")
        }
        try expect(StreamText.trades([trade], models: models, at: SequenceNumber(18)), "trades", "StreamTrades")
    }

    private var offer: OrderRecord {
        OrderRecord(
            id: OrderID(17),
            account: AccountID(2),
            side: .offer,
            price: Price(nanoTONPerMTok: 20_123_000),
            lots: Lots(5),
            remaining: Lots(5),
            timeInForce: .gtc,
            clientOrderID: nil,
            bodyHash: 0,
            rates: FeeRates(maker: BasisPoints(10), taker: BasisPoints(30)),
            classID: ClassID(1),
            profileID: ProfileID(0),
            claimedTEE: .none,
            maxOpenLots: nil,
            openLots: .zero,
            createdAt: Self.now,
            closeReason: nil,
            lastSequence: SequenceNumber(17)
        )
    }

    @Test func `An owner's orders`() throws {
        let capability = Capability(
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            quality: 40,
            contextLength: 8_192,
            features: [],
            quantization: .fp8,
            region: .unknown,
            tee: .none
        )
        var changes: [OrderChange] = [
            .accepted(OrderDetail(record: offer, capability: capability)), .rested(OrderID(17), Lots(5)),
            .reclassified(OrderID(17)), .traded(trade.trade, .offer),
        ]
        for expiry in [Self.now, .never] {
            let amendment = OrderAmendment(
                order: OrderID(17),
                price: Price(nanoTONPerMTok: 20_124_000),
                lots: Lots(7),
                remaining: Lots(6),
                expiresAt: expiry,
                priority: Priority(SequenceNumber(18))
            )
            changes.append(.amended(amendment))
        }
        changes += [.reduced(OrderID(17), Lots(3)), .shown(OrderID(17), Lots(2))]
        changes += CloseReason.allCases.map { .closed(OrderID(17), $0, Lots(1)) }
        for change in changes {
            let text = StreamText.orders([change], of: AccountID(2), models: models, at: SequenceNumber(18), Self.now)
            try expect(text, "orders", "StreamOrders")
        }
        let bid = StreamText.orders(
            [.traded(trade.trade, .bid)],
            of: AccountID(3),
            models: models,
            at: SequenceNumber(18),
            Self.now
        )
        try expect(bid, "orders", "StreamOrders")
    }

    @Test func `Its leases`() throws {
        let id = LeaseID(1)
        var changes: [LeaseChange] = [
            .opened(trade.trade, .worker), .opened(trade.trade, .app), .charged(id, AdjustedTokens(7)),
            .stated(.claimDisputed(id, 1)), .stated(.claimPaid(id, 1)), .stated(.rebidRefused(id, .insufficientFunds)),
            .stated(.serviceBreached(id, sequence: 1, refunded: NanoTON(5))),
            .stated(.slashEnded(id, .paid, NanoTON(5))), .stated(.slashEnded(id, .pardoned, .zero)),
        ]
        for end in LeaseEnd.allCases { changes.append(.ended(id, AdjustedTokens(7), end)) }
        let text = StreamText.leases(changes, of: AccountID(2), at: SequenceNumber(18), Self.now)
        try expect(text, "leases", "StreamLeases")
    }

    @Test func `Its money`() throws {
        let transfer = Transfer(
            debit: .chain,
            credit: LedgerAccount(AccountID(3), .available),
            amount: NanoTON(5),
            kind: .deposit
        )
        let moved = TransferDetail(
            transfer: transfer,
            position: .init(sequence: SequenceNumber(18), ordinal: 0),
            time: Self.now
        )
        for transfers in [[], [moved]] {
            let text = StreamText.balances(of: AccountID(3), transfers, at: SequenceNumber(18)) { _ in 5 }
            try expect(text, "balances", "StreamBalances")
        }
    }

    @Test func `The example's check sum is that of its text`() {
        func level(_ price: Int64, _ lots: Int64) -> BookView.Level {
            BookView.Level(price: Price(nanoTONPerMTok: price), lots: lots, orders: 1)
        }
        let view = BookView(bestOffers: [level(20_123_000, 5), level(20_124_000, 7)], bestBids: [level(19_000_000, 3)])
        #expect(view.checkedText == "20123000:5,20124000:7;19000000:3")
        #expect(view.checksum == 3_021_024_452)
        #expect(CRC32.checksum("123456789".utf8) == 0xCBF4_3926, "the check value of the algorithm")
        #expect(BookView().checkedText == ";")
    }
}
