import Exchange
import Settlement
import Units

// What version 4 of a state's form has behind version 3; it has not what stands in angle brackets.
//
//     terms · hold? · on chain i64 · wallets · query sets · transits · memos · addresses · payout terms · withdrawals
//     · days · batches · payouts · suspense
//
//     terms         as in its command
//     hold          reason u8 · sequence i64 · since i64 · wallet i64 (0: none) · logical time u64 · expected i64
//                   · found i64 · text
//     wallet        number i64 · as in its command · sequence i64 · last position · balance i64 · scanned to u64
//                   · queries u64 · unexplained u64 ‹· first query u64 · retired by i64 (0: nobody)›
//     query set     wallet i64 · set i64 · at u64
//     transit       sequence i64 · index i64 · wallet i64 · hash 32 bytes · amount i64
//     memo          sequence i64 · account i64 · text · created at i64
//     address       sequence i64 · account i64 · address 32 bytes · usable at i64
//     payout terms  account i64 · as in their command · set at i64 · usable at i64 · is suspended u8
//     withdrawal    number i64 · account i64 · as in its command · fee i64 · requested at i64 · due at i64
//                   · needs approval u8 · approved by i64 (0: nobody) · state u8 · payout's batch i64 (0: none)
//                   · payout's index i64
//     day           account i64 · day i64 · amount i64
//     batch         number i64 · wallet i64 · phase text · place u32 · created at u64 · timeout u64 · value i64
//                   · planned at i64 · outside position? · own hash? · inside position? · block u64 · decided at? (u64)
//                   · code i64
//     payout        batch i64 · index i64 · account i64 · withdrawal i64 (0: none) · address 32 bytes · bounceable u8
//                   · amount i64 · fee i64 · comment text · state u8 · message hash? · returned i64 ‹· reference text›
//     suspense      number i64 · wallet i64 · reason u8 · amount i64 · source hash? · comment? (text) · arrived at i64

