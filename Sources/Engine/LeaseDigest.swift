import Cryptography
import Exchange
import Provenance
import Units

// What leases and what they are delivered under add to the state digest; see Engine+Digest.swift.

extension LeaseRecord {
    /// A lease that takes no receipts has the hash that it had before there were any.
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 12)
        hash.combine(id.rawValue)
        hash.combine(offer.rawValue)
        hash.combine(buyer.rawValue)
        hash.combine(worker.rawValue)
        hash.combine(price.nanoTONPerMTok)
        hash.combine(lots.count)
        hash.combine(locked.count)
        hash.combine(buyerRate.count << 32 | sellerRate.count)
        hash.combine(used.count)
        if let terms { terms.combine(into: &hash) }
        if case .some(let progress) = seldomProgress { progress.combine(into: &hash) }
        return hash
    }
}

extension LeaseTerms {
    fileprivate func combine(into hash: inout RecordHash) {
        hash.combine(bid.rawValue)
        hash.combine(model.rawValue)
        hash.combine(Int64(modelVersion) << 8 | Int64(weightSet.rawValue))
        hash.combine(delivery.openedAt.microseconds)
        hash.combine(delivery.deadline.microseconds)
        hash.combine(delivery.step.count)
        hash.combine(delivery.disputeWindow)
        hash.combine(delivery.buyerProfile)
        hash.combine(delivery.workerProfile)
        if case .some(let service) = delivery.service { service.combine(into: &hash) }
        if case .some(let rebid) = delivery.rebid {
            hash.combine(rebid.price.nanoTONPerMTok)
            rebid.rules.combine(into: &hash)
        }
        // Below zero, as nothing before it is.
        if delivery.toppedUp != LeaseID(0) { hash.combine(-delivery.toppedUp.rawValue) }
    }
}

extension ServiceTerms {
    fileprivate func combine(into hash: inout RecordHash) {
        hash.combine(timeToFirstToken)
        hash.combine(completion)
        hash.combine(refundShare.count)
    }
}

extension LeaseRules {
    func combine(into hash: inout RecordHash) {
        hash.combine(UInt64(avoided.count) << 2 | (rebids ? 1 : 0) | (service == nil ? 0 : 2))
        for account in avoided { hash.combine(account.rawValue) }
        hash.combine(parent.rawValue)
        service?.combine(into: &hash)
        if toppedUp != LeaseID(0) { hash.combine(-toppedUp.rawValue) }
    }
}

extension LeaseProgress {
    fileprivate func combine(into hash: inout RecordHash) {
        hash.combine((countersigned == nil ? 0 : 1) | (claim == nil ? 0 : 2) | (isDisputed ? 4 : 0) as UInt64)
        hash.combine(claimDue.microseconds)
        hash.combine(closesAt.microseconds)
        countersigned?.combine(into: &hash)
        claim?.combine(into: &hash)
    }
}

extension ReceiptMark {
    fileprivate func combine(into record: inout RecordHash) {
        record.combine(index)
        record.combine(Int64(sequence))
        for number in [usage.prompt, usage.completion, usage.cached, usage.reasoning] { record.combine(number) }
        record.combine(adjusted.count)
        record.combine(endedAt)
        record.combine(bytes: hash.bytes)
    }
}

extension RecordHash {
    /// The length and the bytes, eight to a word.
    mutating func combine(bytes: [UInt8]) {
        combine(UInt64(bytes.count))
        for start in stride(from: 0, to: bytes.count, by: 8) {
            combine(bytes[start..<min(start + 8, bytes.count)].reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
        }
    }
}

extension ProfileRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 70)
        hash.combine(account.rawValue)
        hash.combine(version)
        hash.combine(terms.endpoint)
        hash.combine(bytes: terms.receiptKey ?? [])
        hash.combine(setAt.microseconds)
        return hash
    }
}

extension LeasePolicyTerms {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 71)
        for number in [
            step.count, disputeWindow, bondPerLot.count, slashShare.count, appealWindow, newcomerLotsMax?.count ?? 0,
        ] {
            hash.combine(number)
        }
        return hash
    }
}

extension StandingRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 72)
        for number in [account.rawValue, strikes, disputes, delivered] { hash.combine(number) }
        return hash
    }
}

extension SlashRecord {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 73)
        for number in [lease.rawValue, worker.rawValue, buyer.rawValue, amount.count, due.microseconds] {
            hash.combine(number)
        }
        hash.combine(UInt64(reason.rawValue))
        return hash
    }
}

extension LogFrontier {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 74)
        hash.combine(size)
        for node in hashes { hash.combine(bytes: node.bytes) }
        return hash
    }
}
