internal import Engine
internal import Ledger
internal import Postgres
internal import Settlement
internal import Units

extension SettlementEvent {
    /// The rows that it writes, in the order of the tables' columns.
    func changes(_ sequence: SequenceNumber, _ time: LogicalTime) -> [SettlementChange] {
        switch self {
        case .termsSet(let terms):
            return [.put(.settlementTerms, RowKey(first: sequence.rawValue), terms.row(sequence, time))]
        case .walletSet(let record): return [.put(.wallets, RowKey(first: record.id.rawValue), record.row)]
        case .querySetUsed(let use):
            let key = RowKey(first: use.wallet.rawValue, second: use.set)
            return [.put(.querySets, key, [.int8(use.wallet.rawValue), .int8(use.set), .int8(Int64(use.at))])]
        case .transitBegan(let record): return [.put(.transits, record.key, record.row)]
        case .transitEnded(let record): return [.drop(.transits, record.key)]
        case .memoOpened(let record): return [.put(.memos, RowKey(first: record.sequence.rawValue), record.row)]
        case .addressNamed(let record):
            return [.put(.addresses, RowKey(first: record.sequence.rawValue), record.row)]
        case .payoutTermsSet(let record):
            return [.put(.payoutTerms, RowKey(first: record.account.rawValue), record.row)]
        case .payoutTermsEnded(let account): return [.drop(.payoutTerms, RowKey(first: account.rawValue))]
        case .withdrawalSet(let record): return [.put(.withdrawals, RowKey(first: record.id.rawValue), record.row)]
        case .withdrawalDaySet(let record):
            let row: [Parameter] = [.int8(record.account.rawValue), .int8(record.day), .int8(record.amount.count)]
            return [.put(.withdrawalDays, RowKey(first: record.account.rawValue), row)]
        case .batchSet(let record): return [.put(.batches, RowKey(first: record.id.rawValue), record.row)]
        case .batchEnded(let id): return [.patch(.batches, RowKey(first: id.rawValue), column: "ended", .bool(true))]
        case .payoutSet(let record):
            let key = RowKey(first: record.id.batch.rawValue, second: record.id.index)
            return [.put(.payouts, key, record.row)]
        case .transactionTaken(let transaction):
            return [.put(.walletTransactions, RowKey(first: sequence.rawValue), transaction.row(sequence))]
        case .deposited(let deposit):
            return [.put(.chainDeposits, RowKey(first: sequence.rawValue), deposit.row(sequence, time))]
        case .suspended(let record): return [.put(.suspense, RowKey(first: record.id.rawValue), record.row)]
        case .suspenseAssigned(let id, let account):
            return [.patch(.suspense, RowKey(first: id.rawValue), column: "assigned_to", .int8(account.rawValue))]
        case .held(let hold): return [.put(.holds, RowKey(first: hold.sequence.rawValue), hold.row)]
        case .resumed: return [.resume(.time(time))]
        case .anchorPolicySet(let policy):
            return [.put(.anchorPolicies, RowKey(first: sequence.rawValue), policy.row(sequence, time))]
        case .anchorRequested(let sequence):
            return [.put(.anchorRequests, RowKey(first: sequence.rawValue), [.int8(sequence.rawValue)])]
        case .anchorSet(let record): return [.put(.anchors, RowKey(first: record.batch.rawValue), record.row)]
        case .memoRepeated, .alarm: return []
        }
    }
}

extension Parameter {
    static func time(_ time: LogicalTime) -> Parameter {
        .timestamp(microsecondsSince1970: time.microseconds)
    }

    static func orNull(_ hash: ChainHash?) -> Parameter { hash.map { .bytea($0.bytes) } ?? .null(.bytea) }

    static func orNull(_ number: UInt64?) -> Parameter { .orNull(number.map { Int64($0) }) }
}

extension SettlementTerms {
    fileprivate func row(_ sequence: SequenceNumber, _ time: LogicalTime) -> [Parameter] {
        let numbers = [
            sequence.rawValue, payoutMinimum.count, walletReserve.count, capitalReserve.count, accountDayMax.count,
            approvalThreshold.count, coolingOff, dustLimit.count, payeeFee.count,
        ]
        return numbers.map { .int8($0) } + [.time(time)]
    }
}

extension SettlementHold {
    fileprivate var row: [Parameter] {
        [
            .int8(sequence.rawValue), .int2(Int16(reason.rawValue)), .time(since), .orNull(wallet?.rawValue),
            .int8(Int64(logicalTime)), .int8(expected.count), .int8(found.count), .text(text), .null(.timestamptz),
        ]
    }
}

extension WalletRecord {
    fileprivate var row: [Parameter] {
        [
            .int8(id.rawValue), .bytea(terms.address.bytes), .bytea(terms.publicKey.bytes),
            .int8(Int64(terms.subwallet)), .int8(Int64(terms.timeout)), .int8(Int64(terms.start.logicalTime)),
            .bytea(terms.start.hash.bytes), .int8(Int64(terms.startTime)), .int8(terms.balance.count),
            .int8(sequence.rawValue), .int8(Int64(last.logicalTime)), .bytea(last.hash.bytes), .int8(balance.count),
            .int8(Int64(scannedTo)), .int8(Int64(queries)), .int8(Int64(unexplained)), .int8(Int64(firstQuery)),
            .orNull(retiredBy?.rawValue),
        ]
    }
}