extension SettlementState {
    func encode(into bytes: inout [UInt8]) {
        terms.encode(into: &bytes)
        bytes.append(optional: hold) { $1.encode(into: &$0) }
        bytes.append(integer: onChain.count)
        bytes.append(list: wallets) { $1.encode(into: &$0) }
        bytes.append(list: querySets) { bytes, use in
            bytes.append(integers: [use.wallet.rawValue, use.set])
            bytes.append(integer: use.at)
        }
        bytes.append(list: transits) { bytes, record in
            bytes.append(integers: [record.sequence.rawValue, record.index, record.wallet.rawValue])
            bytes.append(contentsOf: record.hash.bytes)
            bytes.append(integer: record.amount.count)
        }
        bytes.append(list: memos) { bytes, record in
            bytes.append(integers: [record.sequence.rawValue, record.account.rawValue])
            bytes.append(text: record.memo.text)
            bytes.append(integer: record.createdAt.microseconds)
        }
        bytes.append(list: addresses) { bytes, record in
            bytes.append(integers: [record.sequence.rawValue, record.account.rawValue])
            bytes.append(contentsOf: record.address.bytes)
            bytes.append(integer: record.usableAt.microseconds)
        }
        bytes.append(list: payoutTerms) { bytes, record in
            bytes.append(integer: record.account.rawValue)
            record.terms.encode(into: &bytes)
            bytes.append(integers: [record.setAt.microseconds, record.usableAt.microseconds])
            bytes.append(record.isSuspended ? 1 : 0)
        }
        bytes.append(list: withdrawals) { $1.encode(into: &$0) }
        bytes.append(list: days) { bytes, record in
            bytes.append(integers: [record.account.rawValue, record.day, record.amount.count])
        }
        bytes.append(list: batches) { $1.encode(into: &$0) }
        bytes.append(list: payouts) { $1.encode(into: &$0) }
        bytes.append(list: suspense) { $1.encode(into: &$0) }
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init()
        terms = try reader.part("settlement terms") { (bytes, cursor) throws(CommandDecodingError) in
            try SettlementTerms.decode(bytes, &cursor)
        }
        hold = try reader.optional("hold") { (r) throws(StateCodingError) in try SettlementHold(&r) }
        onChain = try reader.money("money on the chain")
        wallets = try reader.list("wallets") { (r) throws(StateCodingError) in try WalletRecord(&r) }
        querySets = try reader.list("query sets") { (r) throws(StateCodingError) in
            let wallet = WalletID(try r.integer("wallet"))
            let set: Int64 = try r.integer("query set")
            return QuerySetUse(wallet: wallet, set: set, at: try r.integer("time of the chain"))
        }
        transits = try reader.list("transits") { (r) throws(StateCodingError) in
            let (sequence, index): (Int64, Int64) = (try r.integer("sequence"), try r.integer("index"))
            return TransitRecord(
                sequence: SequenceNumber(sequence),
                index: index,
                wallet: WalletID(try r.integer("wallet")),
                hash: try r.hash("message"),
                amount: try r.money("amount")
            )
        }
        memos = try reader.list("memos") { (r) throws(StateCodingError) in try DepositMemoRecord(&r) }
        addresses = try reader.list("addresses") { (r) throws(StateCodingError) in
            let (sequence, account): (Int64, Int64) = (try r.integer("sequence"), try r.integer("account"))
            return KnownAddressRecord(
                sequence: SequenceNumber(sequence),
                account: AccountID(account),
                address: try r.hash("address"),
                usableAt: try r.time("time")
            )
        }
        payoutTerms = try reader.list("payout terms") { (r) throws(StateCodingError) in try PayoutTermsRecord(&r) }
        withdrawals = try reader.list("withdrawals") { (r) throws(StateCodingError) in try WithdrawalRecord(&r) }
        days = try reader.list("days") { (r) throws(StateCodingError) in
            let (account, day): (Int64, Int64) = (try r.integer("account"), try r.integer("day"))
            return WithdrawalDay(account: AccountID(account), day: day, amount: try r.money("amount"))
        }
        batches = try reader.list("batches") { (r) throws(StateCodingError) in try SettlementRecord(&r) }
        payouts = try reader.list("payouts") { (r) throws(StateCodingError) in try PayoutRecord(&r) }
        suspense = try reader.list("suspense") { (r) throws(StateCodingError) in try SuspenseRecord(&r) }
    }
}

extension StateReader {
    mutating func money(_ name: String) throws(StateCodingError) -> NanoTON {
        let count: Int64 = try integer(name)
        guard (0...Limits.depositsMax).contains(count) else { throw error(name) }
        return NanoTON(count)
    }

    fileprivate mutating func flag(_ name: String) throws(StateCodingError) -> Bool {
        let value: UInt8 = try integer(name)
        guard value <= 1 else { throw error(name) }
        return value == 1
    }

    mutating func position(_ name: String) throws(StateCodingError) -> ChainPosition {
        let logicalTime: UInt64 = try integer(name)
        return ChainPosition(logicalTime: logicalTime, hash: try hash(name))
    }
}

extension SettlementHold {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(reason.rawValue)
        bytes.append(integers: [sequence.rawValue, since.microseconds, wallet?.rawValue ?? 0])
        bytes.append(integer: logicalTime)
        bytes.append(integers: [expected.count, found.count])
        bytes.append(text: text)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let reason: SettlementHoldReason = try reader.code("reason of a hold")
        let sequence = SequenceNumber(try reader.integer("sequence"))
        let since = try reader.time("time of a hold")
        let wallet: Int64 = try reader.integer("wallet")
        let logicalTime: UInt64 = try reader.integer("logical time")
        let (expected, found): (Int64, Int64) = (try reader.integer("expected"), try reader.integer("found"))
        self.init(
            reason: reason,
            sequence: sequence,
            since: since,
            wallet: wallet == 0 ? nil : WalletID(wallet),
            logicalTime: logicalTime,
            expected: NanoTON(expected),
            found: NanoTON(found),
            text: try reader.text("text of a hold")
        )
    }
}

