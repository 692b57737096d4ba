import Exchange
import Units

// The forms of commands on settlement; see CommandCodec.swift.
//
//     80 register wallet      address 32 bytes · public key 32 bytes · subwallet u32 · timeout u32 · position
//                             · start time u64 · balance i64
//     81 open deposits        memo text
//     82 payout terms         has terms u8 [· destination · threshold i64]
//     83 request withdrawal   destination · amount i64 · comment text
//     84 cancel withdrawal    withdrawal i64
//     85 approve withdrawal   withdrawal i64
//     86 settlement terms     payout minimum i64 · wallet reserve i64 · capital reserve i64 · account's day max i64
//                             · approval threshold i64 · cooling off i64 · dust limit i64 · payee's fee i64
//     87 plan                 wallet i64 · chain time u64 · base fee i64 · fee per payout i64
//     88 wallet transaction   wallet i64 · position · previous position · time u64 · block u64 · fee i64 · balance i64
//                             · incoming · outgoing count u8 · outgoing… · code i64 · skipped i64
//     89 wallet scanned       wallet i64 · last logical time u64 · chain time u64
//     90 assign suspense      entry i64 · account i64 (0: the operator)
//     91 hold                 is held u8 · reason text
//     92 to 94                CommandCodec+Anchors.swift
//    104 resolve              batch i64 · others u8 (0: stay, 1: not paid, 2: paid) · count u8
//                             · (index u8 · is paid u8)… · reference text
//    105 retire wallet        wallet i64 · is retired u8
//
// A position is: logical time u64 · hash 32 bytes. A destination is: address 32 bytes · is bounceable u8. Incoming is:
// kind u8 and then 1 external: place u32 · created at u64; 2 own: hash 32 bytes · amount i64; 3 deposit: has comment u8
// [· comment text] · source 32 bytes · amount i64; 4 bounced: has hash u8 [· hash 32 bytes] · amount i64; 5 other:
// amount i64. Outgoing is: address 32 bytes · amount i64 · hash 32 bytes.

