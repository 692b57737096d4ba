import Exchange
import Settlement
import Units

// What settlement adds to the state digest; see Engine+Digest.swift. Tags: 80 wallet, 81 query set, 82 memo, 83 named
// address, 84 payout terms, 85 withdrawal, 86 batch, 87 payout, 88 suspense, 89 terms (unless they are the initial
// ones), 90 hold (when there is one), 91 withdrawals of a day, 92 money on the chain (when there is any), 93 money of a
// wallet to itself.

extension SettlementTable {
    /// What is not a record of many.
    var headHashes: [RecordHash] {
        var hashes: [RecordHash] = []
        if terms != .initial { hashes.append(terms.recordHash) }
        if let hold { hashes.append(hold.recordHash) }
        if onChain != .zero {
            var hash = RecordHash(tag: 92)
            hash.combine(onChain.count)
            hashes.append(hash)
        }
        hashes += anchors.hashes
        return hashes
    }
}

extension RecordHash {
    mutating func combine(_ hash: ChainHash) {
        for word in [hash.words.a, hash.words.b, hash.words.c, hash.words.d] { combine(word) }
    }

    /// What may be missing, told from all that may be there.
    mutating func combine(_ hash: ChainHash?) {
        combine(hash == nil ? 0 : 1 as UInt64)
        if let hash { combine(hash) }
    }

    fileprivate mutating func combine(_ position: ChainPosition) {
        combine(position.logicalTime)
        combine(position.hash)
    }

    mutating func combine(_ position: ChainPosition?) {
        combine(position == nil ? 0 : 1 as UInt64)
        if let position { combine(position) }
    }

    fileprivate mutating func combine(_ destination: PayoutDestination) {
        combine(destination.address)
        combine(destination.isBounceable ? 1 : 0 as UInt64)
    }
}

extension SettlementTerms {
    fileprivate var recordHash: RecordHash {
        var hash = RecordHash(tag: 89)
        for number in [
            payoutMinimum.count, walletReserve.count, capitalReserve.count, accountDayMax.count,
            approvalThreshold.count, coolingOff, dustLimit.count, payeeFee.count,
        ] {
            hash.combine(number)
        }
        return hash
    }
}

extension SettlementHold {
    fileprivate var recordHash: RecordHash {
        var hash = RecordHash(tag: 90)
        hash.combine(UInt64(reason.rawValue))
        for number in [sequence.rawValue, since.microseconds, wallet?.rawValue ?? 0, expected.count, found.count] {
            hash.combine(number)
        }
        hash.combine(logicalTime)
        hash.combine(text)
        return hash
    }
}

extension WalletRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 80)
        hash.combine(id.rawValue)
        hash.combine(terms.address)
        hash.combine(terms.publicKey)
        hash.combine(UInt64(terms.subwallet) << 32 | UInt64(terms.timeout))
        hash.combine(terms.start)
        hash.combine(terms.startTime)
        hash.combine(terms.balance.count)
        hash.combine(sequence.rawValue)
        hash.combine(last)
        hash.combine(balance.count)
        for number in [scannedTo, queries, unexplained] { hash.combine(number) }
        // What older rules had not changes no older hash.
        if firstQuery > 0 || isRetired {
            hash.combine(firstQuery)
            hash.combine(retiredBy?.rawValue ?? 0)
        }
        return hash
    }
}

extension QuerySetUse {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 81)
        hash.combine(wallet.rawValue)
        hash.combine(set)
        hash.combine(at)
        return hash
    }
}

extension TransitRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 93)
        hash.combine(sequence.rawValue)
        hash.combine(index)
        hash.combine(wallet.rawValue)
        hash.combine(self.hash)
        hash.combine(amount.count)
        return hash
    }
}

extension DepositMemoRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 82)
        hash.combine(sequence.rawValue)
        hash.combine(account.rawValue)
        hash.combine(memo.text)
        hash.combine(createdAt.microseconds)
        return hash
    }
}

extension KnownAddressRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 83)
        hash.combine(sequence.rawValue)
        hash.combine(account.rawValue)
        hash.combine(address)
        hash.combine(usableAt.microseconds)
        return hash
    }
}

extension PayoutTermsRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 84)
        hash.combine(account.rawValue)
        hash.combine(terms.destination)
        hash.combine(terms.threshold.count)
        hash.combine(setAt.microseconds)
        hash.combine(usableAt.microseconds)
        hash.combine(isSuspended ? 1 : 0 as UInt64)
        return hash
    }
}

extension WithdrawalRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 85)
        hash.combine(id.rawValue)
        hash.combine(account.rawValue)
        hash.combine(terms.destination)
        hash.combine(terms.amount.count)
        hash.combine(terms.comment)
        for number in [fee.count, requestedAt.microseconds, dueAt.microseconds, approvedBy?.rawValue ?? 0] {
            hash.combine(number)
        }
        hash.combine(UInt64(state.rawValue) << 1 | (needsApproval ? 1 : 0))
        hash.combine(payout?.batch.rawValue ?? 0)
        hash.combine(payout?.index ?? -1)
        return hash
    }
}

extension WithdrawalDay {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 91)
        hash.combine(account.rawValue)
        hash.combine(day)
        hash.combine(amount.count)
        return hash
    }
}

extension SettlementRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 86)
        hash.combine(id.rawValue)
        hash.combine(wallet.rawValue)
        hash.combine(phase.rawValue)
        for number in [UInt64(signed.place), signed.createdAt, signed.timeout] { hash.combine(number) }
        hash.combine(signed.value.count)
        hash.combine(plannedAt.microseconds)
        hash.combine(outside)
        hash.combine(own)
        hash.combine(inside)
        hash.combine(block)
        hash.combine(decidedAt == nil ? 0 : 1 as UInt64)
        hash.combine(decidedAt ?? 0)
        hash.combine(code)
        return hash
    }
}

extension PayoutRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 87)
        hash.combine(id.batch.rawValue)
        hash.combine(id.index)
        hash.combine(account.rawValue)
        hash.combine(withdrawal?.rawValue ?? 0)
        hash.combine(destination)
        hash.combine(amount.count)
        hash.combine(fee.count)
        hash.combine(comment)
        hash.combine(UInt64(state.rawValue))
        hash.combine(message)
        hash.combine(returned.count)
        if !reference.isEmpty { hash.combine(reference) }
        return hash
    }
}

extension SuspenseRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 88)
        hash.combine(id.rawValue)
        hash.combine(wallet.rawValue)
        hash.combine(UInt64(reason.rawValue))
        hash.combine(amount.count)
        hash.combine(source)
        hash.combine(comment == nil ? 0 : 1 as UInt64)
        hash.combine(comment ?? "")
        hash.combine(arrivedAt.microseconds)
        return hash
    }
}
