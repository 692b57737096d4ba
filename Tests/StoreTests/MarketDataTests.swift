import Engine
import Exchange
import Postgres
import Store
import Testing
import Units

/// Candles and indexes against the trades that made them.
@Suite struct MarketDataTests {
    /// A market in the tables, with every trade as it happened.
    private struct Past {
        let exchange: TestExchange
        let reader: HistoryReader
        private(set) var trades: [TradeRow] = []
        private(set) var capabilities: [ClassID: Capability] = [:]
        private(set) var end = LogicalTime.zero

        init(seed: UInt64, batches: Int = 60, rules: Int32 = RulesVersion.current) throws {
            exchange = try TestExchange()
            reader = HistoryReader(try exchange.connect())
            var market = RandomMarket(seed: seed, rules: rules)
            let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
            let projector = try Projector(try exchange.connect())
            var waiting: [ProjectedBatch] = []
            for number in 1...batches {
                let batch = market.batch(20, epoch: 1)
                try writer.commit(batch.row)
                note(batch.projected)
                waiting.append(batch.projected)
                // One transaction of the projector may have several batches.
                if number % 3 == 0 || number == batches {
                    try projector.apply(waiting)
                    waiting = []
                }
            }
        }

        private mutating func note(_ batch: ProjectedBatch) {
            end = batch.time
            for event in batch.events {
                if case .classInterned(let id, let capability) = event { capabilities[id] = capability }
                guard case .traded(let trade) = event else { continue }
                trades.append(TradeRow(trade: trade, sequence: batch.firstSequence, at: batch.time))
            }
        }

        /// Candles by the rule, newest first.
        func candles(_ seconds: Int64, _ isWanted: (Trade) -> Bool) -> [String] {
            var buckets: [Int64: [TradeRow]] = [:]
            for row in trades where isWanted(row.trade) {
                buckets[row.at.microseconds / (seconds * 1_000_000), default: []].append(row)
            }
            return buckets.sorted { $0.key > $1.key }.compactMap { bucket, rows in
                let prices = rows.map(\.trade.price.nanoTONPerMTok)
                guard let open = prices.first, let close = prices.last, let high = prices.max(), let low = prices.min()
                else { return nil }
                let lots = rows.reduce(0) { $0 + $1.trade.lots.count }
                let value = rows.reduce(Int128(0)) { $0 + Int128($1.trade.price.value(of: $1.trade.lots).count) }
                return "\(bucket * seconds) \(open) \(high) \(low) \(close) \(lots) \(value) \(rows.count)"
            }
        }

        /// All pages of candles, and how many there were.
        func read(_ series: [Int64], _ seconds: Int64, limit: Int) throws -> (rows: [String], pages: Int) {
            var rows: [String] = []
            var before = LogicalTime.never
            for page in 1...10_000 {
                let found = try reader.candles(series, seconds: seconds, before: before, limit: limit).value
                rows += found.candles.map { row in
                    let prices = [row.open, row.high, row.low, row.close].map { "\($0.nanoTONPerMTok)" }
                    let start = row.start.microseconds / 1_000_000
                    return "\(start) \(prices.joined(separator: " ")) \(row.lots) \(row.value) \(row.trades)"
                }
                #expect(page == 1 || !found.candles.isEmpty, "no page is empty")
                guard let next = found.continuation else { return (rows, page) }
                before = next
            }
            throw PostgresError.unexpectedResult("the pages do not end")
        }
    }

    private static let intervals: [Int64] = [60, 300, 3_600, 86_400]

    @Test(arguments: [UInt64](1...3), intervals)
    func `Candles of a model are what its trades say, on pages of any size`(seed: UInt64, seconds: Int64) throws {
        let past = try Past(seed: seed)
        let model = try #require(past.trades.first?.trade.model)
        let weightSet = try #require(past.trades.first?.trade.weightSet)
        let expected = past.candles(seconds) { $0.model == model && $0.weightSet == weightSet }
        for limit in [1, 7, 1_000] {
            let found = try past.read([HistoryReader.series(of: model, weightSet)], seconds, limit: limit)
            #expect(found.rows == expected, "seed \(seed)")
        }
    }

    @Test(arguments: [UInt64](4...6))
    func `Candles of several classes are what was traded in any of them`(seed: UInt64) throws {
        let past = try Past(seed: seed)
        let wanted = Set(past.capabilities.filter { $0.value.contextLength % 2 == 0 }.keys)
        for seconds in Self.intervals {
            let expected = past.candles(seconds) { wanted.contains($0.classID) }
            let found = try past.read(wanted.map(\.rawValue).sorted(), seconds, limit: 5)
            #expect(found.rows == expected, "seed \(seed)")
        }
        #expect(try past.read([], 60, limit: 5).rows == [])
    }

