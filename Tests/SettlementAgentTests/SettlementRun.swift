import Cryptography
import Engine
import Exchange
import LocalChain
import Settlement
import SettlementAgent
import TON
import Testing
import Units

/// An exchange with an app, two workers and one or two wallets in a ``Scene``, and what people do there.
final class SettlementRun {
    static let workers = [AccountID(1), AccountID(2)]
    static let app = AccountID(3)
    static let memo = "0123456789"
    /// An address that refuses what it is sent, for withdrawals, and another, for what is earned.
    static let refusal = 9
    static let refusalOfWorkers = 8

    /// How a run is set up.
    struct Setup {
        var seed: UInt64 = 1
        var finality = 2
        var hops: UInt64 = 0
        var wallets: UInt32 = 1
        /// nanoTON of each wallet.
        var money: Int64 = 1_000 * ton
        /// nanoTON that a payee bears.
        var payeeFee: Int64 = 0
        /// Seconds.
        var coolingOff: Int64 = 0
        /// Whether what the second worker earns comes back.
        var isRefused = false
    }

    let setup: Setup
    let scene: Scene
    let wallets: [HighloadWalletV3]
    let user: WalletV5R1
    private let key: SigningKey
    private var userNumber: UInt32 = 0
    /// What the chain had in each wallet when the exchange learned of it.
    private(set) var opening: Int64 = 0
    /// Money that the operator booked by hand, for the app.
    private(set) var booked: Int64 = 0
    private(set) var earned: [Int64] = [0, 0]
    private var withdrawalCount = 0
    private var lossesLeft = 20

    init(_ setup: Setup) throws {
        self.setup = setup
        key = try Bureau.makeKey()
        let publicKey = key.publicKey
        wallets = try (0..<setup.wallets).map {
            try HighloadWalletV3(publicKey: publicKey, subwallet: HighloadWalletV3.subwalletDefault + $0, timeout: 60)
        }
        user = WalletV5R1(publicKey: publicKey, network: .testnet)
        let settings = LocalChain.Settings(
            start: 1_800_000_000,
            finalityBlocks: setup.finality,
            hopBlocks: setup.hops
        )
        var chain = LocalChain(settings)
        for wallet in wallets {
            chain.install(wallet)
            _ = try chain.fund(wallet.address, Coins(UInt64(setup.money)))
        }
        chain.install(user)
        _ = try chain.fund(user.address, Coins(UInt64(5_000 * ton)))
        for number in [Self.refusal, Self.refusalOfWorkers] { chain.installRefusal(at: try Bureau.address(number)) }
        chain.advance(seconds: 10)
        scene = Scene(chain, seed: setup.seed &* 77, makeKey: Bureau.makeKey)
        try open()
    }

    private func open() throws {
        for label in ["w1", "w2", "app"] { try accept(.system, .createAccount(AccountTerms(label: label))) }
        try accept(.system, .setFees(FeeTerms(rates: FeeRates(maker: BasisPoints(0), taker: BasisPoints(0)))))
        try accept(.system, .setModel(ModelTerms(name: "m")))
        let terms = SettlementTerms(coolingOff: setup.coolingOff * 1_000_000, payeeFee: NanoTON(setup.payeeFee))
        try accept(.system, .settlement(.setTerms(terms)))
        for wallet in wallets {
            let state = try scene.chain.account(wallet.address)
            opening += Int64(state.balance.nanoTON)
            let terms = WalletTerms(
                address: try #require(ChainHash(bytes: wallet.address.hash)),
                publicKey: try #require(ChainHash(bytes: wallet.publicKey)),
                subwallet: wallet.subwallet,
                timeout: wallet.timeout,
                start: try WalletTranslation.position(state.lastLogicalTime, state.lastHash),
                startTime: try scene.chain.head().time,
                balance: NanoTON(Int64(state.balance.nanoTON))
            )
            try accept(.system, .settlement(.registerWallet(terms)))
        }
        let memo = try #require(DepositMemo(reading: Self.memo))
        try accept(Self.app, .settlement(.openDeposits(memo)))
        for (index, worker) in Self.workers.enumerated() {
            let terms = PayoutTerms(destination: try destination(of: index), threshold: NanoTON(ton))
            try accept(worker, .settlement(.setPayoutTerms(terms)))
        }
        try book(200 * ton)
        try scene.commit()
    }

    private func accept(_ account: AccountID, _ action: Command.Action) throws {
        let rejection = try scene.give(account, action)
        try #require(rejection == nil, "\(action)")
    }

    private func book(_ amount: Int64) throws {
        try accept(.system, .deposit(to: Self.app, amount: NanoTON(amount)))
        booked += amount
    }

    /// Where a worker is paid.
    func destination(of worker: Int) throws -> PayoutDestination {
        worker == 1 && setup.isRefused
            ? try Bureau.destination(Self.refusalOfWorkers, isBounceable: true) : try Bureau.destination(worker)
    }

    // MARK: What people do

    /// A worker earns so many TON, which the app pays from money that is booked for it. Durable at once.
    func earn(_ worker: Int, _ lots: Int64) throws {
        try book(lots * ton)
        let order = OrderTerms(price: Price(nanoTONPerMTok: 1_000 * ton), lots: Lots(lots), timeInForce: .gtc)
        try accept(Self.workers[worker], .placeOffer(OfferTerms(order: order, model: ModelID(1))))
        try accept(Self.app, .placeBid(BidTerms(order: order, requirement: Requirement())))
        let leases = try scene.leader().process.engine.state().leases.map(\.id)
        for lease in leases {
            try accept(.system, .usage(lease, Lots(lots).tokens))
            try accept(.system, .endLease(lease))
        }
        earned[worker] += lots * ton
        try scene.commit()
    }

