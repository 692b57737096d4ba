import Engine
import LocalChain
import SettlementAgent
import TON
import Testing
import Units

/// A provider whose clock is not the chain's.
private struct LyingClock: ChainClient {
    var chain: LocalChain
    let time: UInt64

    mutating func head() throws(ChainError) -> ChainHead {
        var head = try chain.head()
        head.time = time
        return head
    }

    mutating func account(_ address: Address) throws(ChainError) -> ChainAccount { try chain.account(address) }

    mutating func transactions(
        of address: Address,
        after logicalTime: UInt64,
        limit: Int
    ) throws(ChainError) -> [ChainTransaction] {
        try chain.transactions(of: address, after: logicalTime, limit: limit)
    }

    mutating func transaction(ofMessage normalizedHash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try chain.transaction(ofMessage: normalizedHash)
    }

    mutating func transaction(sendingMessage hash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try chain.transaction(sendingMessage: hash)
    }

    mutating func send(_ bag: [UInt8]) throws(ChainError) -> SendAnswer { try chain.send(bag) }
}

@Suite struct LyingClockTests {
    @Test(arguments: [UInt64(Limits.chainTimeMax) + 1, 1_795_222_800_000, 1 << 63, .max])
    func `By a clock that no chain has nothing is told, planned or sent`(time: UInt64) throws {
        let bureau = try Bureau()
        bureau.earn(Bureau.workers[0], 5)
        let terms = PayoutTerms(destination: try Bureau.destination(0), threshold: NanoTON(ton))
        #expect(bureau.office.give(Bureau.workers[0], .settlement(.setPayoutTerms(terms))) == nil)
        let before = bureau.office.engine.digest
        let clock = LyingClock(chain: bureau.agent.chain, time: time)
        let agent = SettlementAgent(clock, key: try Bureau.makeKey(), fees: .june2026)
        let round = try agent.round(&bureau.office)
        #expect(round.head == nil && round.troubles.count == 1 && round.troubles[0].contains("none that a chain has"))
        #expect(bureau.office.engine.digest == before && bureau.office.messages.isEmpty)
        #expect(try bureau.settle().isEmpty, "by the chain's own clock they are paid")
        #expect(bureau.office.messages.count == 1)
    }
}
