import Engine
import Exchange
import Ledger
import Provenance
import Settlement
import Units

/// Two workers, an app, a wallet and a chain that does what it is told: an engine for tests of settlement.
struct SettlementDesk {
    static let workers = [AccountID(1), AccountID(2)]
    static let app = AccountID(3)
    static let ton: Int64 = 1_000_000_000
    /// Of every wallet.
    static let timeout: UInt64 = 60
    /// What every transaction costs.
    static let fee: Int64 = 1_000_000

    var engine = Engine()
    var chain = NaiveChain()
    /// What the log was told.
    private(set) var statements: [LogStatement] = []
    private let rules: Int32
    /// Logical time; seconds pass with the chain's.
    var time: Int64 { Int64(chain.time) * 1_000_000 }

    init(terms: SettlementTerms = SettlementTerms(coolingOff: 0), rules: Int32 = RulesVersion.current) {
        self.rules = rules
        begin()
        for label in ["w1", "w2", "app"] { give(.system, .createAccount(AccountTerms(label: label))) }
        give(.system, .setFees(FeeTerms(rates: FeeRates(maker: BasisPoints(0), taker: BasisPoints(0)))))
        give(.system, .setModel(ModelTerms(name: "m")))
        give(.system, .settlement(.setTerms(terms)))
    }

    mutating func begin() { _ = engine.beginBatch(at: LogicalTime(microseconds: time), gap: 0, rules: rules) }

    /// Carries a command out.
    @discardableResult
    mutating func give(_ account: AccountID, key: KeyID = KeyID(0), _ action: Command.Action) -> [Event] {
        var events: [Event] = []
        engine.apply(Command(account: account, key: key, action: action), into: &events)
        for case .lease(.stated(let record)) in events { statements.append(record.statement) }
        return events
    }

    /// Why a command is refused; `nil` when it is carried out.
    mutating func refusal(_ account: AccountID, _ action: SettlementCommand) -> Rejection? {
        for case .rejected(let rejection) in give(account, .settlement(action)) { return rejection }
        return nil
    }

    mutating func pass(_ seconds: UInt64) {
        chain.time += seconds
        begin()
    }

    // MARK: Money

    /// A wallet with so much.
    mutating func open(balance: Int64) {
        let wallet = chain.addWallet(balance: balance)
        let terms = WalletTerms(
            address: chain.wallets[wallet].address,
            publicKey: SettlementCommands.hash(1),
            subwallet: 0,
            timeout: UInt32(Self.timeout),
            start: chain.wallets[wallet].last,
            startTime: chain.time,
            balance: NanoTON(balance)
        )
        give(.system, .settlement(.registerWallet(terms)))
    }

    /// A worker earns so many TON, which the app pays from money by hand.
    mutating func earn(_ worker: AccountID, _ lots: Int64) {
        give(.system, .deposit(to: Self.app, amount: NanoTON(lots * Self.ton)))
        let price = Price(nanoTONPerMTok: 1_000 * Self.ton)
        let order = OrderTerms(price: price, lots: Lots(lots), timeInForce: .gtc)
        give(worker, .placeOffer(OfferTerms(order: order, model: ModelID(1))))
        for case .traded(let trade) in give(Self.app, .placeBid(BidTerms(order: order, requirement: Requirement()))) {
            let lease = LeaseID(trade.id.rawValue)
            give(.system, .usage(lease, Lots(lots).tokens))
            give(.system, .endLease(lease))
        }
    }

    func balance(_ account: AccountID, _ kind: LedgerAccount.Kind) -> Int64 {
        let account = LedgerAccount(account, kind)
        for entry in engine.balances(of: account.owner) where entry.account == account {
            return Int64(entry.counters.credits - entry.counters.debits)
        }
        return 0
    }

    func balance(_ kind: LedgerAccount.SystemKind) -> Int64 {
        for entry in engine.balances(of: .system) where entry.account == LedgerAccount(kind) {
            return Int64(abs(entry.counters.credits - entry.counters.debits))
        }
        return 0
    }

    // MARK: Steps of settlement

    func address(_ number: UInt64) -> PayoutDestination {
        PayoutDestination(address: SettlementCommands.hash(1_000 + number))
    }

    mutating func setPayoutTerms(_ worker: AccountID, _ address: UInt64, threshold: Int64 = ton) -> Rejection? {
        let terms = PayoutTerms(destination: self.address(address), threshold: NanoTON(threshold))
        return refusal(worker, .setPayoutTerms(terms))
    }

    mutating func withdraw(_ account: AccountID, _ amount: Int64, to address: UInt64) -> Rejection? {
        let terms = WithdrawalTerms(destination: self.address(address), amount: NanoTON(amount))
        return refusal(account, .requestWithdrawal(terms))
    }

    mutating func plan(_ wallet: Int = 0, origin: ChainHash? = nil) -> Rejection? {
        refusal(
            .system,
            .plan(
                SettlementPlanTerms(
                    wallet: WalletID(Int64(wallet) + 1),
                    chainTime: chain.time,
                    baseFee: NanoTON(5 * Self.fee),
                    feePerPayout: NanoTON(Self.fee),
                    origin: origin
                )
            )
        )
    }

    /// Tells the engine what it has not been told of a wallet, and that this was all.
    @discardableResult
    mutating func tell(_ wallet: Int = 0) -> Rejection? {
        let told = engine.state().settlement.wallets[wallet].last.logicalTime
        for transaction in chain.wallets[wallet].history where transaction.position.logicalTime > told {
            if let refusal = refusal(.system, .walletTransaction(transaction)) { return refusal }
        }
        let last = chain.wallets[wallet].last.logicalTime
        let id = WalletID(Int64(wallet) + 1)
        return refusal(.system, .walletScanned(WalletScan(wallet: id, lastLogicalTime: last, chainTime: chain.time)))
    }

