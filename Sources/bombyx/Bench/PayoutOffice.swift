internal import Cryptography
internal import Engine
internal import Exchange
internal import Ledger
internal import LocalChain
internal import Settlement
internal import SettlementAgent
internal import TON
internal import Units

/// An engine inside of this process, as settlement's agent sees it; its answers are durable at once.
struct PayoutOffice: SettlementOffice {
    private(set) var engine = Engine()
    /// As they were signed, by batch.
    private(set) var messages: [SettlementID: [UInt8]] = [:]
    /// Of the engine, in seconds since 1970.
    var time: UInt64
    private var digests: UInt64 = 0

    init(time: UInt64) { self.time = time }

    func view() throws(OfficeError) -> SettlementView { SettlementView(engine) }

    mutating func submit(_ command: SettlementCommand) throws(OfficeError) -> Rejection? {
        give(.system, .settlement(command)).rejection
    }

    func message(of batch: SettlementID) throws(OfficeError) -> [UInt8]? { messages[batch] }

    mutating func store(_ bag: [UInt8], of batch: SettlementID) throws(OfficeError) {
        if messages[batch] == nil { messages[batch] = bag }
    }

    /// Carries a command out as the server's engine thread does, each in a batch of its own, with its digest.
    @discardableResult
    private mutating func give(
        _ account: AccountID,
        _ action: Command.Action
    ) -> (events: [Event], rejection: Rejection?) {
        var events: [Event] = []
        if engine.beginBatch(at: LogicalTime(microseconds: Int64(time) * 1_000_000)) {
            engine.apply(Command(account: .system, action: .tick), into: &events)
        }
        engine.apply(Command(account: account, action: action), into: &events)
        digests ^= engine.digest.low
        for case .rejected(let rejection) in events { return (events, rejection) }
        return (events, nil)
    }

    private mutating func require(_ account: AccountID, _ action: Command.Action) throws -> [Event] {
        let (events, rejection) = give(account, action)
        if let rejection { throw CommandFailure("the engine refuses \(action): \(rejection)") }
        return events
    }

    // MARK: Before it is measured

    /// Makes the wallet known.
    mutating func register(_ wallet: HighloadWalletV3, _ chain: inout LocalChain) throws {
        let state = try chain.account(wallet.address)
        guard let address = ChainHash(bytes: wallet.address.hash), let key = ChainHash(bytes: wallet.publicKey) else {
            throw CommandFailure("a hash has 32 bytes")
        }
        let terms = WalletTerms(
            address: address,
            publicKey: key,
            subwallet: wallet.subwallet,
            timeout: wallet.timeout,
            start: try WalletTranslation.position(state.lastLogicalTime, state.lastHash),
            startTime: try chain.head().time,
            balance: NanoTON(Int64(state.balance.nanoTON))
        )
        _ = try require(.system, .settlement(.registerWallet(terms)))
        _ = try require(.system, .settlement(.setTerms(SettlementTerms(coolingOff: 0))))
    }

    /// Opens the accounts 1 … for workers, then one for an app, and gives the memo of the app's deposits.
    mutating func open(_ workers: Int) throws -> String {
        for number in 0...workers {
            _ = try require(.system, .createAccount(AccountTerms(label: "bench \(number)")))
        }
        let memo = "0123456789"
        guard let known = DepositMemo(reading: memo) else { throw CommandFailure("\(memo) is no memo") }
        _ = try require(AccountID(Int64(workers) + 1), .settlement(.openDeposits(known)))
        return memo
    }

    /// Lets every worker earn such a sum, which the app pays, and name an address. Sums are multiples of a tenth of a
    /// TON.
    mutating func employ(_ earned: [Int64]) throws {
        let app = AccountID(Int64(earned.count) + 1)
        _ = try require(.system, .setFees(FeeTerms(rates: FeeRates(maker: BasisPoints(0), taker: BasisPoints(0)))))
        _ = try require(.system, .setModel(ModelTerms(name: "bombyx/bench")))
        // A tenth of a TON for a lot.
        let price = Price(nanoTONPerMTok: 100_000_000_000)
        for (index, sum) in earned.enumerated() {
            let worker = AccountID(Int64(index) + 1)
            let lots = Lots(sum / 100_000_000)
            let order = OrderTerms(price: price, lots: lots, timeInForce: .gtc)
            _ = try require(worker, .placeOffer(OfferTerms(order: order, model: ModelID(1))))
            let traded = try require(app, .placeBid(BidTerms(order: order, requirement: Requirement())))
            for case .traded(let trade) in traded {
                let lease = LeaseID(trade.id.rawValue)
                _ = try require(.system, .usage(lease, lots.tokens))
                _ = try require(.system, .endLease(lease))
            }
            guard let address = ChainHash(bytes: try Self.address(index).hash) else { continue }
            let destination = PayoutDestination(address: address, isBounceable: false)
            let terms = PayoutTerms(destination: destination, threshold: NanoTON(sum))
            _ = try require(worker, .settlement(.setPayoutTerms(terms)))
            guard balance(worker, .payable) == sum else { throw CommandFailure("worker \(index + 1) has not earned") }
        }
    }

    /// Where a worker, from 0, is paid.
    static func address(_ worker: Int) throws -> Address {
        guard let address = Address(workchain: 0, hash: SHA256.hash(Array("bench payee \(worker)".utf8)).bytes) else {
            throw CommandFailure("a hash has 32 bytes")
        }
        return address
    }

    // MARK: Measured

    /// Plans the next batch of the first wallet.
    mutating func plan(at chainTime: UInt64) throws {
        guard let wallet = engine.settlementWallets.first else { throw CommandFailure("there is no wallet") }
        let estimate = FeeEstimate(.june2026, queries: wallet.queries)
        let terms = SettlementPlanTerms(
            wallet: wallet.id,
            chainTime: chainTime,
            baseFee: estimate.base,
            feePerPayout: estimate.perPayout
        )
        if let rejection = try submit(.plan(terms)) { throw CommandFailure("the engine does not plan: \(rejection)") }
    }

    /// What an owner has.
    func balance(_ account: AccountID, _ kind: LedgerAccount.Kind) -> Int64 {
        balance(of: LedgerAccount(account, kind), in: account)
    }

    /// What the exchange has, or has spent.
    func balance(_ kind: LedgerAccount.SystemKind) -> Int64 { -balance(of: LedgerAccount(kind), in: .system) }

    private func balance(of wanted: LedgerAccount, in owner: AccountID) -> Int64 {
        for entry in engine.balances(of: owner) where entry.account == wanted {
            return Int64(entry.counters.credits - entry.counters.debits)
        }
        return 0
    }
}
