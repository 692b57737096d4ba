import Exchange
import Testing

@Suite struct HashIndexTests {
    @Test(arguments: [3, 99] as [UInt64])
    func `It finds what was inserted and not removed`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var index = HashIndex()
        var keys: [Int64] = []
        var isIn: [Bool] = []
        for _ in 0..<30_000 {
            if isIn.isEmpty || random.chance(60) {
                let key = Int64.random(in: 0..<(1 << 40), using: &random)
                index.insert(Int32(keys.count), hash: HashIndex.hash(number: key))
                keys.append(key)
                isIn.append(true)
            } else {
                let number = Int.random(in: keys.indices, using: &random)
                if isIn[number] { index.remove(Int32(number), hash: HashIndex.hash(number: keys[number])) }
                isIn[number] = false
            }
        }
        #expect(index.count == isIn.count { $0 })
        for number in keys.indices {
            let found = index.find(HashIndex.hash(number: keys[number])) { $0 == Int32(number) }
            #expect((found != nil) == isIn[number], "seed \(seed), number \(number)")
        }
    }

    @Test func `Numbers given one after the other do not pile up when a long run of them stays`() {
        var index = HashIndex()
        for number in 0..<20_000 as Range<Int32> { index.insert(number, hash: HashIndex.hash(number: Int64(number))) }
        // Many more come and go; with places in a row they would pass all that stayed, again and again.
        for number in 20_000..<200_000 as Range<Int64> {
            index.insert(20_000, hash: HashIndex.hash(number: number))
            index.remove(20_000, hash: HashIndex.hash(number: number))
        }
        #expect(index.count == 20_000)
    }

    @Test func `Records with one hash are told apart by who asks`() {
        var index = HashIndex()
        for number in 0..<50 as Range<Int32> { index.insert(number, hash: 7) }
        index.remove(20, hash: 7)
        #expect(index.find(7) { $0 == 49 } == 49)
        #expect(index.find(7) { $0 == 20 } == nil)
        #expect(index.find(8) { _ in true } == nil)
    }
}
