import Engine
import JSON
import Settlement
import Testing
import Units

@testable import API

/// What the code writes of deposits, withdrawals and payouts is what the contract says.
@Suite struct SettlementAnswerTests {
    private let contract: Contract
    private static let now = LogicalTime(microseconds: 1_795_222_800_000_000)
    private static let hash = ChainHash(.init(1, 2, 3, 4))
    private static let position = ChainPosition(logicalTime: 50_400_000_005, hash: hash)
    private static let owner = AccountID(2)
    private let asOf = SequenceNumber(40)

    init() throws { contract = try Contract() }

    private func expect(_ route: Route, _ response: APIResponse) throws {
        let operation = try contract.operation(route.operationID).value
        let declared = try #require(operation["responses"]?[String(response.status)], "\(route) \(response.status)")
        let media = try contract.resolved(declared)["content"]?[response.contentType.text.description]
        let schema = try #require(media?["schema"], "\(route) \(response.status) has no schema")
        let json = try JSONValue(response.body)
        #expect(SchemaValidator(contract: contract).faults(json, schema) == [], "\(route)")
    }

    private func outcome(_ events: [Event]) -> Outcome {
        Outcome(sequence: SequenceNumber(17), events: events[...], requestID: 1)
    }

    private var withdrawals: [WithdrawalRecord] {
        WithdrawalState.allCases.map { state in
            var record = WithdrawalRecord(
                id: WithdrawalID(40),
                account: Self.owner,
                terms: WithdrawalTerms(
                    destination: PayoutDestination(address: Self.hash, isBounceable: state == .paid),
                    amount: NanoTON(2_500_000_000),
                    comment: "invoice \"7\""
                ),
                fee: .zero,
                requestedAt: Self.now,
                dueAt: Self.now,
                needsApproval: state == .paid
            )
            record.state = state
            if state == .planned || state == .paid {
                record.payout = PayoutID(batch: SettlementID(52), index: 3)
                record.approvedBy = SequenceNumber(50)
            }
            return record
        }
    }

    private var batches: [SettlementRecord] {
        SettlementBatch.Phase.allCases.map { phase in
            var record = SettlementRecord(
                id: SettlementID(52),
                wallet: WalletID(1),
                phase: phase,
                signed: .init(place: 0, createdAt: 1_795_222_780, timeout: 3_600, value: NanoTON(2_600_000_000)),
                plannedAt: Self.now
            )
            guard phase.isFinal else { return record }
            record.outside = Self.position
            record.inside = phase == .confirmed ? Self.position : nil
            record.block = 41_230_077
            record.decidedAt = 1_795_222_812
            record.code = phase == .failed ? 37 : 0
            return record
        }
    }

    private var payouts: [PayoutRecord] {
        PayoutState.allCases.map { state in
            var record = PayoutRecord(
                id: PayoutID(batch: SettlementID(52), index: 0),
                account: Self.owner,
                withdrawal: state == .paid ? WithdrawalID(40) : nil,
                destination: PayoutDestination(address: Self.hash),
                amount: NanoTON(7),
                fee: NanoTON(1),
                comment: ""
            )
            record.state = state
            if state == .paid || state == .returned { record.message = Self.hash }
            if state.isResolved { record.reference = "the hash of a message" }
            return record
        }
    }

    @Test func `Deposits fit, before and after there is a memo`() throws {
        let memo = try #require(DepositMemo(reading: "4h7kq2m9xd"))
        let deposit = ChainDeposit(
            account: Self.owner,
            wallet: WalletID(1),
            position: Self.position,
            source: Self.hash,
            amount: NanoTON(5_000_000_000),
            memo: memo
        )
        let row = DepositDetail(deposit: deposit, sequence: SequenceNumber(31), time: Self.now)
        var query = DepositsQuery(account: Self.owner, opener: nil, network: .mainnet, limit: 1, before: nil)
        try expect(.getDeposits, View.deposits(query, [], asOf: asOf))
        query.opening = DepositOpening(wallet: Self.hash, memo: memo)
        let response = View.deposits(query, [row, row], asOf: asOf)
        try expect(.getDeposits, response)
        let json = try JSONValue(response.body)
        let address = try #require(json["address"]?.string)
        #expect(json["link"]?.string == "ton://transfer/\(address)?text=4H7KQ2M9XD")
        #expect(json["has_more"]?.boolean == true && json["next_cursor"]?.string?.isEmpty == false)
        query.network = .testnet
        let other = try JSONValue(View.deposits(query, [], asOf: asOf).body)["address"]?.string
        #expect(address.hasPrefix("UQ") && other?.hasPrefix("0Q") == true, "an address for tests says so")
    }

