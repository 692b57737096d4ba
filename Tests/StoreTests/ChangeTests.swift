import Engine
import Store
import Testing
import Units

/// What has changed since a sequence number, for clients that have missed something.
@Suite struct ChangeTests {
    private let exchange: TestExchange
    private let reader: HistoryReader
    private let end: SequenceNumber

    init() throws {
        exchange = try TestExchange()
        var market = RandomMarket(seed: 77)
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        let projector = try Projector(try exchange.connect())
        for _ in 0..<60 {
            let batch = market.batch(20, epoch: 1)
            try writer.commit(batch.row)
            try projector.apply([batch.projected])
        }
        reader = HistoryReader(try exchange.connect())
        end = market.engine.sequence
    }

    @Test(arguments: [0, 1, 300, 700, 1_190, 5_000] as [Int64])
    func `Pages of changed orders give each order once, in the order of its last change`(since: Int64) throws {
        let account = AccountID(2)
        let all = try reader.orders(.init(account: account), limit: 10_000).value
        let expected = all.filter { $0.lastSequence.rawValue > since }
            .sorted { ($0.lastSequence, $0.id) < ($1.lastSequence, $1.id) }
        var found: [OrderRecord] = []
        var place = HistoryReader.ChangePlace(sequence: SequenceNumber(since), order: OrderID(.max))
        while true {
            let page = try reader.changedOrders(.init(account: account), after: place, limit: 5)
            #expect(page.sequence == end)
            guard let last = page.value.last else { break }
            found += page.value
            place = .init(sequence: last.lastSequence, order: last.id)
        }
        #expect(found == expected)
        #expect(since > 300 || found.count > 20)
        let open = try reader.changedOrders(
            .init(account: account, side: .bid, isOpen: true),
            after: .init(sequence: SequenceNumber(since), order: OrderID(.max)),
            limit: 10_000
        )
        #expect(open.value == expected.filter { $0.side == .bid && $0.closeReason == nil })
    }

    @Test(arguments: [0, 300, 700, 5_000] as [Int64])
    func `Pages of new trades give each trade once, oldest first`(since: Int64) throws {
        let filters: [HistoryReader.TradeFilter] = [
            .all, .model(ModelID(1)), .account(AccountID(3), model: nil), .account(AccountID(3), model: ModelID(2)),
        ]
        for filter in filters {
            let all = try reader.trades(filter, limit: 10_000).value
            var found: [TradeRow] = []
            while true {
                let page = try reader.trades(
                    filter,
                    since: SequenceNumber(since),
                    after: found.last?.trade.id,
                    limit: 4
                )
                #expect(page.sequence == end && page.value.count <= 4)
                if page.value.isEmpty { break }
                found += page.value
            }
            #expect(found == all.filter { $0.sequence.rawValue > since }.reversed(), "\(filter)")
            #expect(since > 0 || !found.isEmpty)
        }
    }
}
