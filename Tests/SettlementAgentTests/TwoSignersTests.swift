import Cryptography
import Engine
import Ledger
import LocalChain
import Settlement
import SettlementAgent
import TON
import Testing
import Units

/// One chain for two agents.
final class SharedChain: ChainClient {
    var chain: LocalChain

    init(_ chain: LocalChain) { self.chain = chain }

    func head() throws(ChainError) -> ChainHead { try chain.head() }

    func account(_ address: Address) throws(ChainError) -> ChainAccount { try chain.account(address) }

    func transactions(
        of address: Address,
        after logicalTime: UInt64,
        limit: Int
    ) throws(ChainError) -> [ChainTransaction] {
        try chain.transactions(of: address, after: logicalTime, limit: limit)
    }

    func transaction(ofMessage normalizedHash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try chain.transaction(ofMessage: normalizedHash)
    }

    func transaction(sendingMessage hash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try chain.transaction(sendingMessage: hash)
    }

    func send(_ bag: [UInt8]) throws(ChainError) -> SendAnswer { try chain.send(bag) }
}

/// The engine and the tables of a database that one epoch leads.
final class Realm {
    var office: EngineOffice
    var epoch: Int64 = 1

    init(_ office: EngineOffice) { self.office = office }
}

/// What the agent of an epoch reaches. When another epoch leads, it sees what it saw last, may read the tables, and is
/// refused whatever it writes, as `SettlementMessages` and the journal refuse it.
struct EpochOffice: SettlementOffice {
    let realm: Realm
    let epoch: Int64
    private var last: SettlementView

    init(_ realm: Realm) {
        self.realm = realm
        epoch = realm.epoch
        last = SettlementView(realm.office.engine)
    }

    private func lead() throws(OfficeError) {
        guard realm.epoch == epoch else { throw OfficeError("another epoch leads") }
    }

    mutating func view() throws(OfficeError) -> SettlementView {
        if realm.epoch == epoch { last = SettlementView(realm.office.engine) }
        return last
    }

    func submit(_ command: SettlementCommand) throws(OfficeError) -> Rejection? {
        try lead()
        return try realm.office.submit(command)
    }

    func message(of batch: SettlementID) throws(OfficeError) -> [UInt8]? { try realm.office.message(of: batch) }

    func store(_ bag: [UInt8], of batch: SettlementID) throws(OfficeError) {
        try lead()
        try realm.office.store(bag, of: batch)
    }
}

/// Two processes with the wallet's key, of which one believes that it leads still.
@Suite struct TwoSignersTests {
    private final class Pair {
        let realm: Realm
        let chain: SharedChain
        let wallet: Address
        private(set) var old: EpochOffice
        private var agents: [SettlementAgent<SharedChain>] = []
        private var new: EpochOffice?

        /// A worker has earned 5 TON.
        init() throws {
            let bureau = try Bureau()
            bureau.earn(Bureau.workers[0], 5)
            let terms = PayoutTerms(destination: try Bureau.destination(0), threshold: NanoTON(ton))
            #expect(bureau.office.give(Bureau.workers[0], .settlement(.setPayoutTerms(terms))) == nil)
            realm = Realm(bureau.office)
            chain = SharedChain(bureau.agent.chain)
            wallet = bureau.wallet.address
            old = EpochOffice(realm)
            for _ in 0..<2 {
                agents.append(SettlementAgent(chain, key: try Bureau.makeKey(), fees: .june2026))
            }
        }

        /// Another process leads from now on.
        func takeOver() {
            realm.epoch += 1
            new = EpochOffice(realm)
        }

        func pass(_ seconds: UInt64) {
            chain.chain.advance(seconds: seconds)
            realm.office.time += seconds
        }

        @discardableResult
        func roundOfOld() throws -> SettlementRound { try agents[0].round(&old) }

        /// Both work; the older is refused, which ends its round.
        func work(rounds: Int) throws {
            for _ in 0..<rounds {
                _ = try? agents[0].round(&old)
                if var office = new {
                    _ = try agents[1].round(&office)
                    new = office
                }
                pass(3)
            }
        }

