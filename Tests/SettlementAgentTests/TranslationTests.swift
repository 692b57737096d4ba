import Cryptography
import Engine
import LocalChain
import Settlement
import SettlementAgent
import TON
import Testing
import Units

@Suite struct TranslationTests {
    private let own: Address
    private let other: Address
    private let base: ChainTransaction

    init() throws {
        own = try Bureau.address(50)
        other = try Bureau.address(51)
        let message = InternalMessage(to: own, value: Coins(7), isBounceable: false)
        var incoming = try ChainMessage(message)
        incoming.source = other
        base = ChainTransaction(
            account: own,
            logicalTime: 10,
            hash: [UInt8](repeating: 1, count: 32),
            previousLogicalTime: 4,
            previousHash: [UInt8](repeating: 2, count: 32),
            time: 1_800_000_000,
            block: 5,
            incoming: incoming,
            outgoing: [],
            outcome: .init(exitCode: 0, actionCode: 0, isAborted: false, skipped: 0),
            fees: Coins(3),
            balance: Coins(100)
        )
    }

    private func translated(
        origin: ChainTransaction? = nil,
        _ change: (inout ChainTransaction) throws -> Void
    ) throws -> WalletTransaction {
        var transaction = base
        try change(&transaction)
        return try WalletTranslation.transaction(transaction, of: WalletID(1), at: own, origin: origin)
    }

    private func operation(_ number: UInt64) throws -> Cell {
        try Cell.build { $0.store(number, bits: 32) }
    }

