import Units

/// Levels of many groups of one side in one order, the best price first, with running sums: how far down a quantity
/// reaches, and what it costs.
///
/// A *key* is a price with the sign that makes the better one smaller, as in ``PriceLadder``.
struct PriceStack {
    private(set) var keys: [Int64] = []
    /// Lots up to and with each level.
    private var lots: [Int64] = []
    /// Sum of key / 1000 × lots up to and with each level.
    private var values: [Int128] = []

    /// Of each group, whose levels come best first, no more is kept than fills `wanted` by itself.
    init(_ groups: some Sequence<[BookLevel]>, sign: Int64, wanted: Int64) {
        var levels: [(key: Int64, lots: Int64)] = []
        for group in groups {
            var sum: Int64 = 0
            for level in group where sum < wanted {
                levels.append((sign * level.price.nanoTONPerMTok, level.lots))
                sum += level.lots
            }
        }
        levels.sort { $0.key < $1.key }
        var sum: Int64 = 0
        var value: Int128 = 0
        for level in levels {
            sum += level.lots
            value += Int128(level.key / Price.step) * Int128(level.lots)
            keys.append(level.key)
            lots.append(sum)
            values.append(value)
        }
    }

    /// What lies at `key` or better.
    private func sums(through key: Int64) -> (lots: Int64, value: Int128) {
        let end = Self.firstIndex(keys.count) { keys[$0] > key }
        return end == 0 ? (0, 0) : (lots[end - 1], values[end - 1])
    }

    /// The least key at which this and `other` together have `wanted` lots, and the sum of key / 1000 × lots of these;
    /// `nil` when there are fewer.
    func reach(_ wanted: Int64, with other: PriceStack) -> (key: Int64, value: Int128)? {
        let mine = Self.firstIndex(keys.count) { lots[$0] + other.sums(through: keys[$0]).lots >= wanted }
        let others = Self.firstIndex(other.keys.count) {
            other.lots[$0] + sums(through: other.keys[$0]).lots >= wanted
        }
        let candidates = [mine < keys.count ? keys[mine] : nil, others < other.keys.count ? other.keys[others] : nil]
        guard let key = candidates.compactMap(\.self).min() else { return nil }
        let (before, after) = (sums(through: key - 1), other.sums(through: key - 1))
        let rest = wanted - before.lots - after.lots
        return (key, before.value + after.value + Int128(key / Price.step) * Int128(rest))
    }

    /// Nothing.
    static let empty = PriceStack([], sign: 1, wanted: 0)

    /// The first of `count` indices for which `holds`, which holds for every later one too; `count` when for none.
    private static func firstIndex(_ count: Int, _ holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
