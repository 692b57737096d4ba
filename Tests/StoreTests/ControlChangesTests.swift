import Engine
import Exchange
import Testing
import Units

@testable import Store

/// What the projector makes of amendments, icebergs and market control.
@Suite struct ControlChangesTests {
    private let start = ProjectionCursor(batch: 1, sequence: 9, time: .zero, lastTrade: TradeID(0))

    private func plan(_ batches: [[[Event]]]) throws -> ProjectionPlan {
        var plan = ProjectionPlan(after: start)
        var journal = TestJournal(after: start)
        for groups in batches { try plan.add(journal.batch(groups)) }
        return plan
    }

    private func amendment(_ id: Int64, lots: Int64, at sequence: Int64) -> OrderAmendment {
        OrderAmendment(
            order: OrderID(id),
            price: Price(nanoTONPerMTok: 3_000),
            lots: Lots(lots),
            remaining: Lots(lots - 1),
            expiresAt: .never,
            priority: Priority(SequenceNumber(sequence))
        )
    }

    @Test func `Amendments of an order of before are one change and one move, the last of each`() throws {
        let plan = try plan([
            [
                [.amended(amendment(5, lots: 8, at: 10))],
                [.amended(amendment(5, lots: 6, at: 11)), .rested(OrderID(5), Lots(5))],
                [.shown(OrderID(5), Lots(2), Priority(SequenceNumber(12), ordinal: 1))],
            ]
        ])
        #expect(plan.orderChanges == [OrderChange(id: 5, remaining: 5, lastSequence: 12)])
        #expect(plan.orderMoves.count == 1)
        #expect(plan.orderMoves.first?.amendment?.lots == Lots(6))
        #expect(plan.orderMoves.first?.displayed == 2)
        #expect(plan.orderMoves.first?.priority == Priority(SequenceNumber(12), ordinal: 1).rawValue)
    }

    @Test func `A mass operation keeps the place at which it began, and leaves no row once it is over`() throws {
        let operation = MassOperation(sequence: SequenceNumber(10), kind: .cancel, account: AccountID(2))
        var later = operation
        later.cursor = 7
        let key = ControlChanges.OperationKey(sequence: operation.sequence, account: operation.account)
        let under = try plan([[[.rested(OrderID(3), Lots(1)), .operationSet(operation)], [.operationSet(later)]]])
        #expect(under.registry.control.operations == [key: .set(later, ordinal: 1)])
        let over = try plan([[[.operationSet(operation)], [.operationEnded(operation.sequence, operation.account)]]])
        #expect(over.registry.control.operations == [key: .ended])
    }

    @Test func `A new account that is changed is one row`() throws {
        var record = AccountRecord(id: AccountID(4), label: "x", openOrdersMax: 5, createdAt: .zero)
        let created = Event.accountCreated(record)
        record.isClosed = true
        let plan = try plan([[[created], [.accountChanged(record)]]])
        #expect(plan.registry.accounts.map(\.record) == [record])
        #expect(plan.registry.control.accounts.isEmpty)
    }
}

/// The one form of a state.
@Suite struct StateFormTests {
    private func version(of state: EngineState) -> UInt8 {
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        return bytes[0]
    }

    @Test func `Whatever only few states have comes back, and is written in the fifth form`() throws {
        var state = EngineState()
        state.accounts = [AccountRecord(id: AccountID(1), label: "x", openOrdersMax: 5, createdAt: .zero)]
        for change in [
            { $0.accounts[0].isClosed = true }, { $0.accounts[0].cancelAfter = .zero },
            { $0.controls = [MarketControlRecord(model: .unknown, isHalted: true)] },
            { $0.operations = [MassOperation(sequence: SequenceNumber(1), kind: .resume, account: .system)] },
            { $0.feeNotice = FeeNoticeTerms(fees: .initial, effectiveAt: .zero) },
            { state in
                let login = LoginRecord(
                    sequence: SequenceNumber(1),
                    account: AccountID(1),
                    subject: "telegram:7",
                    createdAt: .zero
                )
                state.logins = [login]
            },
        ] as [(inout EngineState) -> Void] {
            var other = state
            change(&other)
            #expect(version(of: other) == 5)
            var bytes: [UInt8] = []
            other.encode(into: &bytes)
            #expect(try EngineState(decoding: bytes[...]) == other)
            for count in bytes.indices {
                #expect(throws: StateCodingError.self) { try EngineState(decoding: bytes.prefix(count)) }
            }
        }
    }
}