    /// The batches that the engine has, with their payouts.
    var batches: [(record: SettlementRecord, payouts: [PayoutRecord])] {
        let state = engine.state().settlement
        return state.batches.map { batch in (batch, state.payouts.filter { $0.id.batch == batch.id }) }
    }
}

/// A chain of wallets and strangers, as simple as one can be: every transaction is final at once.
struct NaiveChain {
    struct Wallet {
        var address: ChainHash
        var balance: Int64
        var history: [WalletTransaction] = []
        var last = SettlementCommands.position(0)
        /// Places of query ids that the wallet has used.
        var used: Set<UInt32> = []
        /// Messages to itself that are on their way.
        var own: [(hash: ChainHash, value: Int64, payouts: [PayoutRecord], anchor: AnchorRecord?)] = []
    }

    var time: UInt64 = 1_800_000_000
    var wallets: [Wallet] = []
    /// What every address has got, and what of it came back.
    var received: [ChainHash: Int64] = [:]
    /// What the wallets have said of the log.
    var anchored: [AnchorRecord] = []
    private var next: UInt64 = 10

    mutating func addWallet(balance: Int64) -> Int {
        next += 1
        wallets.append(Wallet(address: SettlementCommands.hash(500_000 + next), balance: balance))
        return wallets.count - 1
    }

    private mutating func newHash() -> ChainHash {
        next += 1
        return SettlementCommands.hash(1 << 32 + next)
    }

    /// Whether the wallet takes the message of a batch now.
    func takes(_ batch: SettlementRecord, _ wallet: Int) -> Bool {
        let signed = batch.signed
        return !wallets[wallet].used.contains(signed.place) && time >= signed.createdAt
            && time < signed.createdAt + signed.timeout
    }

    /// The message of a batch arrives. The query id is used up, and nothing is sent, if it is to burn.
    mutating func send(
        _ batch: SettlementRecord,
        _ payouts: [PayoutRecord],
        _ wallet: Int,
        anchor: AnchorRecord? = nil,
        burns: Bool = false
    ) {
        guard takes(batch, wallet) else { return }
        wallets[wallet].used.insert(batch.signed.place)
        var outgoing: [WalletTransaction.Outgoing] = []
        let value = batch.signed.value.count
        if !burns, wallets[wallet].balance >= value + SettlementDesk.fee {
            let hash = newHash()
            outgoing = [.init(address: wallets[wallet].address, amount: batch.signed.value, hash: hash)]
            wallets[wallet].own.append((hash, value, payouts, anchor))
        }
        record(wallet, .external(place: batch.signed.place, createdAt: batch.signed.createdAt), outgoing)
    }

    /// The next message of a wallet to itself arrives; nothing is sent if it fails, and `other` replaces its payouts.
    mutating func deliver(_ wallet: Int, fails: Bool = false, other: [WalletTransaction.Outgoing]? = nil) {
        guard !wallets[wallet].own.isEmpty else { return }
        let message = wallets[wallet].own.removeFirst()
        var outgoing: [WalletTransaction.Outgoing] = []
        if let other {
            outgoing = other
        } else if !fails {
            for payout in message.payouts {
                outgoing.append(.init(address: payout.destination.address, amount: payout.amount, hash: newHash()))
            }
        }
        for sent in outgoing { received[sent.address, default: 0] += sent.amount.count }
        if let anchor = message.anchor, other == nil, !fails {
            outgoing.append(.init(address: wallets[wallet].address, amount: anchor.amount, hash: newHash()))
            wallets[wallet].own.append((outgoing[outgoing.count - 1].hash, anchor.amount.count, [], nil))
            anchored.append(anchor)
        }
        record(wallet, .own(message.hash, NanoTON(message.value)), outgoing, code: fails ? 37 : 0)
    }

    /// What was sent with a message comes back, less some.
    mutating func bounce(_ hash: ChainHash?, _ amount: Int64, from address: ChainHash, _ wallet: Int) {
        received[address, default: 0] -= amount
        record(wallet, .bounced(hash, NanoTON(amount)))
    }

    mutating func deposit(_ comment: String?, _ amount: Int64, _ wallet: Int) {
        record(wallet, .deposit(comment: comment, source: SettlementCommands.hash(3), amount: NanoTON(amount)))
    }

    /// The wallet has used a message; so it is in its history.
    mutating func record(
        _ wallet: Int,
        _ incoming: WalletTransaction.Incoming,
        _ outgoing: [WalletTransaction.Outgoing] = [],
        code: Int64 = 0
    ) {
        let sent = outgoing.reduce(0) { $0 + $1.amount.count }
        let fee = min(SettlementDesk.fee, wallets[wallet].balance + incoming.amount.count - sent)
        wallets[wallet].balance += incoming.amount.count - sent - fee
        next += 1
        let position = ChainPosition(logicalTime: next, hash: newHash())
        wallets[wallet].history.append(
            WalletTransaction(
                wallet: WalletID(Int64(wallet) + 1),
                position: position,
                previous: wallets[wallet].last,
                time: time,
                block: time / 5,
                fee: NanoTON(fee),
                balance: NanoTON(wallets[wallet].balance),
                incoming: incoming,
                outgoing: outgoing,
                code: code
            )
        )
        wallets[wallet].last = position
    }
}
