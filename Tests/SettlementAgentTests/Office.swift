import Cryptography
import Engine
import Exchange
import Ledger
import LocalChain
import Provenance
import Settlement
import SettlementAgent
import TON
import Testing
import Units

let ton: Int64 = 1_000_000_000

/// An engine of its own, whose answers are durable at once.
struct EngineOffice: SettlementOffice {
    var engine = Engine()
    var messages: [SettlementID: [UInt8]] = [:]
    var events: [SettlementEvent] = []
    /// Of the engine, in seconds.
    var time: UInt64 = 1_800_000_000
    /// The log's root with each of the sizes that it has had.
    var roots: [Int64: Digest256] = [:]

    func view() throws(OfficeError) -> SettlementView { SettlementView(engine) }

    mutating func submit(_ command: SettlementCommand) throws(OfficeError) -> Rejection? {
        give(.system, .settlement(command))
    }

    func message(of batch: SettlementID) throws(OfficeError) -> [UInt8]? { messages[batch] }

    mutating func store(_ bag: [UInt8], of batch: SettlementID) throws(OfficeError) {
        if messages[batch] == nil { messages[batch] = bag }
    }

    /// Carries a command out; gives why it was refused.
    @discardableResult
    mutating func give(_ account: AccountID, _ action: Command.Action) -> Rejection? {
        _ = engine.beginBatch(at: LogicalTime(microseconds: Int64(time) * 1_000_000))
        // What is journaled is what was meant.
        var bytes: [UInt8] = []
        let command = Command(account: account, action: action)
        command.encode(into: &bytes)
        #expect(!bytes.isEmpty)
        var found: [Event] = []
        engine.apply(command, into: &found)
        if roots[engine.logSize] == nil { roots[engine.logSize] = engine.state().delivery.log.root }
        for case .settlement(let event) in found { events.append(event) }
        for case .rejected(let rejection) in found { return rejection }
        return nil
    }

    func balance(_ account: AccountID, _ kind: LedgerAccount.Kind) -> Int64 {
        let wanted = LedgerAccount(account, kind)
        for entry in engine.balances(of: account) where entry.account == wanted {
            return Int64(entry.counters.credits - entry.counters.debits)
        }
        return 0
    }
}

/// Numbers from a seed.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// An exchange with two workers, an app, wallets on a local chain, and who carries out its settlement.
final class Bureau {
    static let workers = [AccountID(1), AccountID(2)]
    static let app = AccountID(3)

    var office = EngineOffice()
    var agent: SettlementAgent<LocalChain>
    let wallets: [HighloadWalletV3]
    var wallet: HighloadWalletV3 { wallets[0] }
    let user: WalletV5R1
    private let key: SigningKey
    private var userNumber: UInt32 = 0
    /// The name of the log that is anchored after the next start; `nil` for none.
    var origin: String?

    static func makeKey() throws -> SigningKey { try SigningKey(seed: [UInt8](repeating: 9, count: 32).span) }

    /// With so many wallets of one key, which have so much each.
    init(finality: Int = 2, hops: UInt64 = 0, money: Int64 = 1_000 * ton, wallets count: Int = 1) throws {
        key = try Self.makeKey()
        let publicKey = key.publicKey
        wallets = try (0..<count).map {
            try HighloadWalletV3(publicKey: publicKey, subwallet: 7 + UInt32($0), timeout: 60)
        }
        user = WalletV5R1(publicKey: key.publicKey, network: .testnet)
        var chain = LocalChain(LocalChain.Settings(start: office.time, finalityBlocks: finality, hopBlocks: hops))
        for wallet in wallets { chain.install(wallet) }
        chain.install(user)
        chain.installRefusal(at: try Self.address(9))
        for address in wallets.map(\.address) + [user.address] {
            #expect(try chain.fund(address, Coins(UInt64(money))))
        }
        chain.advance(seconds: 10)
        office.time = chain.now
        agent = SettlementAgent(chain, key: try Self.makeKey(), fees: .june2026)
        for label in ["w1", "w2", "app"] { office.give(.system, .createAccount(AccountTerms(label: label))) }
        office.give(.system, .setFees(FeeTerms(rates: FeeRates(maker: BasisPoints(0), taker: BasisPoints(0)))))
        office.give(.system, .setModel(ModelTerms(name: "m")))
        office.give(.system, .settlement(.setTerms(SettlementTerms(coolingOff: 0))))
        for wallet in wallets { try register(wallet) }
    }

