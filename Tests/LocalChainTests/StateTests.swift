import Cryptography
import LocalChain
import TON
import Testing

/// A chain as bytes.
@Suite struct StateTests {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func `A chain that was written goes on as if nothing had been`(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let life = try Life(hops: UInt64.random(in: 0...2, using: &generator), finality: Int(seed % 4))
        for _ in 0..<60 { try life.step(using: &generator) }
        let state = life.chain.state()
        let twin = try Life(of: LocalChain(state: state), life)
        #expect(twin.chain.state() == state)
        #expect(twin.chain.history == life.chain.history && twin.chain.now == life.chain.now)
        var (one, other) = (generator, generator)
        for number in 0..<60 {
            #expect(try life.step(using: &one) == (try twin.step(using: &other)), "seed \(seed), step \(number)")
        }
        #expect(twin.chain.history == life.chain.history && twin.chain.state() == life.chain.state())
        for transaction in life.chain.history {
            if let hash = transaction.incoming.normalizedHash {
                #expect(
                    try life.chain.transaction(ofMessage: hash) == (try twin.chain.transaction(ofMessage: hash))
                )
            }
        }
    }

    @Test func `What was not written is not read`() throws {
        var generator = SplitMix(state: 5)
        let life = try Life(hops: 1, finality: 2)
        for _ in 0..<40 { try life.step(using: &generator) }
        let state = life.chain.state()
        #expect(throws: ChainStateError.form) { try LocalChain(state: []) }
        #expect(throws: ChainStateError.form) { try LocalChain(state: Array(state.dropFirst())) }
        var other = state
        other[26] = 2
        #expect(throws: ChainStateError.version(2)) { try LocalChain(state: other) }
        for count in [state.count - 1, state.count - 33, state.count / 2] {
            #expect(throws: ChainStateError.damaged) { try LocalChain(state: Array(state[..<count])) }
        }
        for place in stride(from: 27, to: state.count, by: 97) {
            var changed = state
            changed[place] ^= 1 << UInt8(place % 8)
            #expect(throws: ChainStateError.damaged) { try LocalChain(state: changed) }
        }
    }

    @Test func `What contradicts itself is refused, also under the right checksum`() throws {
        var generator = SplitMix(state: 6)
        let life = try Life(hops: 1, finality: 2)
        for _ in 0..<40 { try life.step(using: &generator) }
        let state = life.chain.state()
        func sealed(_ bytes: some Collection<UInt8>) -> [UInt8] { Array(bytes) + SHA256.hash(Array(bytes)).bytes }
        let body = state.dropLast(32)
        for short in [body.dropLast(1), body.dropLast(200), body.prefix(40)] {
            #expect(throws: ChainStateError.contradiction) { try LocalChain(state: sealed(short)) }
        }
        #expect(throws: ChainStateError.contradiction) { try LocalChain(state: sealed(body + [0])) }
        // Whatever else is changed: it is refused, or it is a chain that can go on.
        for place in stride(from: 27, to: body.count, by: 41) {
            var changed = Array(body)
            changed[place] ^= 1 << UInt8(place % 8)
            guard var chain = try? LocalChain(state: sealed(changed)), chain.now < 1 << 32 else { continue }
            chain.advance(seconds: 3)
            _ = chain.state()
        }
    }
}

/// A chain to which anything may happen.
private final class Life {
    var chain: LocalChain
    private let town: Town
    private var place: UInt32 = 0

    init(hops: UInt64, finality: Int) throws {
        town = try Town(finalityBlocks: finality, hopBlocks: hops)
        chain = town.chain
        chain.installRefusal(at: try person(1))
        chain.install(WalletV5R1(publicKey: town.key.publicKey, network: .testnet))
        chain.install(WalletV4R2(publicKey: town.key.publicKey))
    }

    init(of chain: LocalChain, _ other: Life) throws {
        self.chain = chain
        town = other.town
        place = other.place
    }

    /// Does something and says what came of it.
    @discardableResult
    func step(using generator: inout SplitMix) throws -> String {
        switch Int.random(in: 0..<14, using: &generator) {
        case 0...3: chain.advance(seconds: UInt64.random(in: 1...5, using: &generator))
        case 4: chain.inject(.delay(seconds: UInt64.random(in: 0...20, using: &generator)))
        case 5:
            chain.inject(
                [.refuse(exitCode: -7), .refuse(exitCode: nil), .loseAnswer].randomElement(using: &generator)
                    ?? .loseBoth
            )
        case 6: chain.inject(.duplicate(seconds: 3))
        case 7: chain.burnNext()
        case 8: chain.fork(keepingMessages: Bool.random(using: &generator))
        case 9: chain.stall(seconds: 4)
        case 10: chain.silence(reads: 1)
        case 11:
            return "\(try chain.fund(person(Int.random(in: 0...3, using: &generator)), Coins(ton), comment: "memo"))"
        default:
            place += 1
            town.chain = chain
            let bag = try town.batch(place: place, people: Int.random(in: 1...3, using: &generator))
            do throws(ChainError) { return "\(try chain.send(bag))" } catch { return "\(error)" }
        }
        do throws(ChainError) { return "\(try chain.head())" } catch { return "\(error)" }
    }
}

/// Numbers from a seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
