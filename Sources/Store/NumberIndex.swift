/// Finds the place of a row by its number: open addressing over two flat arrays, which keep their memory from one
/// transaction to the next. Numbers are 1 or greater.
struct NumberIndex {
    private var numbers: [Int64]
    private var places: [Int32]
    private(set) var count = 0

    /// 2^k, so that a mask takes the place of a division; at most half full, so that chains stay short.
    private var mask: Int

    init() {
        numbers = [Int64](repeating: 0, count: 1_024)
        places = [Int32](repeating: 0, count: 1_024)
        mask = 1_023
    }

    /// The place of `number`; when it has none yet, it gets `next`.
    mutating func place(of number: Int64, orAdd next: Int) -> Int {
        if count * 2 > mask { grow() }
        var slot = Self.hash(number) & mask
        while numbers[slot] != number {
            if numbers[slot] == 0 {
                numbers[slot] = number
                places[slot] = Int32(next)
                count += 1
                return next
            }
            slot = (slot + 1) & mask
        }
        return Int(places[slot])
    }

    mutating func removeAll() {
        guard count > 0 else { return }
        for slot in numbers.indices { numbers[slot] = 0 }
        count = 0
    }

    private mutating func grow() {
        let (oldNumbers, oldPlaces) = (numbers, places)
        mask = mask * 2 + 1
        numbers = [Int64](repeating: 0, count: mask + 1)
        places = [Int32](repeating: 0, count: mask + 1)
        for (number, place) in zip(oldNumbers, oldPlaces) where number != 0 {
            var slot = Self.hash(number) & mask
            while numbers[slot] != 0 { slot = (slot + 1) & mask }
            numbers[slot] = number
            places[slot] = place
        }
    }

    /// Fibonacci hashing: numbers come in runs, which must not fall on each other.
    private static func hash(_ number: Int64) -> Int {
        let product = UInt64(bitPattern: number) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: product >> 20) & Int.max
    }
}