    private func register(_ wallet: HighloadWalletV3) throws {
        let state = try agent.chain.account(wallet.address)
        let terms = WalletTerms(
            address: try #require(ChainHash(bytes: wallet.address.hash)),
            publicKey: try #require(ChainHash(bytes: wallet.publicKey)),
            subwallet: wallet.subwallet,
            timeout: wallet.timeout,
            start: try WalletTranslation.position(state.lastLogicalTime, state.lastHash),
            startTime: try agent.chain.head().time,
            balance: NanoTON(Int64(state.balance.nanoTON))
        )
        #expect(office.give(.system, .settlement(.registerWallet(terms))) == nil)
    }

    /// An address without code; that of 9 refuses what it is sent.
    static func address(_ number: Int) throws -> Address {
        try #require(Address(workchain: 0, hash: SHA256.hash(Array("payee \(number)".utf8)).bytes))
    }

    static func destination(_ number: Int, isBounceable: Bool = false) throws -> PayoutDestination {
        let hash = try #require(ChainHash(bytes: try address(number).hash))
        return PayoutDestination(address: hash, isBounceable: isBounceable)
    }

    /// A worker earns so many TON, which the app pays from money by hand.
    func earn(_ worker: AccountID, _ lots: Int64) {
        office.give(.system, .deposit(to: Self.app, amount: NanoTON(lots * ton)))
        let order = OrderTerms(price: Price(nanoTONPerMTok: 1_000 * ton), lots: Lots(lots), timeInForce: .gtc)
        office.give(worker, .placeOffer(OfferTerms(order: order, model: ModelID(1))))
        var events: [Event] = []
        let bid = Command(account: Self.app, action: .placeBid(BidTerms(order: order, requirement: Requirement())))
        office.engine.apply(bid, into: &events)
        for case .traded(let trade) in events {
            let lease = LeaseID(trade.id.rawValue)
            office.give(.system, .usage(lease, Lots(lots).tokens))
            office.give(.system, .endLease(lease))
        }
    }

    /// A user pays in with a comment, at once or when the chain takes it.
    func pay(_ comment: String, _ amount: Int64, to number: Int = 0) throws {
        let payout = try Payout(to: wallets[number].address, amount: Coins(UInt64(amount)), comment: comment).message()
        let message = try user.message(
            [SendAction(payout, mode: [.paysFees, .ignoresErrors])],
            sequenceNumber: userNumber,
            validUntil: UInt32(agent.chain.now + 600),
            signedBy: key
        )
        if try agent.chain.send(message.bag()) == .taken { userNumber += 1 }
    }

    /// Seconds pass, for the chain and the engine.
    func pass(_ seconds: UInt64) {
        agent.chain.advance(seconds: seconds)
        office.time += seconds
    }

    /// Rounds until nothing happens any more.
    @discardableResult
    func settle(rounds: Int = 60) throws -> [String] {
        var troubles: [String] = []
        for _ in 0..<rounds {
            do throws(OfficeError) { troubles += try agent.round(&office).troubles } catch {
                troubles.append("\(error)")
            }
            pass(3)
        }
        return troubles
    }

    /// Another process goes on: what the agent had in memory is lost.
    func restart() throws {
        agent = SettlementAgent(agent.chain, key: try Self.makeKey(), fees: .june2026, origin: origin)
    }

    /// Something goes wrong next.
    func harm(using numbers: inout Numbers) throws {
        let kind = numbers.next() % 10
        if kind < LocalChain.harms { agent.chain.harm(kind, using: &numbers) } else { try restart() }
    }
}

extension LocalChain {
    /// How many kinds of ``harm(_:using:)`` there are.
    static var harms: UInt64 { 9 }

    /// Something goes wrong on the chain.
    mutating func harm(_ kind: UInt64, using numbers: inout Numbers) {
        switch kind {
        case 0: inject(.loseAnswer)
        case 1: inject(.loseBoth)
        case 2: inject(.delay(seconds: numbers.next() % 90))
        case 3: inject(.duplicate(seconds: numbers.next() % 90))
        case 4: inject(.refuse(exitCode: 35))
        case 5: burnNext()
        case 6: stall(seconds: numbers.next() % 80)
        case 7: silence(reads: Int(numbers.next() % 6))
        default: fork(keepingMessages: numbers.next() % 2 == 0)
        }
    }
}
