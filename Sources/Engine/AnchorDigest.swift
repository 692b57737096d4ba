import Exchange
import Units

// What anchors add to the state digest; see Engine+Digest.swift. Tags: 94 policy (unless it is the initial one),
// 95 request (when there is one), 96 anchor that is under way, 97 newest anchor that is confirmed.

extension AnchorsState {
    /// The hashes of all that there is.
    var hashes: [RecordHash] {
        var hashes: [RecordHash] = []
        if policy != .initial {
            var hash = RecordHash(tag: 94)
            hash.combine(policy.isEnabled ? 1 : 0 as UInt64)
            hash.combine(policy.interval)
            hash.combine(policy.amount.count)
            hashes.append(hash)
        }
        if let request {
            var hash = RecordHash(tag: 95)
            hash.combine(request.rawValue)
            hashes.append(hash)
        }
        if let open { hashes.append(open.hash(tag: 96)) }
        if let last { hashes.append(last.hash(tag: 97)) }
        return hashes
    }
}

extension AnchorRecord {
    fileprivate func hash(tag: UInt64) -> RecordHash {
        var hash = RecordHash(tag: tag)
        for number in [batch.rawValue, wallet.rawValue, size, amount.count, plannedAt.microseconds] {
            hash.combine(number)
        }
        hash.combine(origin)
        hash.combine(root)
        hash.combine(UInt64(state.rawValue))
        hash.combine(message)
        hash.combine(transaction)
        for number in [block, chainTime] { hash.combine(number) }
        return hash
    }
}
