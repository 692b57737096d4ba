import API
import Engine
import Exchange
import JSON
import Ledger
import Testing
import Units

@testable import Marketplace

/// Durable batches in, messages out.
@Suite struct StreamCoreTests {
    private static let now = Instant(nanoseconds: 1_000_000_000_000)

    private func query(
        _ channels: [StreamChannel],
        account: AccountID? = nil,
        depth: Int = 5,
        since: SequenceNumber? = nil
    ) -> StreamQuery {
        var requirement = Requirement()
        requirement.qualityAtLeast = 5
        return StreamQuery(
            channels: channels,
            book: BookQuery(requirement: requirement, depth: depth),
            account: account,
            lastEventID: since
        )
    }

    private static func open(
        _ query: StreamQuery,
        loop: Int = 0,
        on core: inout StreamCore,
        _ market: StreamMarket
    ) throws -> StreamCore.Beginning {
        let beginning = core.open(query, loop: loop, market.names)
        return try #require(beginning)
    }

    /// Opens a stream of everything that an account may see, and keeps what it hears.
    private struct Watcher {
        var mirror = StreamMirror()
        var topics: Set<TopicID>
        var heard: [StreamMessage] = []

        init(_ query: StreamQuery, on core: inout StreamCore, _ market: StreamMarket) throws {
            let beginning = try StreamCoreTests.open(query, on: &core, market)
            topics = Set(beginning.topics)
            for message in try HeardMessage.all(in: beginning.text) { mirror.take(message) }
        }