extension WalletRecord {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: id.rawValue)
        terms.encode(into: &bytes)
        bytes.append(integer: sequence.rawValue)
        bytes.append(last)
        bytes.append(integer: balance.count)
        for number in [scannedTo, queries, unexplained, firstQuery] { bytes.append(integer: number) }
        bytes.append(integer: retiredBy?.rawValue ?? 0)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = WalletID(try reader.integer("wallet"))
        let terms = try reader.part("wallet") { (bytes, cursor) throws(CommandDecodingError) in
            try WalletTerms.decode(bytes, &cursor)
        }
        self.init(id: id, terms: terms, sequence: SequenceNumber(try reader.integer("sequence")))
        last = try reader.position("last transaction")
        balance = try reader.money("balance")
        scannedTo = try reader.integer("time of the chain")
        queries = try reader.integer("queries")
        unexplained = try reader.integer("unexplained transaction")
        guard reader.version >= 5 else { return }
        firstQuery = try reader.integer("first query")
        let retirement: Int64 = try reader.integer("retirement")
        retiredBy = retirement == 0 ? nil : SequenceNumber(retirement)
    }
}

extension DepositMemoRecord {
    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let sequence = SequenceNumber(try reader.integer("sequence"))
        let account = AccountID(try reader.integer("account"))
        let text = try reader.text("memo")
        guard let memo = DepositMemo(reading: text), memo.text == text else { throw reader.error("memo") }
        self.init(sequence: sequence, account: account, memo: memo, createdAt: try reader.time("time"))
    }
}

extension PayoutTermsRecord {
    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let account = AccountID(try reader.integer("account"))
        let terms = try reader.part("payout terms") { (bytes, cursor) throws(CommandDecodingError) in
            try PayoutTerms.decode(bytes, &cursor)
        }
        let setAt = try reader.time("time")
        self.init(account: account, terms: terms, setAt: setAt, usableAt: try reader.time("time"))
        isSuspended = try reader.flag("suspension")
    }
}

extension WithdrawalRecord {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.rawValue, account.rawValue])
        terms.encode(into: &bytes)
        bytes.append(integers: [fee.count, requestedAt.microseconds, dueAt.microseconds])
        bytes.append(needsApproval ? 1 : 0)
        bytes.append(integer: approvedBy?.rawValue ?? 0)
        bytes.append(state.rawValue)
        bytes.append(integers: [payout?.batch.rawValue ?? 0, payout?.index ?? 0])
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = WithdrawalID(try reader.integer("withdrawal"))
        let account = AccountID(try reader.integer("account"))
        let terms = try reader.part("withdrawal") { (bytes, cursor) throws(CommandDecodingError) in
            try WithdrawalTerms.decode(bytes, &cursor)
        }
        let fee = try reader.money("fee")
        let (requestedAt, dueAt) = (try reader.time("time"), try reader.time("time"))
        self.init(
            id: id,
            account: account,
            terms: terms,
            fee: fee,
            requestedAt: requestedAt,
            dueAt: dueAt,
            needsApproval: try reader.flag("approval")
        )
        let approval: Int64 = try reader.integer("approval")
        approvedBy = approval == 0 ? nil : SequenceNumber(approval)
        state = try reader.code("state of a withdrawal")
        let (batch, index): (Int64, Int64) = (try reader.integer("batch"), try reader.integer("index"))
        payout = batch == 0 ? nil : PayoutID(batch: SettlementID(batch), index: index)
    }
}

