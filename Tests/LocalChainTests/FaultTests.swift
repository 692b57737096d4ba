import LocalChain
import TON
import Testing

/// What goes wrong on command.
@Suite struct ChainFaultTests {
    /// What a node says with a fault, how much the people have at once, and after a minute.
    @Test(
        arguments: [
            (.refuse(exitCode: 35), .refused(exitCode: 35), 0, 0),
            (.refuse(exitCode: nil), .refused(exitCode: nil), 0, 0),
            (.loseMessage, .taken, 0, 0), (.loseAnswer, nil, 1, 1), (.loseBoth, nil, 0, 0),
            (.delay(seconds: 20), .taken, 0, 1), (.delay(seconds: 60), .taken, 0, 0),
            (.duplicate(seconds: 0), .taken, 1, 1), (.duplicate(seconds: 30), .taken, 1, 1),
        ] as [(SendFault, SendAnswer?, UInt128, UInt128)]
    )
    func `A message that is sent`(fault: SendFault, answer: SendAnswer?, soon: UInt128, late: UInt128) throws {
        let town = try Town()
        town.chain.inject(fault)
        let bag = try town.batch()
        if let answer {
            #expect(try town.chain.send(bag) == answer)
        } else {
            #expect(throws: ChainError.noAnswer) { try town.chain.send(bag) }
        }
        town.chain.advance(seconds: 2)
        #expect(try town.money() == [soon, soon])
        town.chain.advance(seconds: 58)
        #expect(try town.money() == [late, late])
        // The next message has its own fate.
        #expect(try town.chain.send(try town.batch(place: 9)) == .taken)
        town.chain.advance()
        #expect(try town.money() == [late + 1, late + 1])
    }

    @Test func `An id can be burnt`() throws {
        let town = try Town()
        town.chain.burnNext()
        let bag = try town.batch()
        #expect(try town.chain.send(bag) == .taken)
        town.chain.advance(seconds: 3)
        let burnt = try #require(try town.history().first)
        #expect(burnt.outgoing.isEmpty && burnt.outcome.skipped == 1 && !burnt.outcome.isAborted)
        #expect(town.chain.isProcessed(QueryID(counter: 0), at: town.wallet.address) == true)
        #expect(try town.chain.send(bag) == .refused(exitCode: 36) && town.money() == [0, 0])
        #expect(try town.chain.send(try town.batch(place: 1)) == .taken)
        town.chain.advance()
        #expect(try town.money() == [1, 1])
    }

    @Test func `A chain that stands still keeps messages and says an old time`() throws {
        let town = try Town()
        let head = try town.chain.head()
        town.chain.stall(seconds: 30)
        #expect(try town.chain.send(try town.batch()) == .taken)
        town.chain.advance(seconds: 29)
        #expect(try town.chain.head() == head && town.money() == [0, 0])
        town.chain.advance(seconds: 4)
        #expect(try town.chain.head().time >= head.time + 30 && town.money() == [1, 1])
    }

    @Test func `A message that waits too long is not carried out any more`() throws {
        let town = try Town()
        town.chain.stall(seconds: 60)
        #expect(try town.chain.send(try town.batch()) == .taken)
        town.chain.advance(seconds: 100)
        #expect(try town.money() == [0, 0] && town.history().isEmpty)
    }

    @Test(arguments: [true, false]) func `Blocks that are not final can be undone`(isKeeping: Bool) throws {
        let town = try Town(finalityBlocks: 3)
        let before = try town.chain.account(town.wallet.address)
        let bag = try town.batch()
        #expect(try town.chain.send(bag) == .taken)
        town.chain.advance(seconds: 2)
        let undone = town.chain.history.map(\.hash)
        #expect(try town.money() == [1, 1])
        town.chain.fork(keepingMessages: isKeeping)
        #expect(try town.money() == [0, 0] && town.chain.account(town.wallet.address) == before)
        #expect(town.chain.balance(town.wallet.address) == before.balance)
        town.chain.advance(seconds: 4)
        #expect(try town.money() == (isKeeping ? [1, 1] : [0, 0]))
        guard isKeeping else {
            #expect(try town.history().isEmpty)
            #expect(try town.chain.send(bag) == .taken, "the wallet does not know the id")
            return
        }
        let history = try town.history()
        try #require(history.count == 2)
        #expect(history[0].previousHash == before.lastHash)
        #expect(history.allSatisfy { !undone.contains($0.hash) }, "another history has other hashes")
        let hash = try ExternalMessage(BagOfCells.read(bag)).normalizedHash()
        #expect(try town.chain.transaction(ofMessage: hash) == history[0])
    }

    @Test func `What is final is never undone`() throws {
        let town = try Town(finalityBlocks: 2)
        _ = try town.chain.send(try town.batch())
        town.chain.advance(seconds: 3)
        let (history, head) = (try town.history(), try town.chain.head())
        town.chain.fork(keepingMessages: false)
        #expect(try town.history() == history && town.chain.head() == head && town.money() == [1, 1])
    }

    @Test func `A payout comes back from code that refuses it, if it may`() throws {
        let town = try Town()
        town.chain.installRefusal(at: try person(0))
        for (place, isBounceable) in [(0, true), (1, false)] as [(UInt32, Bool)] {
            let payout = Payout(to: try person(0), amount: Coins(ton), isBounceable: isBounceable)
            let id = try #require(QueryID(place: place))
            let request = try town.wallet.direct(payout, id, createdAt: town.chain.now)
            _ = try town.chain.send(try town.wallet.message(request, signedBy: town.key).bag())
            town.chain.advance(seconds: 3)
            let last = try #require(try town.history().last)
            #expect(last.incoming.isBounced == isBounceable)
            guard isBounceable else { continue }
            #expect(last.incoming.value < Coins(ton) && last.incoming.value > Coins(ton - ton / 1_000))
            #expect(town.chain.balance(try person(0)) == .zero)
        }
        #expect(town.chain.balance(try person(0)) > Coins(ton - ton / 1_000))
    }

    @Test func `Questions can go without an answer`() throws {
        let town = try Town()
        town.chain.silence(reads: 4)
        let address = town.wallet.address
        #expect(throws: ChainError.noAnswer) { try town.chain.head() }
        #expect(throws: ChainError.noAnswer) { try town.chain.account(address) }
        #expect(throws: ChainError.noAnswer) { try town.chain.transactions(of: address, after: 0, limit: 1) }
        #expect(throws: ChainError.noAnswer) { try town.chain.transaction(ofMessage: address.hash) }
        #expect(try town.chain.head().block > 0)
    }
}
