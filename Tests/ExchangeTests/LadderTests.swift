import Testing

@testable import Exchange

@Suite struct LadderTests {
    @Test func `The best level is the one with the smallest key`() {
        var ladder = Ladder()
        for key in [5, 3, 9, 3, 7] as [Int64] { ladder.insert(key) }
        #expect(ladder.best == 3)
        ladder.remove(3)
        #expect(ladder.best == 5)
        #expect(ladder.ladder.count == 3)
    }

    @Test(arguments: [1, 7, 1_000_003] as [UInt64])
    func `Levels stay in order, and every new one knows its neighbours`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var ladder = Ladder()
        var keys: Set<Int64> = []
        for step in 0..<20_000 {
            let key = Int64.random(in: 0..<3_000, using: &random)
            // Mostly growing, then mostly shrinking: pieces split, and join again.
            if keys.contains(key) && (step > 8_000 || random.chance(20)) {
                keys.remove(key)
                ladder.remove(key)
            } else if step < 12_000 && !keys.contains(key) {
                let neighbours = ladder.insert(key)
                #expect(neighbours.better == keys.filter { $0 < key }.max(), "seed \(seed), step \(step)")
                #expect(neighbours.worse == keys.filter { $0 > key }.min(), "seed \(seed), step \(step)")
                keys.insert(key)
            }
            if ladder.best != keys.min() || (step % 997 == 0 && ladder.ladder.count != keys.count) {
                Issue.record("seed \(seed), step \(step): best \(String(describing: ladder.best))")
                return
            }
        }
    }

    @Test func `A hundred thousand prices lie in small pieces`() {
        var ladder = PriceLadder()
        for number in 0..<100_000 as Range<Int64> {
            let key = number * 7_919 % 100_003
            guard case .missing(let position, _, _) = ladder.lookup(key) else { continue }
            ladder.insert(Int32(key), key: key, at: position)
        }
        #expect(ladder.count == 100_000)
        #expect(ladder.largestPiece <= PriceLadder.pieceRungsMax)
        for number in 0..<99_999 as Range<Int64> { ladder.remove(number * 7_919 % 100_003) }
        #expect(ladder.count == 1)
        #expect(ladder.pieceCount <= 2)
    }
}

/// A ladder whose level numbers are their keys.
private struct Ladder {
    var ladder = PriceLadder()

    var best: Int64? { ladder.best.map { Int64($0) } }

    @discardableResult
    mutating func insert(_ key: Int64) -> (worse: Int64?, better: Int64?) {
        guard case .missing(let position, let worse, let better) = ladder.lookup(key) else { return (nil, nil) }
        ladder.insert(Int32(key), key: key, at: position)
        return (worse.map { Int64($0) }, better.map { Int64($0) })
    }

    mutating func remove(_ key: Int64) { ladder.remove(key) }
}
