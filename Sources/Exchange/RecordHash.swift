import Units

/// A fast 128-bit hash of a record, as two independent 64-bit lanes that fold a 64 × 64 → 128 bit product per word
/// (the construction of wyhash and rapidhash). The same on every machine and in every run.
///
/// It tells equal records from different ones; it is no defence against someone who wants a collision.
public struct RecordHash: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    /// Starts a record of the kind `tag`: records of different kinds hash differently even when their words are equal.
    @inlinable @inline(__always)
    public init(tag: UInt64) {
        high = 0x2D35_8DCC_AA6C_78A5 ^ tag
        low = 0x8BB8_4B93_962E_ACC9 &+ tag
    }

    /// Adds a word; the order of words counts.
    @inlinable @inline(__always)
    public mutating func combine(_ word: UInt64) {
        let first = (high ^ word).multipliedFullWidth(by: 0x4B33_A62E_D433_D4A3)
        high = (first.high ^ first.low) &+ 0x9E37_79B9_7F4A_7C15
        let second = (low ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        low = (second.high ^ second.low) &+ 0xE703_7ED1_A0B4_28DB
    }

    /// Adds a word.
    @inlinable @inline(__always)
    public mutating func combine(_ word: Int64) { combine(UInt64(bitPattern: word)) }

    /// All 128 bits.
    @inlinable @inline(__always)
    public mutating func combine(_ number: Int128) {
        combine(UInt64(truncatingIfNeeded: number))
        combine(UInt64(truncatingIfNeeded: number >> 64))
    }

    /// The length and the UTF-8 bytes, eight to a word.
    package mutating func combine(_ text: String) {
        combine(UInt64(text.utf8.count))
        var word: UInt64 = 0
        var filled: UInt64 = 0
        for byte in text.utf8 {
            word |= UInt64(byte) << (filled * 8)
            filled += 1
            if filled == 8 {
                combine(word)
                word = 0
                filled = 0
            }
        }
        if filled > 0 { combine(word) }
    }

    /// Adds the hash of a part.
    package mutating func combine(_ other: RecordHash) {
        combine(other.high)
        combine(other.low)
    }
}

extension Capability {
    /// Of the value alone: the number under which it is interned does not enter the state digest.
    package var recordHash: RecordHash {
        var hash = RecordHash(tag: 1)
        hash.combine(model.rawValue)
        hash.combine(UInt64(UInt32(bitPattern: modelVersion)) << 32 | UInt64(features.rawValue))
        hash.combine(quality ?? -1)
        hash.combine(contextLength)
        let small = UInt64(weightSet.rawValue) | UInt64(quantization.rawValue) << 8 | UInt64(tee.rawValue) << 16
        hash.combine(small | UInt64(region.code) << 32)
        // What is not known leaves the hash as it was before traits were.
        if traits != Traits() { traits.combine(into: &hash) }
        return hash
    }
}

extension Requirement {
    /// Of the value alone: the number under which it is interned does not enter the state digest.
    package var recordHash: RecordHash {
        var hash = RecordHash(tag: 2)
        hash.combine(UInt64(models.count) << 8 | UInt64(regions.count))
        models.forEach { hash.combine($0.rawValue) }
        regions.forEach { hash.combine(UInt64($0.code)) }
        hash.combine(qualityAtLeast)
        hash.combine(contextLengthAtLeast)
        hash.combine(UInt64(weightSet.rawValue) | UInt64(tees) << 8 | UInt64(quantizations) << 16)
        hash.combine(UInt64(features.rawValue))
        further?.combine(into: &hash)
        return hash
    }
}

// Equal values are looked for under their record's hash, which costs less than a hash that nobody can foresee. As many
// different ones as collide are walked through one by one: there are no more than the limits let an account have.

extension Capability {
    /// Where it is looked for.
    var place: UInt32 {
        let hash = recordHash
        guard case .only(let rules) = buyers else { return HashIndex.hash(hash.high, hash.low) }
        // The record is hashed without them.
        var hasher = Hasher()
        hasher.combine(rules)
        return HashIndex.hash(hash.high ^ UInt64(bitPattern: Int64(hasher.finalize())), hash.low)
    }
}

extension Requirement {
    /// Where it is looked for.
    var place: UInt32 {
        let hash = recordHash
        return HashIndex.hash(hash.high, hash.low)
    }
}

extension FurtherDemands {
    fileprivate func combine(into hash: inout RecordHash) {
        least.combine(into: &hash, without: Self.nothing)
        most.combine(into: &hash, without: Self.nothing)
        hash.combine(qualityAtMost)
        hash.combine(contextLengthAtMost)
        hash.combine(UInt64(modelsExcluded.count))
        for model in modelsExcluded { hash.combine(model.rawValue) }
        hash.combine(UInt64(regionsExcluded.count))
        for region in regionsExcluded { hash.combine(UInt64(region.code)) }
        for list in [revisions, weights, revisionsExcluded, weightsExcluded] {
            hash.combine(UInt64(list.count))
            for digest in list { digest.combine(into: &hash) }
        }
    }
}
