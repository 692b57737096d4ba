import Engine
import Exchange
import Ledger
import Testing
import Units

@testable import Store

@Suite struct ProjectionPlanTests {
    private let buyer = AccountID(1)
    private let worker = AccountID(2)

    private func order(_ id: Int64, _ side: Side, _ lots: Int64) -> OrderRecord {
        OrderRecord(
            id: OrderID(id),
            account: side == .bid ? buyer : worker,
            side: side,
            price: Price(nanoTONPerMTok: 20_000_000),
            lots: Lots(lots),
            remaining: Lots(lots),
            timeInForce: .gtc,
            clientOrderID: nil,
            bodyHash: 0,
            rates: FeeTerms.initial.rates,
            classID: ClassID(side == .offer ? 1 : 0),
            profileID: ProfileID(side == .bid ? 1 : 0),
            claimedTEE: .none,
            maxOpenLots: nil,
            openLots: .zero,
            createdAt: LogicalTime(microseconds: 5),
            closeReason: nil,
            lastSequence: SequenceNumber(id)
        )
    }

    private func trade(_ id: Int64, bid: Int64, offer: Int64, _ lots: Int64, left: (bid: Int64, offer: Int64)) -> Trade
    {
        Trade(
            id: TradeID(id),
            bid: OrderID(bid),
            offer: OrderID(offer),
            buyer: buyer,
            seller: worker,
            lots: Lots(lots),
            price: Price(nanoTONPerMTok: 20_000_000),
            takerSide: .bid,
            bidRemaining: Lots(left.bid),
            offerRemaining: Lots(left.offer),
            locked: NanoTON(20_060 * lots),
            buyerRate: BasisPoints(30),
            sellerRate: BasisPoints(10),
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard
        )
    }

    private func move(_ from: LedgerAccount.Kind, _ to: LedgerAccount.Kind, _ amount: Int64) -> Event {
        .transfer(
            Transfer(
                debit: LedgerAccount(buyer, from),
                credit: LedgerAccount(buyer, to),
                amount: NanoTON(amount),
                kind: .hold
            )
        )
    }

    private func plan(_ batches: [[[Event]]], after start: ProjectionCursor = .start) throws -> ProjectionPlan {
        var plan = ProjectionPlan(after: start)
        var journal = TestJournal(after: start)
        for groups in batches { try plan.add(journal.batch(groups)) }
        return plan
    }

    // MARK: Orders

    @Test func `An order that comes and goes within the transaction is one row, as it ended`() throws {
        let plan = try plan([
            [[.accepted(order(1, .offer, 10)), .rested(OrderID(1), Lots(10))]],
            [[.closed(OrderID(1), .cancelled, Lots(10))]],
        ])
        var expected = order(1, .offer, 10)
        expected.closeReason = .cancelled
        expected.lastSequence = 2
        #expect(plan.orders == [expected])
        #expect(plan.orderChanges.isEmpty)
    }

    @Test func `Trades with an order of before are one change of its row`() throws {
        let start = ProjectionCursor(batch: 4, sequence: 9, lastTrade: TradeID(3))
        let plan = try plan(
            [
                [[.accepted(order(10, .bid, 2)), .traded(trade(4, bid: 10, offer: 7, 2, left: (0, 6)))]],
                [
                    [], [.accepted(order(12, .bid, 5)), .traded(trade(5, bid: 12, offer: 7, 5, left: (0, 1)))],
                    [.closed(OrderID(7), .cancelled, Lots(1))],
                ],
            ],
            after: start
        )
        let change = OrderChange(id: 7, remaining: 1, opened: 7, closeReason: 2, lastSequence: 13)
        #expect(plan.orderChanges == [change])
        #expect(plan.orders.map(\.remaining) == [.zero, .zero])
        #expect(plan.trades.map(\.sequence) == [10, 12])
        #expect(plan.end.lastTrade == TradeID(5))
        #expect(plan.end.batch == 6)
        #expect(plan.end.sequence == 13)
    }

    @Test func `A new class is all that changes when an offer is reclassified`() throws {
        let start = ProjectionCursor(batch: 1, sequence: 1, lastTrade: TradeID(0))
        let plan = try plan([[[.reclassified(OrderID(1), ClassID(8))]]], after: start)
        #expect(plan.orderChanges == [OrderChange(id: 1, classID: 8, lastSequence: 2)])
    }

    // MARK: Leases

