/// Which query id a wallet uses next.
///
/// The ids go around. One that was used is used again only when the wallet has surely forgotten it: after two of its
/// timeouts. What is remembered for this is the last use of each set of 1,023.
package struct QueryCounter: Hashable, Sendable {
    /// Ids that were given out since the beginning.
    package private(set) var count: UInt64
    /// The place of the first of them; the next id's place is this and ``count`` modulo ``placeCount``.
    private let first: UInt64
    /// The time of the last use of each set, up to the last that was used, in seconds since 1970 by the chain's clock;
    /// 0 before the first.
    private var lastUses: [UInt64]

    /// Sets in which there are ids to be given out.
    private static let setCount = Int(placeCount / idsPerSet + 1)

    /// Ids that are given out: all but the last two, which are for emergencies.
    package static let placeCount: UInt64 = 8_192 * idsPerSet - 2
    package static let idsPerSet: UInt64 = 1_023

    /// The number that the contract knows an id by, whose place in the order is `place`: the set in 13 bits, the bit in
    /// 10.
    package static func queryID(place: UInt32) -> UInt32 {
        let bits = UInt32(idsPerSet)
        return (place / bits) << 10 | place % bits
    }

    /// Nothing was given out; the first has the place.
    package init(first: UInt64 = 0) {
        count = 0
        self.first = first % Self.placeCount
        lastUses = []
    }

    /// Where the ids of a wallet begin that is used from a time on, in seconds since 1970: another set every ten
    /// seconds, around in a day. Whoever used the wallet before began elsewhere and has given out fewer ids since then
    /// than sets have passed, so that what the wallet still knows of him is hardly met.
    package static func first(at time: UInt64) -> UInt64 { time / 10 % UInt64(setCount) * idsPerSet }

    /// The counter as it was, from the ids that were given out.
    package init(count: UInt64, first: UInt64 = 0, uses: some Sequence<(place: UInt32, createdAt: UInt64)>) {
        self.init(first: first)
        self.count = count
        for use in uses { note(UInt64(use.place), use.createdAt) }
    }

    /// The counter as it was, from the ids that were given out and the last use of each set; sets are numbered from 0.
    /// `nil` when there is no such set.
    package init?(count: UInt64, first: UInt64 = 0, lastUses uses: some Sequence<(set: Int, at: UInt64)>) {
        self.init(first: first)
        self.count = count
        for use in uses {
            guard use.set >= 0, use.set < Self.setCount else { return nil }
            note(UInt64(use.set) * Self.idsPerSet, use.at)
        }
    }

    /// The last use of each set that was used.
    package var uses: [(set: Int, at: UInt64)] {
        lastUses.indices.filter { lastUses[$0] > 0 }.map { ($0, lastUses[$0]) }
    }

    /// The last use of a set, from 0; 0 before the first, and for a set that there is not.
    package func lastUse(of set: Int) -> UInt64 { lastUses.indices.contains(set) ? lastUses[set] : 0 }

    private var nextPlace: UInt64 { (first + count % Self.placeCount) % Self.placeCount }

    /// The set of the next id, from 0.
    package var nextSet: Int { Int(nextPlace / Self.idsPerSet) }

    /// The place of the next id (`QueryID(place:)`), which counts as used at `createdAt`; `nil`, and nothing changes,
    /// as long as the wallet may still know an id of its set. `timeout` is the wallet's.
    package mutating func take(createdAt: UInt64, timeout: UInt64) -> UInt32? {
        let place = nextPlace
        let last = lastUse(of: Int(place / Self.idsPerSet))
        // Within a set the ids go up, so only a new round of it can meet an id again.
        let isNewRound = place % Self.idsPerSet == 0 && last > 0
        guard !isNewRound || createdAt >= last && createdAt - last >= 2 * timeout else { return nil }
        count += 1
        note(place, createdAt)
        return UInt32(place)
    }

    private mutating func note(_ place: UInt64, _ createdAt: UInt64) {
        let set = Int(place / Self.idsPerSet)
        guard createdAt > 0, set < Self.setCount else { return }
        if set >= lastUses.count { lastUses += [UInt64](repeating: 0, count: set + 1 - lastUses.count) }
        lastUses[set] = max(lastUses[set], createdAt)
    }
}
