import LocalChain
import TON
import Testing
import Toncenter

@Suite struct PaceTests {
    @Test func `Requests go at their pace, with some at once after a pause`() {
        var pace = RequestPace(perSecond: 10, burst: 3)
        #expect((0..<5).map { _ in pace.wait(at: 1_000) } == [0, 0, 0, 100, 200])
        #expect(pace.wait(at: 1_300) == 0 && pace.wait(at: 1_300) == 100)
        #expect((0..<4).map { _ in pace.wait(at: 100_000) } == [0, 0, 0, 100])
        var single = RequestPace(perSecond: 1, burst: 1)
        #expect([0, 0, 500, 5_000].map { single.wait(at: $0) } == [0, 1_000, 1_500, 0])
    }

    @Test func `Never more requests than the pace allows, whenever they come`() {
        var generator = SplitMix(state: 42)
        for _ in 0..<200 {
            let (rate, burst) = (
                UInt64.random(in: 1...100, using: &generator), UInt64.random(in: 1...10, using: &generator)
            )
            var pace = RequestPace(perSecond: rate, burst: burst)
            var (now, times): (UInt64, [UInt64]) = (0, [])
            for _ in 0..<300 {
                now += UInt64.random(in: 0...50, using: &generator)
                now += pace.wait(at: now)
                times.append(now)
            }
            for (index, time) in times.enumerated() {
                let within = times[index...].prefix { $0 < time + 1_000 }.count
                #expect(within <= Int(rate + burst))
            }
        }
    }

    @Test func `Pauses double, by chance up to half shorter, and heed the provider up to the most`() {
        var generator = SplitMix(state: 7)
        let delay = RetryDelay()
        for (number, most) in [(1, 500), (2, 1_000), (3, 2_000), (4, 4_000), (5, 8_000), (6, 15_000), (99, 15_000)]
            as [(Int, UInt64)]
        {
            let drawn = (0..<200).map { _ in delay.milliseconds(number, retryAfter: 0, using: &generator) }
            #expect(drawn.allSatisfy { (most / 2...most).contains($0) } && Set(drawn).count > 20)
            #expect(delay.milliseconds(number, retryAfter: 10, using: &generator) >= 10_000)
            #expect(delay.milliseconds(number, retryAfter: .max, using: &generator) == 15_000)
        }
    }
}

/// Two providers.
@Suite struct AgreementTests {
    private func history() throws -> [ChainTransaction] {
        let village = try Village()
        var chain = village.chain
        return try chain.transactions(of: village.wallet.address, after: 0, limit: 1_000)
    }

