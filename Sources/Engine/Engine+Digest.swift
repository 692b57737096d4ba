import Exchange
import Ledger
import Provenance
import Units

/// The state digest: a sum over all records, changed with each of them (DESIGN §2).
///
/// Every record's hash begins with a tag of its kind: 1 capability, 2 requirement, 3 client order id, 10 open order,
/// 11 balance, 12 lease, 13 account, 14 key, 15 model version, 16 attestation, 17 remembered request, 18 fees, 19 head,
/// 20 grace (when there is any), 21 newest checkpoint, 30 market control, 31 mass operation, 32 fee notice, 40 key's
/// standing, 41 key's spending, 42 budgeted order, 43 login, 50 measurement,
/// 70 profile, 71 lease policy (unless it is the initial one), 72 standing, 73 slash, 74 log (when it has leaves),
/// 75 performance, 76 measurement policy (unless it is the initial one), 77 signing key,
/// 80 to 93 settlement (SettlementDigest.swift), 94 to 97 anchors (AnchorDigest.swift).
extension Engine {
    /// Equal for equal states, however they were reached.
    package var digest: StateDigest {
        var sum = recordSum
        var feesHash = RecordHash(tag: 18)
        feesHash.combine(fees.rates.maker.count)
        feesHash.combine(fees.rates.taker.count)
        feesHash.combine(fees.minimumNotional.count)
        sum.add(feesHash)
        var head = RecordHash(tag: 19)
        head.combine(sequence.rawValue)
        head.combine(time.microseconds)
        head.combine(lastTrade.rawValue)
        sum.add(head)
        if grace != 0 {
            var hash = RecordHash(tag: 20)
            hash.combine(grace)
            sum.add(hash)
        }
        sum.add(checkpoint?.recordHash)
        sum.add(feeNotice?.recordHash)
        if leasePolicy != .initial { sum.add(leasePolicy.recordHash) }
        if log.size > 0 { sum.add(log.recordHash) }
        if measurementPolicy != .initial { sum.add(measurementPolicy.recordHash) }
        for part in settlement.headHashes { sum.add(part) }
        return sum
    }

    /// Brings a listed order's part of the digest up to date.
    mutating func updateDigest(of slot: Int32) {
        let order = book.orders[Int(slot)]
        recordSum.subtract(details[Int(slot)].digest)
        var hash = details[Int(slot)].fixedHash
        let group = Int(order.group)
        hash.combine(order.isOffer ? book.capabilityHashes[group] : book.requirementHashes[group])
        hash.combine(order.remaining.count)
        hash.combine(details[Int(slot)].openLots.count)
        hash.combine(details[Int(slot)].lastSequence.rawValue)
        if order.isIceberg { hash.combine(order.displayed.count) }
        if order.priority != Priority(order.id) { hash.combine(order.priority.rawValue) }
        // Below zero, as no priority is.
        let lowered = details[Int(slot)].loweredLots.count
        if lowered > 0 { hash.combine(-lowered) }
        details[Int(slot)].digest = StateDigest(hash)
        recordSum.add(details[Int(slot)].digest)
    }

    /// Of a balance; `nil` for one to which nothing was posted.
    func recordHash(_ account: LedgerAccount) -> RecordHash? {
        let counters = balances[account]
        guard !counters.isEmpty else { return nil }
        var hash = RecordHash(tag: 11)
        hash.combine(account.rawValue)
        hash.combine(counters.debits)
        hash.combine(counters.credits)
        return hash
    }
}

extension StateDigest {
    init(_ hash: RecordHash) { self.init(high: hash.high, low: hash.low) }

    mutating func add(_ hash: RecordHash?) {
        if let hash { add(StateDigest(hash)) }
    }

    mutating func subtract(_ hash: RecordHash?) {
        if let hash { subtract(StateDigest(hash)) }
    }

    mutating func add(_ part: StateDigest) {
        high &+= part.high
        low &+= part.low
    }

    mutating func subtract(_ part: StateDigest) {
        high &-= part.high
        low &-= part.low
    }
}

extension CheckpointRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 21)
        hash.combine(terms.batch)
        let words = terms.sha256.words
        for word in [words.a, words.b, words.c, words.d] { hash.combine(word) }
        hash.combine(sequence.rawValue)
        hash.combine(announcedAt.microseconds)
        return hash
    }
}

extension AccountRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 13)
        hash.combine(id.rawValue)
        hash.combine(label)
        hash.combine(openOrdersMax)
        hash.combine(createdAt.microseconds)
        guard hasLimitsOrTimers else { return hash }
        hash.combine(offerLotsMax?.count ?? -1)
        hash.combine(selfTradeGroup)
        hash.combine(UInt64(isClosed ? 1 : 0) | UInt64(cancelsOnDisconnect ? 2 : 0))
        hash.combine(cancelAfter.microseconds)
        return hash
    }
}

extension KeyRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 14)
        hash.combine(id.rawValue)
        hash.combine(terms.owner.rawValue)
        let words = terms.hash.words
        for word in [words.a, words.b, words.c, words.d] { hash.combine(word) }
        hash.combine(UInt64(terms.scopes.rawValue))
        hash.combine(terms.label)
        hash.combine(terms.expiresAt.microseconds)
        hash.combine(createdAt.microseconds)
        return hash
    }
}

extension ModelRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 15)
        hash.combine(id.rawValue)
        hash.combine(Int64(version))
        hash.combine(terms.name)
        hash.combine(terms.huggingFaceID)
        hash.combine(terms.revision)
        hash.combine(terms.weightsSHA256)
        hash.combine(UInt64(terms.weightSet.rawValue))
        hash.combine(terms.quality ?? -1)
        hash.combine(terms.contextLength)
        hash.combine(createdAt.microseconds)
        return hash
    }
}

extension AttestationRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 16)
        hash.combine(terms.account.rawValue)
        hash.combine(UInt64(terms.tees))
        hash.combine(terms.expiresAt.microseconds)
        hash.combine(setAt.microseconds)
        // What is not known leaves the hash as it was before the state of a platform was.
        if terms.tcbStatus != 0 || terms.attestedAt != nil {
            hash.combine(UInt64(terms.tcbStatus))
            hash.combine(terms.attestedAt?.microseconds ?? -1)
        }
        return hash
    }
}

extension MarketControlRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 30)
        hash.combine(model.rawValue)
        hash.combine(isHalted ? 1 : 0 as Int64)
        hash.combine(band?.low.nanoTONPerMTok ?? -1)
        hash.combine(band?.high.nanoTONPerMTok ?? -1)
        hash.combine(sequence.rawValue)
        return hash
    }
}

extension MassOperation {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 31)
        hash.combine(sequence.rawValue)
        hash.combine(UInt64(kind.rawValue) << 8 | UInt64(side?.rawValue ?? 0))
        hash.combine(account.rawValue)
        hash.combine(model?.rawValue ?? -1)
        hash.combine(profile?.rawValue ?? -1)
        hash.combine(cursor)
        return hash
    }
}

extension FeeNoticeTerms {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 32)
        hash.combine(fees.rates.maker.count)
        hash.combine(fees.rates.taker.count)
        hash.combine(fees.minimumNotional.count)
        hash.combine(effectiveAt.microseconds)
        return hash
    }
}
