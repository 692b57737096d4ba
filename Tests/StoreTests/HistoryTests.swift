import Engine
import Ledger
import Postgres
import Store
import Testing
import Units

/// History against what the engine said when it happened.
@Suite struct HistoryTests {
    /// A random market in the tables, and everything that happened in it.
    private struct Past {
        let reader: HistoryReader
        let exchange: TestExchange
        var groups: [(sequence: SequenceNumber, command: Command, events: [Event])] = []
        let end: SequenceNumber
        let remembered: Set<SequenceNumber>

        init(seed: UInt64, batches: Int = 50) throws {
            exchange = try TestExchange()
            var market = RandomMarket(seed: seed)
            let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
            let projector = try Projector(try exchange.connect())
            for _ in 0..<batches {
                let batch = market.batch(20, epoch: 1)
                try writer.commit(batch.row)
                try projector.apply([batch.projected])
                var start = 0
                var sequence = batch.projected.firstSequence
                for (command, end) in zip(batch.commands, batch.projected.ends) {
                    groups.append((sequence, command, Array(batch.projected.events[start..<Int(end)])))
                    start = Int(end)
                    sequence = sequence.next
                }
            }
            reader = HistoryReader(try exchange.connect())
            end = market.engine.sequence
            remembered = Set(market.engine.state().remembered.map(\.sequence))
        }

        var trades: [TradeRow] {
            groups.flatMap { group in
                group.events.compactMap { event -> TradeRow? in
                    guard case .traded(var trade) = event else { return nil }
                    // The history of trades does not show what the lease is delivered under.
                    trade.delivery = nil
                    return TradeRow(trade: trade, sequence: group.sequence, at: .zero)
                }
            }
        }
    }

    // MARK: Lists

