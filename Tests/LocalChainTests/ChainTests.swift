import Cryptography
import LocalChain
import TON
import Testing

@Suite struct ChainTests {
    @Test func `What is sent is final after so many blocks, and not before`() throws {
        for blocks in 0...4 {
            let town = try Town(finalityBlocks: blocks)
            #expect(try town.chain.send(try town.batch()) == .taken)
            for passed in 0..<(blocks + 1) {
                #expect(try town.history().isEmpty, "\(passed) of \(blocks)")
                town.chain.advance()
            }
            #expect(try town.history().count == 2 && town.money() == [1, 1])
            #expect(try town.chain.account(town.wallet.address).balance == town.chain.balance(town.wallet.address))
        }
    }

    @Test func `An account is as it was at the last final block`() throws {
        let town = try Town(finalityBlocks: 3)
        let before = try town.chain.account(town.wallet.address)
        _ = try town.chain.send(try town.batch())
        town.chain.advance()
        #expect(try town.chain.account(town.wallet.address) == before)
        #expect(try town.chain.account(try person(0)).balance == .zero && town.money() == [1, 1])
        town.chain.advance(seconds: 3)
        let after = try town.chain.account(town.wallet.address)
        #expect(after.balance < before.balance && after.isActive)
        let last = try #require(try town.history().last)
        #expect(after.lastLogicalTime == last.logicalTime && after.lastHash == last.hash)
        #expect(last.balance == after.balance)
    }

    @Test func `Each transaction tells which one was before it, and what it cost`() throws {
        let town = try Town()
        for place in 0..<5 as Range<UInt32> {
            _ = try town.chain.send(try town.batch(place: place))
            town.chain.advance()
        }
        town.chain.advance(seconds: 5)
        let history = try town.chain.transactions(of: town.wallet.address, after: 0, limit: 100)
        #expect(history.count == 11)
        var (time, hash, balance): (UInt64, [UInt8], UInt128) = (0, [UInt8](repeating: 0, count: 32), 0)
        for transaction in history {
            #expect(transaction.previousLogicalTime == time && transaction.previousHash == hash)
            #expect(transaction.logicalTime > time)
            balance += transaction.incoming.value.nanoTON
            balance -= transaction.fees.nanoTON + transaction.outgoing.reduce(0) { $0 + $1.value.nanoTON }
            #expect(transaction.balance.nanoTON == balance)
            (time, hash) = (transaction.logicalTime, transaction.hash)
        }
        // In parts it is the same.
        var parts: [ChainTransaction] = []
        while parts.count < 11 {
            let behind = parts.last?.logicalTime ?? 0
            parts += try town.chain.transactions(of: town.wallet.address, after: behind, limit: 3)
        }
        #expect(parts == history && Set(history.map(\.hash)).count == 11)
    }

    @Test func `The same calls give the same chain`() throws {
        func hashes() throws -> [[UInt8]] {
            let town = try Town()
            for place in 0..<3 as Range<UInt32> {
                _ = try town.chain.send(try town.batch(place: place))
                town.chain.advance(seconds: 2)
            }
            return town.chain.history.map(\.hash)
        }
        #expect(try hashes() == hashes())
    }

    @Test func `A message is found by its normalized hash, also when it deploys something`() throws {
        let town = try Town()
        let bag = try town.batch()
        var message = try ExternalMessage(BagOfCells.read(bag))
        let hash = try message.normalizedHash()
        message.stateInit = StateInit(code: message.body, data: town.wallet.data)
        _ = try town.chain.send(try message.bag())
        #expect(try town.chain.transaction(ofMessage: hash) == nil)
        town.chain.advance(seconds: 5)
        let found = try #require(try town.chain.transaction(ofMessage: hash))
        #expect(found == (try town.history().first) && found.incoming.hash != hash)
        let child = try #require(try town.history().last)
        #expect(child.incoming.hash == found.outgoing.first?.hash && child.outgoing.count == 2)
    }

    @Test func `A message takes its blocks from account to account`() throws {
        let town = try Town(hopBlocks: 3)
        _ = try town.chain.send(try town.batch())
        let before = town.chain.history.count
        for (seconds, transactions) in [(1, 1), (2, 1), (1, 2), (2, 2), (1, 4)] as [(UInt64, Int)] {
            town.chain.advance(seconds: seconds)
            #expect(town.chain.history.count - before == transactions)
        }
    }

    @Test func `A user's wallet pays in with a memo`() throws {
        let town = try Town()
        let user = WalletV5R1(publicKey: town.key.publicKey, network: .testnet)
        town.chain.install(user)
        #expect(try town.chain.fund(user.address, Coins(10 * ton)))
        town.chain.advance()
        let payout = try Payout(to: town.wallet.address, amount: Coins(ton), comment: "a memo").message()
        let message = try user.message(
            [SendAction(payout, mode: [.paysFees, .ignoresErrors])],
            sequenceNumber: 0,
            validUntil: UInt32(town.chain.now + 60),
            signedBy: town.key
        )
        #expect(try town.chain.send(try message.bag()) == .taken)
        town.chain.advance(seconds: 3)
        let deposit = try #require(try town.history().last)
        #expect(deposit.incoming.source == user.address && deposit.incoming.value == Coins(ton))
        #expect(Comment.text(in: deposit.incoming.body) == "a memo")
        #expect(try town.chain.send(try message.bag()) == .refused(exitCode: 133))
        #expect(town.chain.sequenceNumber(at: user.address) == 1)
    }

    @Test func `There is no more money than there can be`() throws {
        var chain = LocalChain(LocalChain.Settings(start: 1))
        #expect(try !chain.fund(try person(0), Coins(LocalChain.supplyMax + 1)))
        #expect(try chain.fund(try person(0), Coins(LocalChain.supplyMax)))
        #expect(try !chain.fund(try person(0), Coins(1)))
        #expect(try !chain.fund(try person(0), try #require(Coins(exactly: 1 << 119))))
        chain.advance()
        #expect(chain.balance(try person(0)) == Coins(LocalChain.supplyMax))
    }

    @Test(arguments: [[], [1, 2, 3], [UInt8](repeating: 0, count: 65_536)] as [[UInt8]])
    func `What is no message is not sent`(bytes: [UInt8]) throws {
        let town = try Town()
        #expect(throws: ChainError.message) { try town.chain.send(bytes) }
        let inside = try Payout(to: try person(0), amount: Coins(1)).message()
        let bag = try BagOfCells.write(inside)
        #expect(throws: ChainError.message) { try town.chain.send(bag) }
    }
}
