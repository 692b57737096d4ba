import Engine
import Exchange
import Units

/// Commands on settlement, with values at the ends of their ranges.
enum SettlementCommands {
    static func hash(_ number: UInt64) -> ChainHash { ChainHash(.init(number, 0, .max, 7)) }

    static func position(_ logicalTime: UInt64) -> ChainPosition {
        ChainPosition(
            logicalTime: logicalTime,
            hash: logicalTime == 0 ? ChainHash(.init(0, 0, 0, 0)) : hash(logicalTime)
        )
    }

    static func transaction(_ incoming: WalletTransaction.Incoming, outgoing: Int = 0) -> WalletTransaction {
        let message = WalletTransaction.Outgoing(address: hash(1), amount: NanoTON(1), hash: hash(2))
        return WalletTransaction(
            wallet: WalletID(1),
            position: position(UInt64(Int64.max)),
            previous: position(0),
            time: UInt64(Limits.chainTimeMax),
            block: UInt64(Int64.max),
            fee: NanoTON(Limits.depositsMax),
            balance: NanoTON(Limits.depositsMax),
            incoming: incoming,
            outgoing: Array(repeating: message, count: outgoing),
            code: .min,
            skipped: Int64(Limits.walletActionsMax)
        )
    }

    /// Of the operator, on payouts and wallets.
    private static var decisions: [SettlementCommand] {
        [
            .setRetired(WalletID(.max), true), .setRetired(WalletID(1), false),
            .resolve(SettlementResolution(batch: SettlementID(.max), others: false, reference: "r")),
            .resolve(
                SettlementResolution(
                    batch: SettlementID(1),
                    payouts: (0..<256).map { PayoutVerdict(index: $0, isPaid: $0 % 2 == 0) }.dropLast(),
                    others: true,
                    reference: String(repeating: "r", count: Limits.payoutReferenceBytesMax)
                )
            ), .resolve(SettlementResolution(batch: SettlementID(2), reference: "ü")),
        ]
    }

    private static var anchors: [SettlementCommand] {
        let anchored = SettlementPlanTerms(
            wallet: WalletID(1),
            chainTime: 7,
            baseFee: .zero,
            feePerPayout: .zero,
            origin: hash(8)
        )
        let rare = AnchorPolicy(
            isEnabled: false,
            interval: Limits.anchorIntervalMax,
            amount: NanoTON(Limits.anchorAmountMax)
        )
        let often = AnchorPolicy(interval: Limits.anchorIntervalMin, amount: NanoTON(Limits.anchorAmountMin))
        return [
            .plan(anchored), .setAnchorPolicy(rare), .setAnchorPolicy(often), .setAnchorPolicy(.initial),
            .requestAnchor,
        ]
    }

    static var all: [Command.Action] {
        let wallet = WalletTerms(
            address: hash(1),
            publicKey: hash(2),
            subwallet: .max,
            timeout: UInt32(Limits.walletTimeoutMax),
            start: position(3),
            startTime: UInt64(Limits.chainTimeMax),
            balance: NanoTON(Limits.depositsMax)
        )
        let most = NanoTON(Limits.depositsMax)
        let destination = PayoutDestination(address: hash(9), isBounceable: true)
        let comment = String(repeating: "c", count: Limits.payoutCommentBytesMax)
        let terms = SettlementTerms(
            payoutMinimum: most,
            walletReserve: most,
            capitalReserve: most,
            accountDayMax: most,
            approvalThreshold: most,
            coolingOff: Limits.coolingOffMax,
            dustLimit: most,
            payeeFee: NanoTON(Limits.depositsMax - 1)
        )
        let plan = SettlementPlanTerms(
            wallet: WalletID(.max),
            chainTime: 0,
            baseFee: NanoTON(Limits.settlementFeeMax),
            feePerPayout: .zero
        )
        let long = String(repeating: "d", count: Limits.depositCommentBytesMax)
        let transactions = [
            transaction(.external(place: .max, createdAt: 5), outgoing: 3),
            transaction(.own(hash(4), most)), transaction(.deposit(comment: long, source: hash(5), amount: most)),
            transaction(.deposit(comment: nil, source: hash(5), amount: .zero), outgoing: 2),
            transaction(.bounced(nil, .zero)), transaction(.bounced(hash(6), NanoTON(1))), transaction(.other(most)),
        ]
        var commands: [SettlementCommand] = [
            .registerWallet(wallet), .setPayoutTerms(nil),
            .setPayoutTerms(PayoutTerms(destination: destination, threshold: most)),
            .requestWithdrawal(WithdrawalTerms(destination: destination, amount: most, comment: comment)),
            .requestWithdrawal(WithdrawalTerms(destination: PayoutDestination(address: hash(1)), amount: NanoTON(1))),
            .cancelWithdrawal(WithdrawalID(.max)), .approveWithdrawal(WithdrawalID(1)), .setTerms(.initial),
            .setTerms(terms), .plan(plan),
            .walletScanned(WalletScan(wallet: WalletID(1), lastLogicalTime: 0, chainTime: 1)),
            .assignSuspense(SuspenseID(.max), .system), .assignSuspense(SuspenseID(1), AccountID(.max)),
            .hold(SettlementHoldTerms(isHeld: true, reason: String(repeating: "r", count: Limits.holdReasonBytesMax))),
            .hold(SettlementHoldTerms(isHeld: false)),
        ]
        if let memo = DepositMemo(reading: "0123ABCXYZ") { commands.append(.openDeposits(memo)) }
        return (commands + decisions + anchors + transactions.map { .walletTransaction($0) }).map { .settlement($0) }
    }
}