extension SettlementRecord {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.rawValue, wallet.rawValue])
        bytes.append(text: phase.rawValue)
        bytes.append(integer: signed.place)
        bytes.append(integer: signed.createdAt)
        bytes.append(integer: signed.timeout)
        bytes.append(integers: [signed.value.count, plannedAt.microseconds])
        bytes.append(optional: outside) { $0.append($1) }
        bytes.append(optional: own) { $0.append(contentsOf: $1.bytes) }
        bytes.append(optional: inside) { $0.append($1) }
        bytes.append(integer: block)
        bytes.append(optional: decidedAt) { $0.append(integer: $1) }
        bytes.append(integer: code)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = SettlementID(try reader.integer("batch"))
        let wallet = WalletID(try reader.integer("wallet"))
        guard let phase = SettlementBatch.Phase(rawValue: try reader.text("phase")), phase != .planned, phase != .sent,
            phase != .resolved
        else { throw reader.error("phase") }
        let place: UInt32 = try reader.integer("place")
        let (createdAt, timeout): (UInt64, UInt64) = (try reader.integer("time"), try reader.integer("timeout"))
        let value = try reader.money("value")
        self.init(
            id: id,
            wallet: wallet,
            phase: phase,
            signed: .init(place: place, createdAt: createdAt, timeout: timeout, value: value),
            plannedAt: try reader.time("time")
        )
        outside = try reader.optional("transaction") { (r) throws(StateCodingError) in try r.position("transaction") }
        own = try reader.optional("message") { (r) throws(StateCodingError) in try r.hash("message") }
        inside = try reader.optional("transaction") { (r) throws(StateCodingError) in try r.position("transaction") }
        block = try reader.integer("block")
        decidedAt = try reader.optional("verdict") { (r) throws(StateCodingError) in try r.integer("verdict") }
        code = try reader.integer("code")
    }
}

extension PayoutRecord {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.batch.rawValue, id.index, account.rawValue, withdrawal?.rawValue ?? 0])
        bytes.append(contentsOf: destination.address.bytes)
        bytes.append(destination.isBounceable ? 1 : 0)
        bytes.append(integers: [amount.count, fee.count])
        bytes.append(text: comment)
        bytes.append(state.rawValue)
        bytes.append(optional: message) { $0.append(contentsOf: $1.bytes) }
        bytes.append(integer: returned.count)
        bytes.append(text: reference)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = PayoutID(batch: SettlementID(try reader.integer("batch")), index: try reader.integer("index"))
        let account = AccountID(try reader.integer("account"))
        let withdrawal: Int64 = try reader.integer("withdrawal")
        let address = try reader.hash("address")
        let isBounceable = try reader.flag("flag")
        let (amount, fee) = (try reader.money("amount"), try reader.money("fee"))
        self.init(
            id: id,
            account: account,
            withdrawal: withdrawal == 0 ? nil : WithdrawalID(withdrawal),
            destination: PayoutDestination(address: address, isBounceable: isBounceable),
            amount: amount,
            fee: fee,
            comment: try reader.text("comment")
        )
        state = try reader.code("state of a payout")
        message = try reader.optional("message") { (r) throws(StateCodingError) in try r.hash("message") }
        returned = try reader.money("money that came back")
        if reader.version >= 5 { reference = try reader.text("reference") }
    }
}

extension SuspenseRecord {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.rawValue, wallet.rawValue])
        bytes.append(reason.rawValue)
        bytes.append(integer: amount.count)
        bytes.append(optional: source) { $0.append(contentsOf: $1.bytes) }
        bytes.append(optional: comment) { $0.append(text: $1) }
        bytes.append(integer: arrivedAt.microseconds)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = SuspenseID(try reader.integer("entry"))
        let wallet = WalletID(try reader.integer("wallet"))
        let reason: SuspenseReason = try reader.code("reason of an entry")
        let amount = try reader.money("amount")
        let source = try reader.optional("source") { (r) throws(StateCodingError) in try r.hash("source") }
        let comment = try reader.optional("comment") { (r) throws(StateCodingError) in try r.text("comment") }
        self.init(
            id: id,
            wallet: wallet,
            reason: reason,
            amount: amount,
            source: source,
            comment: comment,
            arrivedAt: try reader.time("time")
        )
    }
}
