import Cryptography
import Engine
import Ledger
import LocalChain
import Provenance
import Settlement
import SettlementAgent
import TON
import Testing
import Units

@Suite struct AnchorAgentTests {
    private static let origin = "exchange.example/log"

    /// An exchange whose log is anchored every minute.
    private func bureau(finality: Int = 2, hops: UInt64 = 0, money: Int64 = 1_000 * ton) throws -> Bureau {
        let bureau = try Bureau(finality: finality, hops: hops, money: money)
        bureau.origin = Self.origin
        try bureau.restart()
        bureau.office.give(.system, .settlement(.setAnchorPolicy(AnchorPolicy(interval: 60_000_000))))
        grow(bureau)
        return bureau
    }

    /// The log gets an entry.
    private func grow(_ bureau: Bureau) { bureau.office.give(.system, .lease(.setPolicy(LeasePolicyTerms()))) }

    /// What messages of the wallet to itself say, of those that say something of a log, by their transactions.
    private func found(_ bureau: Bureau) throws -> [(ChainTransaction, LogAnchor)] {
        let history = try bureau.agent.chain.transactions(of: bureau.wallet.address, after: 0, limit: 10_000)
        return history.compactMap { transaction in
            guard transaction.incoming.source == bureau.wallet.address,
                var slice = try? CellSlice(transaction.incoming.body),
                let bytes = try? slice.bytes(LogAnchor.byteCount), slice.bitsLeft == 0, slice.referencesLeft == 0,
                let anchor = LogAnchor(bytes: bytes)
            else { return nil }
            return (transaction, anchor)
        }
    }

    @Test func `The log's root arrives on the chain, and the money comes back less the gas`() throws {
        let bureau = try bureau()
        let log = bureau.office.engine.state().delivery.log
        let before = bureau.agent.chain.balance(bureau.wallet.address).nanoTON
        #expect(try bureau.settle().isEmpty)
        let anchor = try #require(bureau.office.engine.anchors.last)
        let (transaction, said) = try #require(try found(bureau).first)
        #expect(said.size == 1 && said.root == log.root && said.originHash == LogAnchor.originHash(of: Self.origin))
        #expect(anchor.transaction?.hash.bytes == transaction.hash)
        #expect(anchor.message?.bytes == transaction.incoming.hash)
        #expect(anchor.transaction?.logicalTime == transaction.logicalTime && anchor.block == transaction.block)
        #expect(transaction.incoming.value == Coins(10_000_000) && !transaction.outcome.isAborted)
        let cost = before - bureau.agent.chain.balance(bureau.wallet.address).nanoTON
        #expect(cost > 0 && cost < 5_000_000, "\(cost)")
        let state = bureau.office.engine.settlementState
        #expect(state.transits.isEmpty && state.suspense.isEmpty && state.hold == nil)
        try bureau.office.engine.checkInvariants()
        #expect(try found(bureau).count == 1, "it has not grown")
        grow(bureau)
        #expect(try bureau.settle().isEmpty)
        #expect(try found(bureau).map(\.1.size) == [1, 2])
    }

    @Test func `It goes with payouts in one message`() throws {
        let bureau = try bureau()
        // What becomes of the payouts is an entry too, for which there is an anchor an hour later.
        bureau.office.give(.system, .settlement(.setAnchorPolicy(AnchorPolicy(interval: 3_600_000_000))))
        bureau.earn(Bureau.workers[0], 5)
        let terms = PayoutTerms(destination: try Bureau.destination(0), threshold: NanoTON(ton))
        bureau.office.give(Bureau.workers[0], .settlement(.setPayoutTerms(terms)))
        #expect(try bureau.settle().isEmpty)
        #expect(bureau.office.messages.count == 1)
        #expect(bureau.agent.chain.balance(try Bureau.address(0)).nanoTON == UInt128(5 * ton))
        #expect(try found(bureau).count == 1 && bureau.office.engine.anchors.last != nil)
        try bureau.office.engine.checkInvariants()
    }

    @Test func `A wallet that has too little is asked for an anchor once a minute`() throws {
        let bureau = try bureau(money: ton)
        let troubles = try bureau.settle(rounds: 40)
        // 120 seconds, and nobody else is to be paid.
        #expect((2...3).contains(troubles.count), "\(troubles)")
        #expect(troubles.allSatisfy { $0.contains("walletBalanceLow") }, "\(troubles)")
        #expect(bureau.office.messages.isEmpty)
        #expect(try bureau.agent.chain.fund(bureau.wallet.address, Coins(UInt64(ton))))
        _ = try bureau.settle(rounds: 40)
        #expect(try found(bureau).count == 1 && bureau.office.engine.anchoredSize == 1)
        try bureau.office.engine.checkInvariants()
    }

    @Test func `Without a name of the log nothing is anchored`() throws {
        let bureau = try bureau()
        bureau.origin = nil
        try bureau.restart()
        #expect(try bureau.settle(rounds: 10).isEmpty)
        #expect(bureau.office.messages.isEmpty && bureau.office.engine.hasAnchorDue)
    }

    /// As for payouts: everything fails for a while, and then nothing does.
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `What is confirmed is on the chain once, whatever fails`(seed: UInt64) throws {
        var numbers = Numbers(state: seed)
        let bureau = try bureau(finality: Int(seed % 4), hops: seed % 3)
        let terms = PayoutTerms(destination: try Bureau.destination(0), threshold: NanoTON(ton))
        bureau.office.give(Bureau.workers[0], .settlement(.setPayoutTerms(terms)))
        var earned: Int64 = 0
        for _ in 0..<120 {
            switch numbers.next() % 16 {
            case 0...1: grow(bureau)
            case 2:
                earned += ton
                bureau.earn(Bureau.workers[0], 1)
            case 3...11: try bureau.harm(using: &numbers)
            default: break
            }
            try bureau.settle(rounds: 1)
        }
        try bureau.restart()
        try bureau.settle(rounds: 120)
        try bureau.office.engine.checkInvariants()
        let state = bureau.office.engine.settlementState
        #expect(state.hold == nil && state.transits.isEmpty && state.suspense.isEmpty, "seed \(seed)")
        #expect(bureau.agent.chain.balance(try Bureau.address(0)).nanoTON == UInt128(earned))
        var confirmed: [AnchorRecord] = []
        for case .anchorSet(let anchor) in bureau.office.events where anchor.state == .confirmed {
            confirmed.append(anchor)
        }
        let found = try found(bureau)
        #expect(confirmed.map { $0.transaction?.hash.bytes } == found.map(\.0.hash), "seed \(seed)")
        #expect(confirmed.map(\.size) == found.map(\.1.size) && Set(confirmed.map(\.size)).count == found.count)
        for (_, anchor) in found { #expect(anchor.root == bureau.office.roots[Int64(anchor.size)], "seed \(seed)") }
        let size = bureau.office.engine.logSize
        #expect(state.anchors.open == nil && state.anchors.last?.size == size, "all of it, in the end")
    }
}
