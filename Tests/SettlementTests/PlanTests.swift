import Settlement
import TON
import Testing
import Units

@Suite struct PlanTests {
    /// A wallet with so much beyond everything, where a payout costs 10 nanoTON.
    private func means(_ free: Int64, capital: Int64 = 0) -> BatchPlan.Means {
        BatchPlan.Means(
            balance: NanoTON(free + 700),
            inFlight: NanoTON(400),
            reserve: NanoTON(300),
            capital: NanoTON(capital),
            capitalReserve: .zero,
            fees: { NanoTON(Int64($0) * 10) }
        )
    }

    @Test func `A payout is more than nothing and has an address`() {
        let address = [UInt8](repeating: 1, count: 32)
        #expect(PlannedPayout(id: 1, address: address, amount: NanoTON(1)) != nil)
        #expect(PlannedPayout(id: 1, address: address, amount: .zero) == nil)
        #expect(PlannedPayout(id: 1, address: address, amount: NanoTON(-1)) == nil)
        #expect(PlannedPayout(id: 1, address: [], amount: NanoTON(1)) == nil)
    }

    @Test func `A batch has at most 254 payouts, in the order in which they waited`() throws {
        let plan = try BatchPlan.next(payouts(300), means(1_000_000_000))
        #expect(plan.payouts == payouts(254))
        #expect(plan.value == NanoTON(254 * 255 / 2 * 1_000 + 254 * 10))
        #expect(BatchPlan.payoutsMax == HighloadWalletV3.payoutsMax)
    }

    @Test func `One payout for an address: the next waits`() throws {
        let waiting = payouts(3) + payouts(2) + payouts(1, from: 4)
        #expect(try BatchPlan.next(waiting, means(1_000_000)).payouts == payouts(4))
        #expect(try BatchPlan.next(payouts(1) + payouts(1), means(1_000_000)).payouts == payouts(1))
    }

    @Test func `Only what the wallet can surely pay, and nobody is passed`() throws {
        for (free, count) in [(1_010, 1), (3_019, 1), (3_020, 2), (6_029, 2), (6_030, 3), (9_999, 3)] as [(Int64, Int)]
        {
            #expect(try BatchPlan.next(payouts(4), means(free)).payouts == payouts(count), "\(free)")
        }
        #expect(throws: BatchPlan.Wait.balance(missing: NanoTON(1))) { try BatchPlan.next(payouts(4), means(1_009)) }
        // The one who waits the longest is large: smaller ones wait behind it.
        #expect(throws: BatchPlan.Wait.balance(missing: NanoTON(6_000))) {
            try BatchPlan.next(Array(payouts(7).reversed()), means(1_010))
        }
        #expect(throws: BatchPlan.Wait.nobody) { try BatchPlan.next([], means(1_000)) }
        #expect(throws: BatchPlan.Wait.capital) { try BatchPlan.next(payouts(1), means(9_999, capital: -1)) }
    }

    @Test func `Fees follow from the chain's configuration`() {
        let fees = ChainFees(
            lump: 66_667,
            bitPrice: 4_369_067,
            cellPrice: 436_906_667,
            flatGas: 100,
            flatGasPrice: 6_667,
            gasPrice: 4_369_067
        )
        #expect(fees.forward(ChainFees.Size(cells: 0, bits: 0)) == NanoTON(66_667))
        #expect(fees.forward(ChainFees.Size(cells: 1, bits: 0)) == NanoTON(66_667 + 6_667))
        #expect(fees.forward(ChainFees.Size(cells: 0, bits: 3)) == NanoTON(66_667 + 201))
        #expect(fees.gas(100) == NanoTON(6_667) && fees.gas(1) == NanoTON(6_667))
        #expect(fees.gas(1_100) == NanoTON(6_667 + 66_667))
        let none = ChainFees.Size(cells: 0, bits: 0)
        let one = fees.batch(outside: none, inside: none, payouts: [none], shifts: 0)
        let many = fees.batch(outside: none, inside: none, payouts: [none, none], shifts: 10)
        #expect(many - one == NanoTON(66_667 + 50_001) || many - one == NanoTON(66_667 + 50_000))
    }
}

@Suite struct QueryCounterTests {
    @Test func `Places go up and around, and are those of the wallet's ids`() throws {
        #expect(QueryCounter.placeCount == UInt64(QueryID.ordinary))
        #expect(QueryCounter.idsPerSet == UInt64(QueryID.bitsPerShift))
        var counter = QueryCounter()
        for expected in 0..<3_000 as Range<UInt32> {
            #expect(counter.take(createdAt: 1_000, timeout: 60) == expected)
        }
        var late = QueryCounter(count: QueryCounter.placeCount - 1, uses: [])
        #expect(late.take(createdAt: 5_000, timeout: 60) == UInt32(QueryCounter.placeCount - 1))
        #expect(late.take(createdAt: 5_000, timeout: 60) == 0, "a set that was never used")
        #expect(late.count == QueryCounter.placeCount + 1)
    }

    @Test func `No id is used again within two timeouts`() {
        let uses: [(place: UInt32, createdAt: UInt64)] = [(0, 900), (1_022, 1_000), (1_023, 1_100)]
        for (now, place) in [(999, nil), (1_000, nil), (1_119, nil), (1_120, 0), (5_000, 0)] as [(UInt64, UInt32?)] {
            var counter = QueryCounter(count: QueryCounter.placeCount, uses: uses)
            #expect(counter.take(createdAt: now, timeout: 60) == place, "\(now)")
            #expect(counter.count == QueryCounter.placeCount + (place == nil ? 0 : 1))
        }
        var counter = QueryCounter(count: QueryCounter.placeCount, uses: uses)
        #expect(counter.take(createdAt: 1_120, timeout: 60) == 0)
        #expect(counter.take(createdAt: 1_120, timeout: 60) == 1, "the rest of the set is as old")
        #expect(QueryCounter(count: 3, uses: [(8_388_607, 1)]).count == 3, "a place that there is not")
    }

    @Test func `A counter is the same from its count and the last use of each set`() throws {
        var counter = QueryCounter()
        for number in 0..<2_500 as Range<UInt64> { _ = counter.take(createdAt: 1_000 + number, timeout: 60) }
        #expect(counter.uses.map(\.set) == [0, 1, 2])
        #expect(counter.uses.map(\.at) == [2_022, 3_045, 3_499])
        #expect(counter.lastUse(of: 1) == 3_045 && counter.lastUse(of: 3) == 0 && counter.lastUse(of: -1) == 0)
        #expect(QueryCounter(count: counter.count, lastUses: counter.uses) == counter)
        #expect(QueryCounter(count: 0, lastUses: [(set: -1, at: 1)]) == nil)
        #expect(QueryCounter(count: 0, lastUses: [(set: 8_192, at: 1)]) == nil)
    }
}