        var paid: UInt128 {
            get throws { chain.chain.balance(try Bureau.address(0)).nanoTON }
        }

        /// Messages that the wallet has carried out.
        func carriedOut() throws -> Int {
            try chain.transactions(of: wallet, after: 0, limit: 1_000).count { $0.incoming.source == nil }
        }

        func expectPaidOnce() throws {
            try work(rounds: 60)
            #expect(try paid == UInt128(5 * ton))
            try realm.office.engine.checkInvariants()
            let state = realm.office.engine.settlementState
            #expect(state.hold == nil && state.suspense.isEmpty)
            #expect(realm.office.balance(Bureau.workers[0], .inSettlement) == 0)
        }
    }

    @Test func `An agent of an older epoch plans nothing, and sends nothing that is not stored`() throws {
        let pair = try Pair()
        pair.takeOver()
        #expect(throws: OfficeError.self) { try pair.roundOfOld() }
        #expect(pair.realm.office.engine.undecidedSettlements.isEmpty, "it has planned nothing")
        // A batch is planned and its message not stored yet.
        let other = try Pair()
        let head = try other.chain.head()
        let last = other.realm.office.engine.settlementWallets[0].last.logicalTime
        // Nothing is new to the old agent, so that it comes as far as sending.
        let scan = WalletScan(wallet: WalletID(1), lastLogicalTime: last, chainTime: head.time)
        #expect(other.realm.office.give(.system, .settlement(.walletScanned(scan))) == nil)
        let estimate = FeeEstimate(.june2026, queries: 0)
        let terms = SettlementPlanTerms(
            wallet: WalletID(1),
            chainTime: head.time,
            baseFee: estimate.base,
            feePerPayout: estimate.perPayout
        )
        #expect(other.realm.office.give(.system, .settlement(.plan(terms))) == nil)
        #expect(try other.old.message(of: other.realm.office.engine.undecidedSettlements[0].record.id) == nil)
        var stale = EpochOffice(other.realm)
        other.takeOver()
        let agent = SettlementAgent(other.chain, key: try Bureau.makeKey(), fees: .june2026)
        for _ in 0..<5 {
            #expect(throws: OfficeError.self) { try agent.round(&stale) }
            other.pass(3)
        }
        #expect(try other.carriedOut() == 0 && other.realm.office.messages.isEmpty)
        try other.expectPaidOnce()
        #expect(try other.carriedOut() == 1)
    }

    @Test func `What an older epoch sends are the bytes that are sent anyway, and are carried out once`() throws {
        let pair = try Pair()
        pair.chain.chain.inject(.loseBoth)
        try pair.roundOfOld()
        let id = try #require(pair.realm.office.engine.undecidedSettlements.first?.record.id)
        let stored = try #require(pair.realm.office.messages[id])
        pair.takeOver()
        // The old process goes on with what it knows.
        for _ in 0..<4 { #expect(try pair.chain.send(stored) != .refused(exitCode: nil)) }
        try pair.expectPaidOnce()
        #expect(try pair.carriedOut() == 1 && pair.realm.office.messages == [id: stored])
    }

    @Test func `What an older epoch sends too late is refused, though it was planned anew`() throws {
        let pair = try Pair()
        pair.chain.chain.inject(.loseBoth)
        try pair.roundOfOld()
        let id = try #require(pair.realm.office.engine.undecidedSettlements.first?.record.id)
        let stored = try #require(pair.realm.office.messages[id])
        pair.takeOver()
        // Nobody sends it while it is good; the new epoch proves that, and plans again.
        pair.pass(300)
        try pair.work(rounds: 3)
        #expect(pair.realm.office.messages.count == 2)
        for _ in 0..<4 {
            if case .taken = try pair.chain.send(stored) { Issue.record("it is out of date") }
            pair.pass(3)
        }
        try pair.expectPaidOnce()
        #expect(try pair.carriedOut() == 1)
    }
}