    @Test func `Pages of an account's orders give each order once, newest first`() throws {
        let past = try Past(seed: 1, batches: 90)
        let account = AccountID(2)
        let placed = past.groups.flatMap { group in
            group.events.compactMap { event -> OrderID? in
                guard case .accepted(let record) = event, record.account == account else { return nil }
                return record.id
            }
        }
        var found: [OrderRecord] = []
        while found.count <= placed.count {
            let page = try past.reader.orders(.init(account: account), before: found.last?.id, limit: 7)
            #expect(page.sequence == past.end)
            #expect(page.value.count <= 7)
            if page.value.isEmpty { break }
            found += page.value
        }
        #expect(found.map(\.id) == placed.reversed())
        #expect(placed.count > 20)
        for record in found { #expect(try past.reader.order(record.id).value == record) }
    }

    @Test func `Filters let through what they say`() throws {
        let past = try Past(seed: 1, batches: 90)
        let all = try past.reader.orders(.init(account: AccountID(1)), limit: 1_000).value
        func expect(_ filter: HistoryReader.OrderFilter, _ isWanted: (OrderRecord) -> Bool) throws {
            let found = try past.reader.orders(filter, limit: 1_000).value
            #expect(found == all.filter(isWanted))
            #expect(!found.isEmpty && found.count < all.count)
        }
        try expect(.init(account: AccountID(1), side: .bid)) { $0.side == .bid }
        try expect(.init(account: AccountID(1), side: .offer)) { $0.side == .offer }
        try expect(.init(account: AccountID(1), isOpen: true)) { $0.closeReason == nil }
        try expect(.init(account: AccountID(1), isOpen: false)) { $0.closeReason != nil }
        let middle = SequenceNumber(past.end.rawValue / 2)
        try expect(.init(account: AccountID(1), changedSince: middle)) { $0.lastSequence > middle }
    }

    @Test func `Pages of trades give each trade once: of all, of a model, of an account`() throws {
        let past = try Past(seed: 2)
        func expect(_ filter: HistoryReader.TradeFilter, _ isWanted: (Trade) -> Bool) throws {
            var found: [TradeRow] = []
            while found.count <= past.trades.count {
                let page = try past.reader.trades(filter, before: found.last?.trade.id, limit: 11).value
                if page.isEmpty { break }
                found += page
            }
            let expected = past.trades.filter { isWanted($0.trade) }
            #expect(found.map(\.trade) == expected.reversed().map(\.trade))
            #expect(found.map(\.sequence) == expected.reversed().map(\.sequence))
            #expect(!found.isEmpty)
        }
        try expect(.all) { _ in true }
        try expect(.model(ModelID(1))) { $0.model == ModelID(1) }
        try expect(.account(AccountID(3), model: nil)) { $0.buyer == AccountID(3) || $0.seller == AccountID(3) }
        try expect(.account(AccountID(3), model: ModelID(1))) {
            ($0.buyer == AccountID(3) || $0.seller == AccountID(3)) && $0.model == ModelID(1)
        }
    }

    @Test(arguments: [1, 3, 1_000])
    func `Pages of an owner's transfers give each transfer once, even within a command`(limit: Int) throws {
        let past = try Past(seed: 3, batches: 25)
        for owner in [AccountID(1), AccountID(4)] {
            var expected: [HistoryReader.TransferPlace] = []
            for group in past.groups {
                for (ordinal, event) in group.events.enumerated() {
                    guard case .transfer(let transfer) = event else { continue }
                    guard transfer.debit.owner == owner || transfer.credit.owner == owner else { continue }
                    expected.append(.init(sequence: group.sequence, ordinal: Int32(ordinal)))
                }
            }
            var found: [HistoryReader.TransferPlace] = []
            while found.count <= expected.count {
                let page = try past.reader.transfers(of: owner, before: found.last, limit: limit).value
                if page.isEmpty { break }
                found += page.map { .init(sequence: $0.sequence, ordinal: $0.ordinal) }
            }
            #expect(found == expected.reversed())
            #expect(!found.isEmpty)
        }
    }

    @Test func `An empty exchange has empty history, as of no command`() throws {
        let reader = HistoryReader(try TestExchange().connect())
        #expect(try reader.cursorPosition() == .none)
        let order = try reader.order(OrderID(1))
        #expect(order.value == nil && order.sequence == .none)
        #expect(try reader.orders(.init(account: AccountID(1)), limit: 5).value.isEmpty)
        #expect(try reader.trades(.all, limit: 5).value.isEmpty)
        #expect(try reader.transfers(of: AccountID(1), limit: 5).value.isEmpty)
    }

    @Test func `Every page is read through an index`() throws {
        let exchange = try TestExchange()
        let connection = try exchange.connect(.owner)
        try connection.run(
            script: "SET enable_seqscan = off; SET enable_sort = off; SET plan_cache_mode = force_generic_plan"
        )
        let reader = HistoryReader(connection)
        _ = try reader.transfers(of: AccountID(1), limit: 5)
        _ = try reader.trades(.account(AccountID(1), model: nil), limit: 5)
        _ = try reader.trades(.model(ModelID(1)), limit: 5)
        _ = try reader.trades(.account(AccountID(1), model: nil), since: .none, after: nil, limit: 5)
        _ = try reader.orders(.init(account: AccountID(1)), limit: 5)
        let start = HistoryReader.ChangePlace(sequence: .none, order: OrderID(0))
        _ = try reader.changedOrders(.init(account: AccountID(1)), after: start, limit: 5)
        let questions = [
            ("history_transfers(1, 5, 5, 5)", ["transfers_by_debited_owner", "transfers_by_credited_owner"]),
            ("history_trades_account(5, 5, 1, 0)", ["leases_by_buyer", "leases_by_worker", "trades_pkey"]),
            ("history_trades_account_new(5, 5, 5, 1, 0)", ["leases_by_buyer", "leases_by_worker", "trades_pkey"]),
            ("history_trades_model(5, 5, 1)", ["trades_by_model"]),
            ("history_orders(1, 5, 5, 0::int2, 0::int2, 0)", ["orders_by_account"]),
            ("history_orders_changed(1, 5, 5, 5, 0::int2, 0::int2)", ["orders_by_change", "orders_by_account"]),
        ]
        for (question, indexes) in questions {
            let plan = try connection.execute("EXPLAIN EXECUTE \(question)").map { try $0.text(0) }.joined(
                separator: "\n"
            )
            for index in indexes { #expect(plan.contains(index), "\(plan)") }
        }
    }

    // MARK: Earlier answers

    @Test(arguments: [4, 6, 7] as [UInt64])
    func `A repetition is answered with what the command did, whatever happened since`(seed: UInt64) throws {
        let past = try Past(seed: seed)
        var checked: Set<String> = []
        for group in past.groups {
            guard case .remembered(let request) = group.events.last else { continue }
            let answer = try past.reader.answer(to: group.sequence, repeatedBy: group.command.action).value
            switch answer {
            case .notYet: Issue.record("the tables show everything")
            case .forgotten: #expect(!past.remembered.contains(request.sequence))
            case .events(let events):
                if let first = group.events.replayed {
                    checked.insert("repetition")
                    try compare(events, withAnswerTo: first, group.command.action, past)
                } else {
                    checked.insert(try compare(group.events, with: events, group.command.action))
                }
            }
        }
        #expect(checked.count >= 13 && checked.contains("repetition"), "\(checked)")
    }

    /// A new key of a repetition is answered as the command was that it repeats.
    private func compare(
        _ answer: [Event],
        withAnswerTo first: SequenceNumber,
        _ action: Command.Action,
        _ past: Past
    ) throws {
        if case .events(let events) = try past.reader.answer(to: first, repeatedBy: action).value {
            #expect(answer == events)
        }
    }

    @Test func `A command that the tables do not show yet has no answer yet`() throws {
        let past = try Past(seed: 7, batches: 2)
        let answer = try past.reader.answer(to: past.end.next, repeatedBy: .tick)
        #expect(answer.value == .notYet)
        #expect(answer.sequence == past.end)
    }

    /// Returns what kind of answer it was.
    private func compare(_ live: [Event], with answer: [Event], _ action: Command.Action) throws -> String {
        let kind = String("\(action)".prefix { $0 != "(" })
        for event in live {
            switch event {
            case .rejected:
                #expect(answer == [event])
                return "rejected \(kind)"
            case .accepted(let record):
                guard case .accepted(var found) = answer.first else { return "nothing" }
                // An answer does not show the class, which may have changed since.
                found.classID = record.classID
                #expect(found == record)
            // What a change of the registry does to resting orders is no part of its answer.
            case .traded where !kind.hasPrefix("place"), .transfer where kind.hasPrefix("set"): break
            case .traded(var trade):
                // An answer does not show what the lease is delivered under.
                trade.delivery = nil
                #expect(answer.contains(.traded(trade)), "\(event)")
            case .transfer, .accountCreated, .keyCreated, .used, .leaseEnded, .feesSet:
                #expect(answer.contains(event), "\(event)")
            case .rested(let id, _) where isPlaced(id, live):
                #expect(answer.contains(event), "\(event)")
            case .closed(let id, _, _) where isPlaced(id, live) || kind == "cancel":
                #expect(answer.contains(event), "\(event)")
            case .modelSet(let record):
                guard case .modelSet(let found) = answer.first else { return "nothing" }
                #expect(found.id == record.id && found.terms == record.terms)
            case .attestationSet(let record):
                guard case .attestationSet(let found) = answer.first else { return "nothing" }
                #expect(found.terms == record.terms)
            case .measurementSet(let record):
                guard case .measurementSet(let found) = answer.first else { return "nothing" }
                #expect(found == record)
            default: break
            }
        }
        return kind
    }

    private func isPlaced(_ id: OrderID, _ events: [Event]) -> Bool {
        events.contains { if case .accepted(let record) = $0 { record.id == id } else { false } }
    }
}

extension [Event] {
    /// The command that is repeated by one with these events.
    fileprivate var replayed: SequenceNumber? {
        for event in self { if case .replayed(let first) = event { return first } }
        return nil
    }
}