    @Test func `A trade names the class that its offer had, under the rules that say so`() throws {
        for (rules, isKnown) in [(Int32(2), false), (3, true)] {
            let past = try Past(seed: 7, rules: rules)
            #expect(past.trades.count > 20)
            for row in past.trades {
                let capability = past.capabilities[row.trade.classID]
                #expect((capability != nil) == isKnown)
                #expect(capability == nil || capability?.model == row.trade.model)
            }
            let stored = try past.reader.trades(.all, limit: 1_000).value
            #expect(stored.map(\.trade) == past.trades.map(\.trade).reversed())
        }
    }

    @Test(arguments: [UInt64](8...10))
    func `A tier is what the newest trades of the window say, without both ends`(seed: UInt64) throws {
        let past = try Past(seed: seed)
        let model = try #require(past.trades.last?.trade.model)
        let weightSet = try #require(past.trades.last?.trade.weightSet)
        for (minutes, limit) in [(1, 1_000), (10, 1_000), (600, 1_000), (600, 15)] {
            let start = LogicalTime(microseconds: past.end.microseconds - Int64(minutes) * 60_000_000)
            let recent = past.trades.filter {
                $0.trade.model == model && $0.trade.weightSet == weightSet && $0.at > start
                    && past.capabilities[$0.trade.classID]?.buyers == .anyone
            }.suffix(limit)
            let found = try past.reader.tiers(
                of: model,
                weightSet,
                from: start,
                through: past.end,
                limit: limit,
                trimmedPart: 10
            ).value
            for isAttested in [false, true] {
                let rows = recent.filter {
                    let capability = past.capabilities[$0.trade.classID]
                    return capability?.isAttested == isAttested && capability?.buyers == .anyone
                }
                let row = found.first { $0.isAttested == isAttested }
                #expect(row?.trades ?? 0 == Int64(rows.count), "seed \(seed), \(minutes) minutes, \(limit) trades")
                // One price for each lot, the ends cut off.
                let lots = rows.map(\.trade).sorted { ($0.price, $0.id.rawValue) < ($1.price, $1.id.rawValue) }
                    .flatMap { Array(repeating: Int128($0.price.nanoTONPerMTok), count: Int($0.lots.count)) }
                let counted = lots.dropFirst(lots.count / 10).dropLast(lots.count / 10)
                #expect(row?.lots ?? 0 == Int64(lots.count))
                #expect(row?.countedLots ?? 0 == Int64(counted.count))
                #expect(row?.countedValue ?? 0 == counted.reduce(0, +))
                #expect(row?.buyers ?? 0 == Int64(Set(rows.map(\.trade.buyer)).count))
                #expect(row?.sellers ?? 0 == Int64(Set(rows.map(\.trade.seller)).count))
            }
        }
    }

    @Test func `Unfilled bids are those that their own terms ended, by requirement`() throws {
        let past = try Past(seed: 11)
        let reader = past.reader
        let all = try reader.unfilled(from: .zero, through: past.end, limit: 10_000)
        let expected = try past.exchange.connect(.auditor).execute(
            "SELECT coalesce(sum(remaining), 0)::bigint FROM market.orders WHERE side = 2 AND close_reason IN (3, 5, 7)"
        ).onlyRow().int8(0)
        #expect(expected > 0)
        #expect(all.reduce(0) { $0 + $1.lots } == expected)
        #expect(Set(all.map(\.reason)).isSubset(of: [.ioc, .workLimit, .expired]))
        #expect(try reader.unfilled(from: past.end, through: past.end, limit: 10_000) == [])
        #expect(try reader.unfilled(from: .zero, through: past.end, limit: 1).count == 1)
    }

    @Test(
        arguments: [
            ("UPDATE market.candles SET high = high + 1000 WHERE seconds = 60", "should be"),
            ("UPDATE market.candles SET value = value + 1 WHERE seconds = 3600", "should be"),
            ("DELETE FROM market.candles WHERE series > 0", "is missing"),
            (
                "INSERT INTO market.candles SELECT 999, seconds, start, first_trade, last_trade, open, high, low, "
                    + "close, lots, value, trades FROM market.candles WHERE series < 0 LIMIT 1", "should not be there"
            ), ("UPDATE market.trades SET class = 1 WHERE class <> 1", "market.trades"),
        ]
    )
    func `A candle that its trades do not make is found`(tampering: String, found: String) throws {
        let filled = try FilledExchange(seed: 91, checkpoints: [])
        _ = try filled.verify()
        let owner = try filled.exchange.connect(.owner)
        #expect(try owner.execute(tampering).affectedRows > 0)
        #expect {
            _ = try filled.verify()
        } throws: { error in
            "\(error)".contains(found) && "\(error)".contains("market.")
        }
    }
}
