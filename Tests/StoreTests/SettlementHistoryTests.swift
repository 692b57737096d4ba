import Engine
import Store
import Testing
import Units

/// What the tables say of deposits, withdrawals and payouts, against what the engine said when it happened.
@Suite struct SettlementHistoryTests {
    /// A random market in which settlement is much of what happens.
    private struct Past {
        let reader: HistoryReader
        var deposits: [(sequence: SequenceNumber, deposit: ChainDeposit)] = []
        var withdrawals: [WithdrawalID: WithdrawalRecord] = [:]
        var batches: [SettlementID: SettlementRecord] = [:]
        var payouts: [PayoutID: PayoutRecord] = [:]
        var suspense: [SuspenseID: SuspenseRecord] = [:]
        var anchors: [SettlementID: AnchorRecord] = [:]
        private let exchange: TestExchange

        init(seed: UInt64) throws {
            exchange = try TestExchange()
            var market = RandomMarket(seed: seed)
            market.settles = true
            let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
            let projector = try Projector(try exchange.connect())
            reader = HistoryReader(try exchange.connect())
            for _ in 0..<90 {
                let batch = market.batch(25, epoch: 1)
                try writer.commit(batch.row)
                try projector.apply([batch.projected])
                var start = 0
                var sequence = batch.projected.firstSequence
                for end in batch.projected.ends {
                    for event in batch.projected.events[start..<Int(end)] { take(event, sequence) }
                    start = Int(end)
                    sequence = sequence.next
                }
            }
        }

        private mutating func take(_ event: Event, _ sequence: SequenceNumber) {
            guard case .settlement(let event) = event else { return }
            switch event {
            case .deposited(let deposit): deposits.append((sequence, deposit))
            case .withdrawalSet(let record): withdrawals[record.id] = record
            case .batchSet(let record): batches[record.id] = record
            case .payoutSet(let record): payouts[record.id] = record
            case .anchorSet(let record): anchors[record.batch] = record
            case .suspended(let record): suspense[record.id] = record
            case .suspenseAssigned(let id, _): suspense[id] = nil
            default: return
            }
        }
    }

    /// All pages of a list, each of at most three rows; a row of the next page shows that there is one.
    private func pages<Value, Place>(
        _ read: (Place?) throws -> [Value],
        _ place: (Value) -> Place
    ) rethrows -> [Value] {
        var found: [Value] = []
        var before: Place?
        while true {
            let page = try read(before)
            guard let last = page.last else { return found }
            #expect(page.count <= 3)
            found += page
            before = place(last)
        }
    }

    @Test(arguments: [9, 21] as [UInt64])
    func `Lists give each row once, newest first, and only to whom it belongs`(seed: UInt64) throws {
        let past = try Past(seed: seed)
        let reader = past.reader
        #expect(past.withdrawals.count > 9 && past.payouts.count > 9 && past.deposits.count > 9, "seed \(seed)")
        for account in [nil] + (1...6).map({ AccountID(Int64($0)) }) {
            let name = "seed \(seed), \(account?.text ?? "all")"
            for state in [nil] + WithdrawalState.allCases.map(Optional.init) {
                let found = try pages(
                    { try reader.withdrawals(of: account, in: state, before: $0, limit: 3).value },
                    \.id
                )
                let expected = past.withdrawals.values.filter {
                    (account == nil || $0.account == account) && (state == nil || $0.state == state)
                }
                #expect(found == expected.sorted { $0.id > $1.id }, "\(name), \(state?.name ?? "any state")")
            }
            let seen = past.payouts.values.filter { account == nil || $0.account == account }
            let batches = try pages(
                { try reader.settlements(of: account, before: $0, limit: 3).value },
                \.record.id
            )
            // A batch without payouts is nobody's.
            let expected = account == nil ? Set(past.batches.keys) : Set(seen.map(\.id.batch))
            #expect(batches.map(\.record.id) == expected.sorted(by: >), "\(name)")
            for row in batches {
                let own = seen.filter { $0.id.batch == row.record.id }
                #expect(row.record == past.batches[row.record.id] && row.count == Int64(own.count), "\(name)")
                #expect(row.amount == own.reduce(.zero) { $0 + $1.amount }, "\(name)")
            }
            guard let account else { continue }
            let deposits = try pages(
                { try reader.chainDeposits(of: account, before: $0, limit: 3).value },
                \.sequence
            )
            let own = past.deposits.filter { $0.deposit.account == account }.reversed()
            #expect(deposits.map(\.sequence) == own.map(\.sequence), "\(name)")
            #expect(deposits.map(\.deposit) == own.map(\.deposit), "\(name)")
        }
        let entries = try pages({ try reader.suspense(before: $0, limit: 3).value }, \.id)
        #expect(entries == past.suspense.values.sorted { $0.id > $1.id }, "seed \(seed)")
    }

    @Test(arguments: [9, 21] as [UInt64])
    func `Anchors are listed newest first, and an entry is covered by the first that has it`(seed: UInt64) throws {
        let past = try Past(seed: seed)
        let reader = past.reader
        let found = try pages({ try reader.anchors(before: $0, limit: 3).value }, \.record.batch)
        #expect(found.map(\.record) == past.anchors.values.sorted { $0.batch > $1.batch }, "seed \(seed)")
        let confirmed = past.anchors.values.filter { $0.state == .confirmed }.sorted { $0.size < $1.size }
        let last = try #require(confirmed.last, "seed \(seed): \(past.anchors.count)")
        for index in 0...last.size {
            let first = confirmed.first { $0.size > index }
            #expect(try reader.anchor(covering: index, upTo: .max)?.record == first, "seed \(seed), entry \(index)")
            let early = confirmed.first { $0.size > index && $0.size < last.size }
            #expect(try reader.anchor(covering: index, upTo: last.size - 1)?.record == early)
        }
    }

    @Test func `One withdrawal and one batch are shown to their owners, and to nobody else`() throws {
        let past = try Past(seed: 9)
        let reader = past.reader
        for record in past.withdrawals.values {
            #expect(try reader.withdrawal(record.id, of: nil).value == record)
            #expect(try reader.withdrawal(record.id, of: record.account).value == record)
            let stranger = AccountID(record.account.rawValue % 6 + 1)
            #expect(try reader.withdrawal(record.id, of: stranger).value == nil)
        }
        for batch in past.batches.values {
            let all = past.payouts.values.filter { $0.id.batch == batch.id }.sorted { $0.id < $1.id }
            #expect(try reader.payouts(of: batch.id, to: nil).value == all)
            #expect(try reader.settlement(batch.id, of: nil).value?.record == batch)
            for account in (1...6).map({ AccountID(Int64($0)) }) {
                let own = all.filter { $0.account == account }
                #expect(try reader.payouts(of: batch.id, to: account).value == own)
                let row = try reader.settlement(batch.id, of: account).value
                #expect(row?.count == (own.isEmpty ? nil : Int64(own.count)))
            }
        }
        #expect(try reader.settlement(SettlementID(1), of: nil).value == nil)
        #expect(try reader.withdrawal(WithdrawalID(1), of: nil).value == nil)
    }
}