extension TransitRecord {
    fileprivate var key: RowKey { RowKey(first: sequence.rawValue, second: index) }

    fileprivate var row: [Parameter] {
        [
            .int8(sequence.rawValue), .int8(index), .int8(wallet.rawValue), .bytea(hash.bytes), .int8(amount.count),
        ]
    }
}

extension DepositMemoRecord {
    fileprivate var row: [Parameter] {
        [.int8(sequence.rawValue), .int8(account.rawValue), .text(memo.text), .time(createdAt)]
    }
}

extension KnownAddressRecord {
    fileprivate var row: [Parameter] {
        [.int8(sequence.rawValue), .int8(account.rawValue), .bytea(address.bytes), .time(usableAt)]
    }
}

extension PayoutTermsRecord {
    fileprivate var row: [Parameter] {
        [
            .int8(account.rawValue), .bytea(terms.destination.address.bytes), .bool(terms.destination.isBounceable),
            .int8(terms.threshold.count), .time(setAt), .time(usableAt), .bool(isSuspended),
        ]
    }
}

extension WithdrawalRecord {
    fileprivate var row: [Parameter] {
        [
            .int8(id.rawValue), .int8(account.rawValue), .bytea(terms.destination.address.bytes),
            .bool(terms.destination.isBounceable), .int8(terms.amount.count), .text(terms.comment), .int8(fee.count),
            .time(requestedAt), .time(dueAt), .bool(needsApproval), .orNull(approvedBy?.rawValue),
            .int2(Int16(state.rawValue)), .orNull(payout?.batch.rawValue), .orNull(payout?.index),
        ]
    }
}

extension SettlementRecord {
    /// Of a batch that has not ended.
    fileprivate var row: [Parameter] {
        [
            .int8(id.rawValue), .int8(wallet.rawValue), .text(phase.rawValue), .int8(Int64(signed.place)),
            .int8(Int64(signed.createdAt)), .int8(Int64(signed.timeout)), .int8(signed.value.count), .time(plannedAt),
            .orNull(outside?.logicalTime), .orNull(outside?.hash), .orNull(own), .orNull(inside?.logicalTime),
            .orNull(inside?.hash), .int8(Int64(block)), .orNull(decidedAt), .int8(code), .bool(false),
        ]
    }
}

extension PayoutRecord {
    fileprivate var row: [Parameter] {
        [
            .int8(id.batch.rawValue), .int8(id.index), .int8(account.rawValue), .orNull(withdrawal?.rawValue),
            .bytea(destination.address.bytes), .bool(destination.isBounceable), .int8(amount.count), .int8(fee.count),
            .text(comment), .int2(Int16(state.rawValue)), .orNull(message), .int8(returned.count),
            .text(reference),
        ]
    }
}

extension SuspenseRecord {
    fileprivate var row: [Parameter] {
        [
            .int8(id.rawValue), .int8(wallet.rawValue), .int2(Int16(reason.rawValue)), .int8(amount.count),
            .orNull(source), comment.map { .bytea(Array($0.utf8)) } ?? .null(.bytea), .time(arrivedAt), .null(.int8),
        ]
    }
}

extension ChainDeposit {
    fileprivate func row(_ sequence: SequenceNumber, _ time: LogicalTime) -> [Parameter] {
        [
            .int8(sequence.rawValue), .int8(account.rawValue), .int8(wallet.rawValue),
            .int8(Int64(position.logicalTime)), .bytea(position.hash.bytes), .bytea(source.bytes), .int8(amount.count),
            .text(memo.text), .time(time),
        ]
    }
}

extension WalletTransaction {
    fileprivate func row(_ sequence: SequenceNumber) -> [Parameter] {
        [
            .int8(sequence.rawValue), .int8(wallet.rawValue), .int8(Int64(position.logicalTime)),
            .bytea(position.hash.bytes), .int8(Int64(previous.logicalTime)), .bytea(previous.hash.bytes),
            .int8(Int64(time)), .int8(Int64(block)), .int8(fee.count), .int8(balance.count),
        ] + incoming.columns + [
            .int8Array(outgoing.map(\.amount.count)), .bytea(outgoing.flatMap(\.address.bytes)),
            .bytea(outgoing.flatMap(\.hash.bytes)), .int8(code), .int8(skipped),
        ]
    }
}

extension WalletTransaction.Incoming {
    /// From `incoming` to `comment`.
    fileprivate var columns: [Parameter] {
        var (place, createdAt): (Int64?, Int64?)
        var (message, source): (ChainHash?, ChainHash?)
        var text: String?
        let kind: Int16
        switch self {
        case .external(let query, let time):
            kind = 1
            (place, createdAt) = (Int64(query), Int64(time))
        case .own(let hash, _):
            kind = 2
            message = hash
        case .deposit(let comment, let from, _):
            kind = 3
            (text, source) = (comment, from)
        case .bounced(let hash, _):
            kind = 4
            message = hash
        case .other: kind = 5
        }
        return [
            .int2(kind), .int8(amount.count), .orNull(place), .orNull(createdAt), .orNull(message), .orNull(source),
            text.map { .bytea(Array($0.utf8)) } ?? .null(.bytea),
        ]
    }
}