extension SettlementCommand {
    var kind: UInt8 {
        switch self {
        case .registerWallet: 80
        case .openDeposits: 81
        case .setPayoutTerms: 82
        case .requestWithdrawal: 83
        case .cancelWithdrawal: 84
        case .approveWithdrawal: 85
        case .setTerms: 86
        case .plan(let terms): terms.origin == nil ? 87 : 92
        case .walletTransaction: 88
        case .walletScanned: 89
        case .assignSuspense: 90
        case .hold: 91
        case .setAnchorPolicy: 93
        case .requestAnchor: 94
        case .resolve: 104
        case .setRetired: 105
        }
    }

    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .registerWallet(let terms): terms.encode(into: &bytes)
        case .openDeposits(let memo): bytes.append(text: memo.text)
        case .setPayoutTerms(let terms):
            bytes.append(terms == nil ? 0 : 1)
            terms?.encode(into: &bytes)
        case .requestWithdrawal(let terms): terms.encode(into: &bytes)
        case .cancelWithdrawal(let id), .approveWithdrawal(let id): bytes.append(integer: id.rawValue)
        case .setTerms(let terms): terms.encode(into: &bytes)
        case .plan(let terms):
            bytes.append(integer: terms.wallet.rawValue)
            bytes.append(integer: terms.chainTime)
            bytes.append(integer: terms.baseFee.count)
            bytes.append(integer: terms.feePerPayout.count)
            if let origin = terms.origin { bytes.append(contentsOf: origin.bytes) }
        case .walletTransaction(let transaction): transaction.encode(into: &bytes)
        case .walletScanned(let scan):
            bytes.append(integer: scan.wallet.rawValue)
            bytes.append(integer: scan.lastLogicalTime)
            bytes.append(integer: scan.chainTime)
        case .assignSuspense(let entry, let account):
            bytes.append(integer: entry.rawValue)
            bytes.append(integer: account.rawValue)
        case .hold(let terms):
            bytes.append(terms.isHeld ? 1 : 0)
            bytes.append(text: terms.reason)
        case .setAnchorPolicy(let policy): policy.encode(into: &bytes)
        case .requestAnchor: break
        case .resolve(let terms): terms.encode(into: &bytes)
        case .setRetired(let wallet, let isRetired):
            bytes.append(integer: wallet.rawValue)
            bytes.append(isRetired ? 1 : 0)
        }
    }

    static func decode(
        _ kind: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        switch kind {
        case 80: return .registerWallet(try WalletTerms.decode(bytes, &cursor))
        case 81:
            let text = try cursor.text(bytes, .memo, in: DepositMemo.length...DepositMemo.length)
            guard let memo = DepositMemo(reading: text), memo.text == text else { throw .invalid(.memo) }
            return .openDeposits(memo)
        case 82:
            guard try cursor.flag(bytes, .payoutTerms) else { return .setPayoutTerms(nil) }
            return .setPayoutTerms(try PayoutTerms.decode(bytes, &cursor))
        case 83: return .requestWithdrawal(try WithdrawalTerms.decode(bytes, &cursor))
        case 84: return .cancelWithdrawal(WithdrawalID(try cursor.integer(bytes)))
        case 85: return .approveWithdrawal(WithdrawalID(try cursor.integer(bytes)))
        case 86: return .setTerms(try SettlementTerms.decode(bytes, &cursor))
        case 87: return .plan(try SettlementPlanTerms.decode(bytes, &cursor))
        case 88: return .walletTransaction(try WalletTransaction.decode(bytes, &cursor))
        case 89:
            let wallet = try cursor.wallet(bytes)
            let last: UInt64 = try cursor.logicalTime(bytes, .scan)
            let time = try cursor.chainTime(bytes, .scan)
            return .walletScanned(WalletScan(wallet: wallet, lastLogicalTime: last, chainTime: time))
        case 90:
            let entry = SuspenseID(try cursor.integer(bytes))
            return .assignSuspense(entry, AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max)))
        case 91:
            let isHeld = try cursor.flag(bytes, .hold)
            let reason = try cursor.text(bytes, .hold, in: 0...Limits.holdReasonBytesMax)
            guard !reason.utf8.contains(0) else { throw .invalid(.hold) }
            return .hold(SettlementHoldTerms(isHeld: isHeld, reason: reason))
        case 92...94: return try decodeAnchor(kind, bytes, &cursor)
        case 104: return .resolve(try SettlementResolution.decode(bytes, &cursor))
        case 105:
            let wallet = try cursor.wallet(bytes)
            return .setRetired(wallet, try cursor.flag(bytes, .retirement))
        default: throw .unknownKind(kind)
        }
    }
}

