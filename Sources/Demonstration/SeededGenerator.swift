/// Random numbers from a printed seed: the same seed gives the same market on every machine and with every release of
/// Swift, so nothing of the standard library's sampling is used.
package struct SeededGenerator: Sendable {
    private var state: UInt64

    /// One seed has many streams, so that a change in one part of a plan leaves the others as they were.
    package init(seed: UInt64, stream: UInt64) {
        state = seed
        state = next() ^ (stream &* 0xD1B5_4A32_D192_ED03)
    }

    /// SplitMix64 (Steele, Lea, Flood: *Fast splittable pseudorandom number generators*, 2014).
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` − 1; `bound` is above zero. The bias is below `bound` / 2^64.
    package mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// True in `percent` of 100 cases.
    package mutating func chance(percent: Int) -> Bool { below(100) < percent }

    /// One of the elements; there is at least one.
    package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// `count` different elements in random order, or all if there are fewer.
    package mutating func sample<Element>(_ elements: [Element], _ count: Int) -> [Element] {
        var rest = elements
        var chosen: [Element] = []
        while chosen.count < count, !rest.isEmpty {
            let index = below(rest.count)
            chosen.append(rest[index])
            rest.swapAt(index, rest.count - 1)
            rest.removeLast()
        }
        return chosen
    }
}