    @Test func `The end of a lease gives its lots back, and does not touch an order that is closed`() throws {
        let plan = try plan([
            [
                [.accepted(order(1, .offer, 4))],
                [
                    .accepted(order(2, .bid, 4)), .traded(trade(1, bid: 2, offer: 1, 4, left: (0, 0))),
                    .closed(OrderID(1), .filled, .zero), .closed(OrderID(2), .filled, .zero),
                ],
                [.used(LeaseID(1), AdjustedTokens(3_999))],
                [.leaseEnded(LeaseID(1), AdjustedTokens(3_999), .deadline)],
            ]
        ])
        let lease = try #require(plan.leases.first)
        #expect(lease.hasEnded && lease.end == .deadline)
        #expect(lease.record.used == AdjustedTokens(3_999))
        #expect(lease.lastSequence == 4)
        #expect(plan.orders[0].openLots == .zero)
        #expect(plan.orders[0].lastSequence == 2)
        #expect(plan.leaseChanges.isEmpty)
    }

    @Test func `A lease of before is changed once, whatever happens to it`() throws {
        let start = ProjectionCursor(batch: 1, sequence: 5, lastTrade: TradeID(2))
        let plan = try plan(
            [[[.used(LeaseID(2), AdjustedTokens(5))], [.used(LeaseID(2), AdjustedTokens(9))]]],
            after: start
        )
        #expect(plan.leaseChanges == [LeaseChange(id: 2, used: 9, lastSequence: 7)])
    }

    // MARK: Money

    @Test func `A thousand transfers of one account are one netted movement, and a thousand rows`() throws {
        let groups = (0..<1_000).map { _ in [move(.available, .held, 7), move(.held, .available, 3)] }
        let plan = try plan([groups])
        #expect(plan.transfers.count == 2_000)
        let available = LedgerAccount(buyer, .available)
        let expected = Movement(account: available, debits: 7_000, credits: 3_000)
        #expect(plan.movements.first { $0.account == available } == expected)
        #expect(plan.movements.count == 2)
    }

    @Test func `A transfer's ordinal is its place among the events of its command`() throws {
        let plan = try plan([
            [[], [.rested(OrderID(1), Lots(1)), move(.available, .held, 1), move(.held, .leased, 1)]]
        ])
        #expect(plan.transfers.map(\.sequence) == [2, 2])
        #expect(plan.transfers.map(\.ordinal) == [1, 2])
    }

    @Test func `Turnover beyond 64 bits is counted`() throws {
        let groups = (0..<20).map { _ in [move(.available, .held, Int64.max)] }
        let plan = try plan([groups])
        #expect(plan.movements.map(\.debits).max() == Int128(Int64.max) * 20)
    }

    // MARK: Requests

    @Test func `A request that is forgotten within the transaction leaves no row`() throws {
        func request(_ sequence: Int64) -> RememberedRequest {
            RememberedRequest(
                sequence: SequenceNumber(sequence),
                account: buyer,
                key: IdempotencyKey(high: 1, low: UInt64(sequence), body: 3),
                clientOrderID: nil,
                bodyHash: 0,
                at: .zero,
                rejection: nil
            )
        }
        let plan = try plan([[[.remembered(request(1))], [.remembered(request(2))], [.forgotten(1)]]])
        #expect(plan.keptRequests == [request(2)])
        #expect(plan.forgotten == 1)
    }

    // MARK: What does not fit

    @Test func `A gap between batches, or between trades, is refused`() throws {
        var journal = TestJournal()
        let (first, second, third) = (journal.batch([[]]), journal.batch([[]]), journal.batch([[]]))
        var plan = ProjectionPlan(after: .start)
        try plan.add(first)
        #expect(throws: StoreError.self) { try plan.add(third) }
        #expect(throws: StoreError.self) { try plan.add(first) }
        try plan.add(second)
        #expect(throws: StoreError.self) {
            try self.plan([[[.traded(trade(2, bid: 1, offer: 2, 1, left: (0, 0)))]]])
        }
        #expect(throws: StoreError.self) { try self.plan([[[.used(LeaseID(1), .zero)]]]) }
    }

    @Test func `Every command has its end of events`() throws {
        let broken = ProjectedBatch(
            number: 1,
            firstSequence: 1,
            lastSequence: 2,
            time: .zero,
            events: [.rejected(.orderNotFound)],
            ends: [1]
        )
        var plan = ProjectionPlan(after: .start)
        #expect(throws: StoreError.self) { try plan.add(broken) }
    }
}

@Suite struct NumberIndexTests {
    @Test func `Every number keeps its place, however many there are`() {
        var index = NumberIndex()
        for round in 0..<2 {
            for number in 1...5_000 {
                #expect(index.place(of: Int64(number) * 1_024, orAdd: number - 1) == number - 1)
            }
            for number in 1...5_000 { #expect(index.place(of: Int64(number) * 1_024, orAdd: -1) == number - 1) }
            #expect(index.count == 5_000, "round \(round)")
            index.removeAll()
            #expect(index.count == 0)
        }
    }
}
