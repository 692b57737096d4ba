/// From a hash to the numbers of records that are kept elsewhere: open addressing, linear probing, 8 bytes an entry,
/// no key of its own. Who searches says which record is meant.
///
/// Where an entry lies depends on a seed of this process, so that nobody can choose keys that pile up; nothing that
/// the engine does depends on where it lies.
package struct HashIndex: Sendable {
    /// The hash's upper 32 bits, then the number plus one; 0 is an empty place.
    private var places: ContiguousArray<UInt64>
    package private(set) var count = 0

    /// Different in every process, as `Hasher` is.
    private static let seed: UInt64 = {
        var hasher = Hasher()
        hasher.combine(0)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }()

    package init() { places = ContiguousArray(repeating: 0, count: 16) }

    /// Where the record with this key is looked for.
    package static func hash(_ word: UInt64) -> UInt32 {
        let product = (word ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15 | 1)
        return UInt32(truncatingIfNeeded: (product.high ^ product.low) >> 16)
    }

    /// The same for a number that we give ourselves, one after the other: eight of them lie together, in one cache
    /// line, because they are often wanted together.
    package static func hash(number: Int64) -> UInt32 {
        hash(UInt64(bitPattern: number) >> 3) << 3 | UInt32(truncatingIfNeeded: number & 7)
    }

    /// The same for a key of two words.
    package static func hash(_ first: UInt64, _ second: UInt64) -> UInt32 {
        let product = (first ^ seed).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return hash(product.high ^ product.low ^ second)
    }

    /// The number under `hash` for which `isMeant` holds.
    package func find(_ hash: UInt32, where isMeant: (Int32) -> Bool) -> Int32? {
        let mask = places.count - 1
        var place = Int(hash) & mask
        while places[place] != 0 {
            let entry = places[place]
            if UInt32(truncatingIfNeeded: entry >> 32) == hash {
                let number = Int32(truncatingIfNeeded: entry & 0xFFFF_FFFF) - 1
                if isMeant(number) { return number }
            }
            place = (place + 1) & mask
        }
        return nil
    }

    /// Adds a number that is not there yet.
    package mutating func insert(_ number: Int32, hash: UInt32) {
        if (count + 1) * 2 > places.count { grow() }
        put(UInt64(hash) << 32 | UInt64(UInt32(number + 1)))
        count += 1
    }

    /// Removes a number that is there.
    package mutating func remove(_ number: Int32, hash: UInt32) {
        let entry = UInt64(hash) << 32 | UInt64(UInt32(number + 1))
        let mask = places.count - 1
        var hole = Int(hash) & mask
        while places[hole] != entry {
            precondition(places[hole] != 0, "only what was inserted is removed")
            hole = (hole + 1) & mask
        }
        // Whatever follows without a gap moves back, so that no search ends early.
        var next = (hole + 1) & mask
        while places[next] != 0 {
            let home = Int(truncatingIfNeeded: places[next] >> 32) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                places[hole] = places[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        places[hole] = 0
        count -= 1
    }

    private mutating func put(_ entry: UInt64) {
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: entry >> 32) & mask
        while places[place] != 0 { place = (place + 1) & mask }
        places[place] = entry
    }

    private mutating func grow() {
        let old = places
        places = ContiguousArray(repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 { put(entry) }
    }
}