    @Test func `What both say is agreed; a small sum that one says is, and a large one waits`() throws {
        let history = try history()
        let large = history.count - 3
        var marked = history
        for place in marked.indices { marked[place].incoming.source = LocalChain.faucet }
        marked[large].incoming.value = Coins(5_000 * ton)
        let agreement = ChainAgreement(above: Coins(2_000 * ton))
        #expect(try agreement.agreed(marked, marked) == marked)
        #expect(try agreement.agreed(marked, Array(marked[...large])) == marked, "the rest is small")
        #expect(try agreement.agreed(marked, Array(marked[..<large])) == Array(marked[..<large]))
        #expect(try agreement.agreed(marked, []) == Array(marked[..<large]))
        #expect(try agreement.agreed(Array(marked[...large]), marked) == Array(marked[...large]))
        let error = #expect(throws: ChainError.self) { try agreement.agreed(Array(marked[..<large]), marked) }
        #expect(
            error
                == .answer(
                    "the first provider has no transaction at \(marked[large].logicalTime), which the second has"
                )
        )
        #expect(try ChainAgreement(above: .zero).agreed(history, []).isEmpty)
    }

    @Test func `Sums are what comes in, or all that goes out`() throws {
        var transaction = try #require(try history().first { $0.outgoing.count > 1 })
        transaction.incoming.value = .zero
        transaction.incoming.source = LocalChain.faucet
        let sum = transaction.outgoing.reduce(UInt128(0)) { $0 + $1.value.nanoTON }
        #expect(ChainAgreement(above: try #require(Coins(exactly: sum - 1))).isLarge(transaction))
        #expect(!ChainAgreement(above: try #require(Coins(exactly: sum))).isLarge(transaction))
    }

    @Test func `What became of a message of the exchange is never one provider's word`() throws {
        let history = try history()
        let place = try #require(history.firstIndex { $0.incoming.source == nil })
        var nothing = history[place]
        nothing.outgoing = []
        nothing.incoming.value = .zero
        let agreement = ChainAgreement(above: Coins(1_000_000 * ton))
        #expect(agreement.isLarge(nothing), "also where it has moved nothing, and others are believed for a million")
        let invented = Array(history[..<place]) + [nothing]
        #expect(try agreement.agreed(invented, Array(history[..<place])) == Array(history[..<place]))
        #expect(throws: ChainError.self) { try agreement.agreed(Array(history[..<place]), invented) }
    }

    @Test(arguments: [
        (ChainHead(block: 0, time: 99_000), ChainHead(block: 8, time: 100)),
        (ChainHead(block: 9, time: 100), ChainHead(block: 0, time: 99_000)),
        (ChainHead(block: 9, time: .max), ChainHead(block: 0, time: 100)),
    ])
    func `A head is no later than either provider says, whatever number it bears`(one: ChainHead, other: ChainHead) {
        let agreement = ChainAgreement(above: .zero)
        #expect(agreement.agreed(one, other) == ChainHead(block: 0, time: 100))
        #expect(agreement.agreed(other, one) == ChainHead(block: 0, time: 100))
    }

    @Test func `Any difference is one, and is named`() throws {
        let transaction = try #require(try history().first { $0.outgoing.count > 1 })
        let changes: [(String, (inout ChainTransaction) -> Void)] = [
            ("hash", { $0.hash[0] ^= 1 }), ("previousHash", { $0.previousHash[0] ^= 1 }),
            ("previousLogicalTime", { $0.previousLogicalTime += 1 }), ("logicalTime", { $0.logicalTime += 1 }),
            ("time", { $0.time += 1 }), ("block", { $0.block += 1 }), ("incoming", { $0.incoming.isBounced.toggle() }),
            ("outgoing", { $0.outgoing.removeLast() }), ("outcome", { $0.outcome.skipped += 1 }),
            ("fees", { $0.fees = .zero }), ("balance", { $0.balance = .zero }),
            ("account", { $0.account = LocalChain.faucet }),
        ]
        for (field, change) in changes {
            var other = transaction
            change(&other)
            #expect(ChainAgreement.difference(transaction, other) == field)
            let agreement = ChainAgreement(above: Coins(1_000_000 * ton))
            #expect(throws: ChainError.self, "\(field)") { try agreement.agreed([transaction], [other]) }
        }
        #expect(ChainAgreement.difference(transaction, transaction) == nil)
    }

    @Test func `What the second provider hides of the time that both know is no end of the history`() throws {
        let village = try Village()
        var hiding = village.chain
        let address = village.wallet.address
        let history = try hiding.transactions(of: address, after: 0, limit: 1_000)
        let last = try #require(history.last { $0.incoming.value > .zero })
        var first = village.chain
        first.advance(seconds: 2)
        _ = try first.send(try village.batch(41, people: 1))
        var both = AgreeingClient(first, confirmedBy: hiding, ChainAgreement(above: .zero))
        both.first.advance(seconds: 5)
        _ = try both.head()
        let known = try both.transactions(of: address, after: 0, limit: 1_000)
        #expect(known.count >= history.count && known.contains(last), "what is behind the older head may wait")
        both.second.advance(seconds: 30)
        _ = try both.head()
        let error = #expect(throws: ChainError.self) { try both.transactions(of: address, after: 0, limit: 1_000) }
        #expect(error.map { "\($0)".contains("the second provider has no transaction at") } == true)
    }

    @Test func `Two providers are one chain, as old as the older one`() throws {
        let village = try Village()
        var ahead = village.chain
        ahead.advance(seconds: 30)
        var old = village.chain
        var both = AgreeingClient(ahead, confirmedBy: village.chain, ChainAgreement(above: Coins(ton / 2)))
        #expect(try both.head() == (try old.head()))
        #expect(try both.transactions(of: village.wallet.address, after: 0, limit: 5).count == 5)
        both.second.silence(reads: 1)
        #expect(throws: ChainError.noAnswer) { try both.head() }
        both.first.inject(.loseBoth)
        let bag = try village.batch(40, people: 1)
        #expect(try both.send(bag) == .taken)
        both.second.advance(seconds: 5)
        both.first.advance(seconds: 5)
        let error = #expect(throws: ChainError.self) {
            try both.transactions(of: village.wallet.address, after: 0, limit: 1_000)
        }
        #expect(error.map { "\($0)".contains("which the second has") } == true)
    }
}

/// Numbers from a seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