extension CommandCursor {
    fileprivate mutating func wallet(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> WalletID {
        WalletID(try integer(bytes, .wallet, in: 1...Int64.max))
    }

    fileprivate mutating func chainTime(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field
    ) throws(CommandDecodingError) -> UInt64 {
        UInt64(try integer(bytes, field, in: 0...Limits.chainTimeMax))
    }

    /// Of the chain, within 63 bits: the database has no more.
    fileprivate mutating func logicalTime(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field
    ) throws(CommandDecodingError) -> UInt64 {
        UInt64(try integer(bytes, field, in: 0...Int64.max))
    }

    fileprivate mutating func money(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field,
        from least: Int64 = 0
    ) throws(CommandDecodingError) -> NanoTON {
        NanoTON(try integer(bytes, field, in: least...Limits.depositsMax))
    }

    mutating func hash(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> ChainHash {
        guard let hash = ChainHash(bytes: try self.bytes(bytes, 32)) else { throw .truncated }
        return hash
    }

    fileprivate mutating func position(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field
    ) throws(CommandDecodingError) -> ChainPosition {
        let logicalTime = try logicalTime(bytes, field)
        return ChainPosition(logicalTime: logicalTime, hash: try hash(bytes))
    }

    fileprivate mutating func destination(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field
    ) throws(CommandDecodingError) -> PayoutDestination {
        let address = try hash(bytes)
        return PayoutDestination(address: address, isBounceable: try flag(bytes, field))
    }
}

extension [UInt8] {
    mutating func append(_ position: ChainPosition) {
        append(integer: position.logicalTime)
        append(contentsOf: position.hash.bytes)
    }

    fileprivate mutating func append(_ destination: PayoutDestination) {
        append(contentsOf: destination.address.bytes)
        append(destination.isBounceable ? 1 : 0)
    }
}

extension SettlementPlanTerms {
    /// Without the origin.
    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let wallet = try cursor.wallet(bytes)
        let time = try cursor.chainTime(bytes, .settlementPlan)
        let base = try cursor.integer(bytes, .settlementPlan, in: 0...Limits.settlementFeeMax)
        let each = try cursor.integer(bytes, .settlementPlan, in: 0...Limits.settlementFeeMax)
        return SettlementPlanTerms(
            wallet: wallet,
            chainTime: time,
            baseFee: NanoTON(base),
            feePerPayout: NanoTON(each)
        )
    }
}

extension WalletTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(contentsOf: address.bytes)
        bytes.append(contentsOf: publicKey.bytes)
        bytes.append(integer: subwallet)
        bytes.append(integer: timeout)
        bytes.append(start)
        bytes.append(integer: startTime)
        bytes.append(integer: balance.count)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let (address, publicKey) = (try cursor.hash(bytes), try cursor.hash(bytes))
        let subwallet: UInt32 = try cursor.integer(bytes)
        let timeout: UInt32 = try cursor.integer(bytes)
        guard timeout >= 1, timeout <= UInt32(Limits.walletTimeoutMax) else { throw .invalid(.wallet) }
        let start = try cursor.position(bytes, .wallet)
        let time = try cursor.chainTime(bytes, .wallet)
        return WalletTerms(
            address: address,
            publicKey: publicKey,
            subwallet: subwallet,
            timeout: timeout,
            start: start,
            startTime: time,
            balance: try cursor.money(bytes, .wallet)
        )
    }
}

extension PayoutTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(destination)
        bytes.append(integer: threshold.count)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let destination = try cursor.destination(bytes, .payoutTerms)
        return PayoutTerms(destination: destination, threshold: try cursor.money(bytes, .payoutTerms, from: 1))
    }
}

extension WithdrawalTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(destination)
        bytes.append(integer: amount.count)
        bytes.append(text: comment)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let destination = try cursor.destination(bytes, .withdrawal)
        let amount = try cursor.money(bytes, .withdrawal, from: 1)
        let comment = try cursor.text(bytes, .withdrawal, in: 0...Limits.payoutCommentBytesMax)
        guard !comment.utf8.contains(0) else { throw .invalid(.withdrawal) }
        return WithdrawalTerms(destination: destination, amount: amount, comment: comment)
    }
}

extension SettlementTerms {
    func encode(into bytes: inout [UInt8]) {
        for number in [
            payoutMinimum.count, walletReserve.count, capitalReserve.count, accountDayMax.count,
            approvalThreshold.count, coolingOff, dustLimit.count, payeeFee.count,
        ] {
            bytes.append(integer: number)
        }
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        var terms = SettlementTerms.initial
        terms.payoutMinimum = try cursor.money(bytes, .settlementTerms, from: 1)
        terms.walletReserve = try cursor.money(bytes, .settlementTerms)
        terms.capitalReserve = try cursor.money(bytes, .settlementTerms)
        terms.accountDayMax = try cursor.money(bytes, .settlementTerms)
        terms.approvalThreshold = try cursor.money(bytes, .settlementTerms, from: 1)
        terms.coolingOff = try cursor.integer(bytes, .settlementTerms, in: 0...Limits.coolingOffMax)
        terms.dustLimit = try cursor.money(bytes, .settlementTerms)
        terms.payeeFee = try cursor.money(bytes, .settlementTerms)
        guard terms.payeeFee < terms.payoutMinimum else { throw .invalid(.settlementTerms) }
        return terms
    }
}