    /// The app wants money at an address, with a comment that no other has.
    func withdraw(to number: Int, _ amount: Int64 = ton) throws {
        withdrawalCount += 1
        let terms = WithdrawalTerms(
            destination: try Bureau.destination(number, isBounceable: number == Self.refusal),
            amount: NanoTON(amount),
            comment: "withdrawal \(withdrawalCount)"
        )
        _ = try scene.give(Self.app, .settlement(.requestWithdrawal(terms)))
    }

    /// The app takes the newest withdrawal back that is in no batch.
    func cancel() throws {
        let open = try scene.leader().process.engine.settlementState.withdrawals.last { $0.state == .requested }
        guard let open else { return }
        _ = try scene.give(Self.app, .settlement(.cancelWithdrawal(open.id)))
    }

    func hold(_ isHeld: Bool) throws {
        _ = try scene.give(.system, .settlement(.hold(SettlementHoldTerms(isHeld: isHeld))))
    }

    /// A user pays to the first wallet, without any server.
    func pay(_ comment: String, _ amount: Int64) throws {
        let payout = try Payout(to: wallets[0].address, amount: Coins(UInt64(amount)), comment: comment).message()
        let message = try user.message(
            [SendAction(payout, mode: [.paysFees, .ignoresErrors])],
            sequenceNumber: scene.chain.sequenceNumber(at: user.address) ?? 0,
            validUntil: UInt32(scene.chain.now + 600),
            signedBy: key
        )
        _ = try? scene.chain.send(message.bag())
    }

    // MARK: The end

    /// Nothing goes wrong any more, and everything comes to its end, if it does: at least so many rounds, in which
    /// arrives what is delayed.
    func calmDown(rounds: Int) throws {
        scene.script = .calm
        scene.endFormer()
        try scene.takeOver()
        try hold(false)
        var quiet = 0
        for round in 0..<150 {
            try scene.round(scene.leader())
            quiet = try isSettled() ? quiet + 1 : 0
            // What was paid last may still come back, over as many blocks as a message and its answer take.
            if round >= rounds, quiet >= Self.quietRounds { break }
            // The first wallets had little.
            if scene.chain.balance(wallets[0].address).nanoTON < 100 * UInt128(ton) { try pay("", 500 * ton) }
            scene.pass(10)
        }
    }

    private static let quietRounds = 8

    func isSettled() throws -> Bool {
        let engine = try scene.leader().process.engine
        let status = engine.settlementStatus
        return status.waiting == 0 && status.undecided == 0 && !engine.hasPayoutsWaiting
            && engine.settlementState.transits.isEmpty
    }
}

extension SettlementRun {
    /// The setup of a seed.
    static func setup(_ seed: UInt64) -> Setup {
        Setup(
            seed: seed,
            finality: Int(seed % 4),
            hops: seed % 3,
            wallets: seed % 5 == 0 ? 2 : 1,
            money: seed % 7 == 0 ? 12 * ton : 1_000 * ton,
            payeeFee: seed % 2 == 0 ? 0 : ton / 50,
            coolingOff: seed % 6 == 0 ? 40 : 0,
            isRefused: seed % 4 == 3
        )
    }

    /// A run of a seed: for a while everything goes wrong, then nothing. Gives what is not as it must be.
    static func differences(_ seed: UInt64) throws -> (differences: [String], run: SettlementRun) {
        let run = try SettlementRun(setup(seed))
        var numbers = Numbers(state: seed)
        run.scene.script = .random(oneIn: 8 + numbers.next() % 60)
        for _ in 0..<70 {
            try run.act(using: &numbers)
            run.scene.round(try run.scene.leader())
            if let former = run.scene.former {
                run.scene.round(former)
                if numbers.next() % 4 == 0 { run.scene.endFormer() }
            }
            run.scene.pass(numbers.next() % 6)
        }
        try run.calmDown(rounds: 20)
        return (try SettlementAudit(run).differences, run)
    }

    private func act(using numbers: inout Numbers) throws {
        switch numbers.next() % 20 {
        case 0, 1: try earn(Int(numbers.next() % 2), Int64(numbers.next() % 4) + 1)
        case 2, 3: try withdraw(to: [2, 3, Self.refusal].randomElement(using: &numbers) ?? 2)
        case 4: try cancel()
        case 5: try pay(Self.memo, Int64(numbers.next() % 3 + 1) * ton)
        case 6: try pay(["", "nobody's", Self.memo].randomElement(using: &numbers) ?? "", 1_000_000)
        case 7: try hold(numbers.next() % 3 == 0)
        case 8: try scene.commit()
        case 9...14: harm(using: &numbers)
        default: break
        }
    }

    /// Something goes wrong on the chain.
    private func harm(using numbers: inout Numbers) {
        let kind = numbers.next() % 12
        switch kind {
        case ..<LocalChain.harms: scene.chain.harm(kind, using: &numbers)
        case 9, 10: scene.leaveBehind()
        // Long enough for what is signed to expire, once.
        default:
            for _ in 0..<lossesLeft { scene.chain.inject(.loseMessage) }
            lossesLeft = 0
        }
    }
}