    @Test func `What came in`() throws {
        let source = try #require(ChainHash(bytes: other.hash))
        let hash = try #require(ChainHash(bytes: base.incoming.hash))
        let seven = NanoTON(7)
        #expect(try translated { _ in }.incoming == .deposit(comment: nil, source: source, amount: seven))
        #expect(
            try translated { $0.incoming.body = try Comment.cell("memo") }.incoming
                == .deposit(comment: "memo", source: source, amount: seven)
        )
        #expect(try translated { $0.incoming.body = try operation(0x0F8A_7EA5) }.incoming == .other(seven))
        #expect(
            try translated { $0.incoming.body = try Cell.build { $0.store(0, bits: 31) } }.incoming
                == .deposit(comment: nil, source: source, amount: seven)
        )
        #expect(
            try translated {
                $0.incoming.body = try operation(5)
                $0.incoming.isBodyKnown = false
            }.incoming == .deposit(comment: nil, source: source, amount: seven)
        )
        #expect(try translated { $0.incoming.source = own }.incoming == .own(hash, seven))
        #expect(
            try translated { $0.incoming.source = Address(workchain: -1, hash: other.hash) }.incoming == .other(seven)
        )
        #expect(throws: TranslationError.request) { try translated { $0.incoming.source = nil } }
    }

    @Test func `Jettons are no deposit, whoever tells of them and whatever memo comes along`() throws {
        let notification = Jetton.Notification(
            queryID: 1,
            amount: Coins(1_000_000_000),
            sender: other,
            forwardPayload: try Comment.cell("memo")
        )
        #expect(try translated { $0.incoming.body = try notification.cell() }.incoming == .other(NanoTON(7)))
        let transfer = Jetton.Transfer(
            queryID: 1,
            amount: Coins(5),
            destination: own,
            responseDestination: other,
            forwardAmount: Coins(1)
        )
        #expect(try translated { $0.incoming.body = try transfer.cell() }.incoming == .other(NanoTON(7)))
    }

    @Test func `What came back is known by the transaction that sent it, and by no other`() throws {
        var origin = base
        origin.account = other
        origin.incoming.source = own
        origin.incoming.hash = [UInt8](repeating: 8, count: 32)
        var bounce = base.incoming
        bounce.isBounced = true
        origin.outgoing = [bounce]
        let sent = try #require(ChainHash(bytes: origin.incoming.hash))
        let back: (inout ChainTransaction) -> Void = { $0.incoming.isBounced = true }
        #expect(try translated(origin: origin, back).incoming == .bounced(sent, NanoTON(7)))
        #expect(try translated(back).incoming == .bounced(nil, NanoTON(7)))
        let changes: [(inout ChainTransaction) -> Void] = [
            { $0.account = own }, { $0.incoming.source = other }, { $0.outgoing[0].isBounced = false },
            { $0.outgoing[0].hash[0] ^= 1 }, { $0.outgoing = [] },
        ]
        for change in changes {
            var wrong = origin
            change(&wrong)
            #expect(try translated(origin: wrong, back).incoming == .bounced(nil, NanoTON(7)))
        }
    }

    @Test(
        arguments: [
            (0, 0, false, 0), (0, nil, false, 0), (1, 0, false, 0), (37, 0, false, 37), (0, 34, true, 34),
            (9, 33, true, 33), (nil, nil, true, -1), (nil, nil, false, 0), (-14, nil, true, -14),
        ] as [(Int64?, Int64?, Bool, Int64)]
    )
    func `The code is 0 only if everything was carried out`(
        exit: Int64?,
        action: Int64?,
        isAborted: Bool,
        code: Int64
    ) throws {
        let found = try translated {
            $0.outcome = .init(exitCode: exit, actionCode: action, isAborted: isAborted, skipped: 2)
        }
        #expect(found.code == code && found.skipped == 2)
    }

    @Test func `What cannot be is refused with its name`() throws {
        let many = UInt64(Limits.depositsMax) + 1
        let changes: [(TranslationError, (inout ChainTransaction) throws -> Void)] = [
            (.range("the fee"), { $0.fees = Coins(many) }), (.range("the balance"), { $0.balance = Coins(many) }),
            (.range("the amount that came in"), { $0.incoming.value = Coins(many) }),
            (.range("the logical time"), { $0.logicalTime = 1 << 63 }),
            (.range("the time"), { $0.time = UInt64(Limits.chainTimeMax) + 1 }),
            (.range("the block"), { $0.block = .max }),
            (
                .range("the number of messages"),
                { $0.outgoing = Array(repeating: $0.incoming, count: Limits.walletActionsMax + 1) }
            ),
            (
                .workchain,
                {
                    var message = $0.incoming
                    message.destination = try #require(Address(workchain: -1, hash: own.hash))
                    $0.outgoing = [message]
                }
            ),
        ]
        for (error, change) in changes {
            #expect(throws: error) { try translated(change) }
        }
    }

    @Test func `Signing again gives the same bytes, and only the wallet's own key signs`() throws {
        let bureau = try Bureau()
        bureau.earn(Bureau.workers[0], 5)
        let terms = PayoutTerms(destination: try Bureau.destination(0), threshold: NanoTON(ton))
        bureau.office.give(Bureau.workers[0], .settlement(.setPayoutTerms(terms)))
        _ = try bureau.agent.round(&bureau.office)
        let state = bureau.office.engine.settlementState
        let (batch, wallet) = (try #require(state.batches.first), try #require(state.wallets.first))
        let bag = try BatchMessage.bag(batch, state.payouts, from: wallet.terms, signedBy: Bureau.makeKey())
        #expect(bureau.office.messages[batch.id] == bag)
        let other = try SigningKey(seed: [UInt8](repeating: 1, count: 32).span)
        #expect(throws: SigningError.wallet) {
            try BatchMessage.bag(batch, state.payouts, from: wallet.terms, signedBy: other)
        }
        var changed = wallet.terms
        changed.subwallet += 1
        #expect(throws: SigningError.wallet) { try BatchMessage.wallet(changed) }
        var reserved = batch
        reserved.signed.place = QueryID.ordinary
        #expect(throws: SigningError.message(.mode)) {
            try BatchMessage.bag(reserved, state.payouts, from: wallet.terms, signedBy: Bureau.makeKey())
        }
    }
}