    @Test func `Withdrawals and payout terms fit`() throws {
        for record in withdrawals { try expect(.getWithdrawal, View.withdrawal(record, on: .mainnet, asOf: asOf)) }
        for (account, state) in [(Self.owner, WithdrawalState.paid), (nil, nil)] {
            let query = WithdrawalsQuery(
                account: account,
                caller: Self.owner,
                network: .mainnet,
                state: state,
                limit: 2,
                before: nil
            )
            try expect(.listWithdrawals, View.withdrawals(query, withdrawals, asOf: asOf))
        }
        let requested = outcome([.settlement(.withdrawalSet(withdrawals[0]))])
        try expect(.requestWithdrawal, Answer.render(.withdrawalRequested(.mainnet), requested))
        for route in [Route.cancelWithdrawal, .approveWithdrawal] {
            try expect(route, Answer.render(.withdrawalChanged(WithdrawalID(40)), outcome([])))
            let refused = outcome([.rejected(.withdrawalPlanned)])
            try expect(route, Answer.render(.withdrawalChanged(WithdrawalID(40)), refused))
        }
        let terms = PayoutTerms(destination: PayoutDestination(address: Self.hash), threshold: NanoTON(7))
        for terms in [nil, terms] {
            try expect(.setPayoutTerms, Answer.render(.payoutTermsSet(terms, .mainnet), outcome([])))
            let record = terms.map {
                PayoutTermsRecord(account: Self.owner, terms: $0, setAt: Self.now, usableAt: Self.now)
            }
            try expect(.getPayoutTerms, View.payoutTerms(of: Self.owner, record, on: .mainnet, asOf: asOf))
        }
    }

    @Test func `Batches and proofs fit`() throws {
        for batch in batches {
            let detail = SettlementDetail(record: batch, count: 4, amount: NanoTON(28))
            let response = View.settlement(detail, payouts, on: .mainnet, asOf: asOf)
            try expect(.getSettlement, response)
            let proofs = try JSONValue(response.body)["payouts"]?.elements?.map { $0["proof"] != .null }
            let proved = PayoutState.allCases.map { ($0 == .paid || $0 == .returned) && batch.inside != nil }
            #expect(proofs == proved)
            for account in [nil, Self.owner] {
                let query = SettlementsQuery(account: account, caller: Self.owner, limit: 1, before: nil)
                try expect(.listSettlements, View.settlements(query, [detail, detail], asOf: asOf))
            }
        }
    }

    @Test func `What the operator resolves and retires fits`() throws {
        try expect(.resolveSettlement, Answer.render(.settlementResolved(SettlementID(52)), outcome([])))
        for rejection in [Rejection.settlementNotFound, .payoutNotOpen, .settlementNotContested, .resolutionTooEarly] {
            let refused = Answer.render(.settlementResolved(SettlementID(52)), outcome([.rejected(rejection)]))
            try expect(.resolveSettlement, refused)
        }
        for (route, isRetired) in [(Route.retireWallet, true), (.reinstateWallet, false)] {
            let shape = AnswerShape.walletRetired(WalletID(2), isRetired)
            try expect(route, Answer.render(shape, outcome([])))
            try expect(route, Answer.render(shape, outcome([.rejected(.walletUnknown)])))
        }
    }

    @Test func `What the operator sees and says fits`() throws {
        var status = SettlementStatus()
        try expect(.getSettlementStatus, View.settlementStatus(status, on: .mainnet, asOf: asOf))
        let terms = WalletTerms(
            address: Self.hash,
            publicKey: Self.hash,
            subwallet: 1,
            timeout: 3_600,
            start: Self.position,
            startTime: 1_795_222_780,
            balance: NanoTON(5)
        )
        var wallet = WalletRecord(id: WalletID(1), terms: terms, sequence: SequenceNumber(3))
        status.wallets = [wallet]
        wallet.unexplained = 50_400_000_009
        status.wallets.append(wallet)
        status.capital = NanoTON(-5)
        status.figures.oldest = Self.now
        for reason in SettlementHoldReason.allCases {
            let isOperator = reason == .operator
            status.hold = SettlementHold(
                reason: reason,
                sequence: SequenceNumber(4),
                since: Self.now,
                wallet: isOperator ? nil : WalletID(1),
                logicalTime: isOperator ? 0 : 9
            )
            try expect(.getSettlementStatus, View.settlementStatus(status, on: .mainnet, asOf: asOf))
        }
        try expect(.getSettlementTerms, View.settlementTerms(.initial, asOf: asOf))
        try expect(.setSettlementTerms, Answer.render(.settlementTermsSet(.initial), outcome([])))
        for (route, isHeld) in [(Route.holdSettlement, true), (.resumeSettlement, false)] {
            try expect(route, Answer.render(.settlementHeld(isHeld), outcome([])))
        }
        try expect(.runSettlement, View.settlementRound)
        let entries = SuspenseReason.allCases.map { reason in
            SuspenseRecord(
                id: SuspenseID(33),
                wallet: WalletID(1),
                reason: reason,
                amount: NanoTON(7),
                source: reason == .unknownBounce ? nil : Self.hash,
                comment: reason == .dust ? "" : nil,
                arrivedAt: Self.now
            )
        }
        let query = SuspenseQuery(caller: Self.owner, network: .mainnet, limit: 2, before: nil)
        try expect(.listSuspense, View.suspense(query, entries, asOf: asOf))
        for account in [Self.owner, .system] {
            let shape = AnswerShape.suspenseAssigned(SuspenseID(33), account)
            try expect(.assignSuspense, Answer.render(shape, outcome([])))
            try expect(.assignSuspense, Answer.render(shape, outcome([.rejected(.suspenseNotFound)])))
        }
    }
}