extension WalletTransaction {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: wallet.rawValue)
        bytes.append(position)
        bytes.append(previous)
        bytes.append(integer: time)
        bytes.append(integer: block)
        bytes.append(integer: fee.count)
        bytes.append(integer: balance.count)
        incoming.encode(into: &bytes)
        bytes.append(UInt8(outgoing.count))
        for message in outgoing {
            bytes.append(contentsOf: message.address.bytes)
            bytes.append(integer: message.amount.count)
            bytes.append(contentsOf: message.hash.bytes)
        }
        bytes.append(integer: code)
        bytes.append(integer: skipped)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let wallet = try cursor.wallet(bytes)
        let position = try cursor.position(bytes, .transaction)
        let previous = try cursor.position(bytes, .transaction)
        var transaction = WalletTransaction(
            wallet: wallet,
            position: position,
            previous: previous,
            time: try cursor.chainTime(bytes, .transaction),
            block: try cursor.logicalTime(bytes, .transaction),
            fee: try cursor.money(bytes, .transaction),
            balance: try cursor.money(bytes, .transaction),
            incoming: try Incoming.decode(bytes, &cursor)
        )
        let count: UInt8 = try cursor.integer(bytes)
        for _ in 0..<count {
            let address = try cursor.hash(bytes)
            let amount = try cursor.money(bytes, .transaction)
            transaction.outgoing.append(Outgoing(address: address, amount: amount, hash: try cursor.hash(bytes)))
        }
        transaction.code = try cursor.integer(bytes)
        transaction.skipped = try cursor.integer(bytes, .transaction, in: 0...Int64(Limits.walletActionsMax))
        return transaction
    }
}

extension WalletTransaction.Incoming {
    fileprivate func encode(into bytes: inout [UInt8]) {
        switch self {
        case .external(let place, let createdAt):
            bytes.append(1)
            bytes.append(integer: place)
            bytes.append(integer: createdAt)
        case .own(let hash, let amount):
            bytes.append(2)
            bytes.append(contentsOf: hash.bytes)
            bytes.append(integer: amount.count)
        case .deposit(let comment, let source, let amount):
            bytes.append(3)
            bytes.append(comment == nil ? 0 : 1)
            if let comment { bytes.append(text: comment) }
            bytes.append(contentsOf: source.bytes)
            bytes.append(integer: amount.count)
        case .bounced(let hash, let amount):
            bytes.append(4)
            bytes.append(hash == nil ? 0 : 1)
            bytes.append(contentsOf: hash?.bytes ?? [])
            bytes.append(integer: amount.count)
        case .other(let amount):
            bytes.append(5)
            bytes.append(integer: amount.count)
        }
    }

    fileprivate static func decode(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        switch try cursor.integer(bytes) as UInt8 {
        case 1:
            let place: UInt32 = try cursor.integer(bytes)
            return .external(place: place, createdAt: try cursor.chainTime(bytes, .transaction))
        case 2:
            let hash = try cursor.hash(bytes)
            return .own(hash, try cursor.money(bytes, .transaction))
        case 3:
            let hasComment = try cursor.flag(bytes, .transaction)
            let lengths = 0...Limits.depositCommentBytesMax
            let comment = hasComment ? try cursor.text(bytes, .transaction, in: lengths) : nil
            let source = try cursor.hash(bytes)
            return .deposit(comment: comment, source: source, amount: try cursor.money(bytes, .transaction))
        case 4:
            let hash = try cursor.flag(bytes, .transaction) ? try cursor.hash(bytes) : nil
            return .bounced(hash, try cursor.money(bytes, .transaction))
        case 5: return .other(try cursor.money(bytes, .transaction))
        default: throw .invalid(.transaction)
        }
    }
}