        mutating func take(_ messages: [StreamMessage]) throws {
            for message in messages where topics.contains(message.topic) {
                heard.append(message)
                let text = message.text + StreamText.closing(message.sequence)
                for message in try HeardMessage.all(in: text) { mirror.take(message) }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `Snapshot and deltas give the engine's book, orders and balances at every step`(seed: UInt64) throws {
        var market = StreamMarket(seed: seed)
        for _ in 0..<50 { _ = market.batch(publishing: false) }
        var core = StreamCore(market.start(), loops: 1)
        let channels = StreamChannel.allCases
        let depth = seed % 2 == 0 ? 3 : 100
        var watchers: [AccountID: Watcher] = [:]
        for account in StreamMarket.accounts {
            watchers[account] = try Watcher(query(channels, account: account, depth: depth), on: &core, market)
            for order in market.engine.state().orders where order.account == account {
                watchers[account]?.mirror.orders[order.id.text] = order.remaining.count
                watchers[account]?.mirror.prices[order.id.text] = "\(order.price.nanoTONPerMTok)"
                if order.displayed.count > 0 {
                    watchers[account]?.mirror.displayed[order.id.text] = order.displayed.count
                }
            }
        }
        var changes = 0
        for step in 0..<400 {
            let publishes = market.chance(60)
            core.take(market.batch(publishing: publishes), market.names, at: Self.now)
            let messages = core.takeMessages(market.names, at: Self.now)
            #expect(zip(messages, messages.dropFirst()).allSatisfy { $0.sequence <= $1.sequence })
            changes += messages.count
            for account in StreamMarket.accounts {
                try watchers[account]?.take(messages)
                let mirror = try #require(watchers[account]?.mirror)
                #expect(mirror.faults.isEmpty, "seed \(seed), step \(step): \(mirror.faults)")
                let orders = market.engine.state().orders.filter { $0.account == account }
                let expected = Dictionary(uniqueKeysWithValues: orders.map { ($0.id.text, $0.remaining.count) })
                #expect(mirror.orders == expected, "seed \(seed), step \(step), \(account.text)")
                let prices = orders.map { ($0.id.text, "\($0.price.nanoTONPerMTok)") }
                #expect(mirror.prices == Dictionary(uniqueKeysWithValues: prices), "seed \(seed), step \(step)")
                for order in orders where order.rules.displayLots.count > 0 {
                    #expect(mirror.displayed[order.id.text] == order.displayed.count, "seed \(seed), step \(step)")
                }
                for (ledger, counters) in market.engine.balances(of: account) {
                    let told = mirror.balances["\(ledger.kindName)_nanoton"]
                    #expect(told == "\(counters.credits - counters.debits)", "\(account.text) \(ledger.kindName)")
                }
                if publishes { #expect(mirror.book == market.view(query(channels, depth: depth).book)) }
            }
        }
        #expect(changes > 1_000)
        let mirrors = watchers.values.map(\.mirror)
        for type in ["accepted", "rested", "traded", "amended", "reduced", "shown", "closed"] {
            #expect(mirrors.contains { $0.types[type, default: 0] > 0 }, "seed \(seed): \(type)")
        }
        for reason in ["filled", "cancelled", "expired", "cancel_after", "disconnected"] {
            #expect(mirrors.contains { $0.closeReasons[reason, default: 0] > 0 }, "seed \(seed): \(reason)")
        }
        let trades = mirrors.map(\.trades)
        #expect(trades.allSatisfy { $0 == trades[0] && Set($0).count == $0.count } && trades[0].count > 50)
    }

    @Test(arguments: [11, 12, 13] as [UInt64])
    func `Who resumes gets exactly what was missed, each with its id`(seed: UInt64) throws {
        var market = StreamMarket(seed: seed)
        var core = StreamCore(market.start(), loops: 2)
        let wanted = query([.trades, .orders, .balances], account: AccountID(1))
        var witness = try Watcher(wanted, on: &core, market)
        for _ in 0..<300 {
            core.take(market.batch(publishing: false), market.names, at: Self.now)
            try witness.take(core.takeMessages(market.names, at: Self.now))
        }
        let all = witness.heard.map(\.sequence)
        for _ in 0..<20 {
            let seen = try #require(all.randomElement())
            let resumed = query(wanted.channels, account: AccountID(1), since: seen)
            let beginning = try Self.open(resumed, loop: 1, on: &core, market)
            #expect(beginning.isResumed && beginning.missing.isEmpty && beginning.current.isEmpty)
            #expect(beginning.missed.map(\.sequence) == all.filter { $0 > seen })
            #expect(Set(beginning.missed.map(\.text)) == Set(witness.heard.filter { $0.sequence > seen }.map(\.text)))
            let text = String(decoding: beginning.text, as: UTF8.self)
            let ids = text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
            #expect(ids == Set(all.filter { $0 > seen }).sorted().map { "\($0.rawValue)" }, "one for each number")
            core.close(beginning.topics, loop: 1, at: Self.now)
        }
    }

    @Test func `A revoked key is told once, and remembered`() throws {
        var market = StreamMarket(seed: 51)
        var core = StreamCore(market.start(), loops: 1)
        var events: [Event] = []
        let hash = try #require(KeyHash(bytes: [UInt8](repeating: 7, count: 32)))
        let terms = KeyTerms(owner: AccountID(1), hash: hash, scopes: .read, label: "reader")
        let first = market.engine.sequence.next
        _ = market.engine.beginBatch(at: LogicalTime(microseconds: 1_900_000_000_000_000))
        var ends: [Int32] = []
        let actions: [Command.Action] = [.createKey(terms), .revokeKey(KeyID(1), owner: AccountID(1))]
        for action in actions {
            market.engine.apply(Command(account: .system, action: action), into: &events)
            ends.append(Int32(events.count))
        }
        let batch = StreamBatch(
            firstSequence: first,
            lastSequence: market.engine.sequence,
            time: market.engine.time,
            events: events,
            ends: ends,
            changes: nil
        )
        core.take(batch, market.names, at: Self.now)
        #expect(core.takeRevokedKeys() == [KeyID(1)] && core.takeRevokedKeys().isEmpty)
        #expect(core.revokedKeys == [KeyID(1)])
    }

    @Test func `Who comes too late is told, and told what is so now`() throws {
        var market = StreamMarket(seed: 21)
        var core = StreamCore(market.start(), loops: 1)
        let channels: [StreamChannel] = [.book, .trades, .orders, .balances]
        for _ in 0..<20 { core.take(market.batch(publishing: true), market.names, at: Self.now) }
        let late = query(channels, account: AccountID(1), since: SequenceNumber(3))
        let beginning = try Self.open(late, on: &core, market)
        #expect(beginning.missing == [.trades, .orders, .balances])
        let heard = try HeardMessage.all(in: beginning.text)
        #expect(heard.map(\.event) == ["reset", "book", "balances"])
        #expect(heard[0].sequence == core.sequence)
        #expect(heard[0].json["channels"]?.elements?.compactMap(\.string) == ["trades", "orders", "balances"])
        #expect(heard[1].json["snapshot"] == .boolean(true))

        let early = query([.trades], since: SequenceNumber(core.sequence.rawValue + 1))
        #expect(try Self.open(early, on: &core, market).missing == [.trades], "an id of another exchange")
        let fresh = try HeardMessage.all(in: Self.open(query([.trades]), on: &core, market).text)
        #expect(fresh.map(\.event) == ["open"] && fresh[0].sequence == core.sequence)
    }

    @Test func `A channel outlives its readers, but not for ever`() throws {
        var market = StreamMarket(seed: 31)
        var core = StreamCore(market.start(), loops: 1)
        let seen = core.sequence
        let first = try Self.open(query([.trades]), on: &core, market)
        let book = try Self.open(query([.book, .ticker]), on: &core, market)
        #expect(core.topicCount == 3)
        core.close(first.topics + book.topics, loop: 0, at: Self.now)
        #expect(core.topicCount == 1, "a book has no past to come back to")
        for _ in 0..<100 { core.take(market.batch(publishing: false), market.names, at: Self.now) }
        #expect(core.historyBytes > 0)
        core.clean(at: Self.now.adding(milliseconds: Limits.streamHistoryMilliseconds))
        let again = try Self.open(query([.trades], since: seen), on: &core, market)
        #expect(again.missing.isEmpty && !again.missed.isEmpty)
        core.clean(at: Self.now.adding(milliseconds: Limits.streamHistoryMilliseconds + 1))
        #expect(core.historyBytes == 0 && core.topicCount == 1, "old messages go, a channel with a reader stays")
        #expect(try Self.open(query([.trades], since: seen), on: &core, market).missing == [.trades])
        core.close(again.topics + again.topics, loop: 0, at: Self.now)
        core.clean(at: Self.now.adding(milliseconds: Limits.streamHistoryMilliseconds + 1))
        #expect(core.topicCount == 0)
    }

    @Test func `The history of a channel is bounded in bytes`() {
        let topic = StreamTopic(id: TopicID(number: 1), key: .trades(nil), loops: 1, after: .none)
        let text = [UInt8](repeating: 0, count: 1 << 20)
        for sequence in 1...100 as ClosedRange<Int64> {
            let message = StreamMessage(
                topic: topic.id,
                channel: .trades,
                sequence: SequenceNumber(sequence),
                text: text
            )
            topic.keep(message, at: Self.now)
            #expect(topic.bytes <= Limits.streamHistoryBytesPerChannelMax)
            #expect(
                topic.messages(after: topic.floor)?.map(\.sequence.rawValue)
                    == Array(topic.floor.rawValue + 1...sequence)
            )
        }
        #expect(topic.messages(after: SequenceNumber(topic.floor.rawValue - 1)) == nil)
    }

    @Test func `There are only so many different books`() throws {
        var market = StreamMarket(seed: 41)
        var core = StreamCore(market.start(), loops: 1)
        var number = 0
        while number < Limits.streamViewsMax {
            var requirement = Requirement()
            requirement.contextLengthAtLeast = Int64(number)
            let query = StreamQuery(channels: [.ticker], book: BookQuery(requirement: requirement, depth: 1))
            _ = try Self.open(query, on: &core, market)
            number += 1
        }
        let refused = core.open(query([.book]), loop: 0, market.names)
        #expect(refused == nil)
        _ = try Self.open(query([.trades]), on: &core, market)
    }
}
