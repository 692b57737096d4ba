package import Units

/// What is to be done with money that enters and leaves by the chain.
///
/// The engine is the only one who knows what is owed to whom and what has become of it; who signs and sends does what a
/// plan says, and who reads the chain tells every transaction of a wallet, in order.
package enum SettlementCommand: Hashable, Sendable {
    /// The next wallet, with the money that it has: the operator's own.
    case registerWallet(WalletTerms)
    /// The giver's deposits come with this memo from now on, unless it has one: the first stays.
    case openDeposits(DepositMemo)
    /// Where, and from which sum on, what the giver has earned is paid out by itself; `nil` for never.
    case setPayoutTerms(PayoutTerms?)
    /// The giver's available money is to go to an address. It is in settlement at once, so that it cannot be spent.
    case requestWithdrawal(WithdrawalTerms)
    /// The giver takes a request back, while it is in no plan.
    case cancelWithdrawal(WithdrawalID)
    /// The operator has looked at a large one.
    case approveWithdrawal(WithdrawalID)
    case setTerms(SettlementTerms)
    /// Takes those who wait into the next batch of a wallet, and the log's root when it is due.
    case plan(SettlementPlanTerms)
    /// The next transaction of a wallet, finalized.
    case walletTransaction(WalletTransaction)
    /// The history of a wallet is known without gaps up to a time of the chain.
    case walletScanned(WalletScan)
    /// Money of nobody is somebody's: an account's, or the operator's (``AccountID/system``).
    case assignSuspense(SuspenseID, AccountID)
    /// No batch is planned from now on, or again; the exchange, deposits and the verdicts of the chain go on.
    case hold(SettlementHoldTerms)
    /// When the log's root is anchored from now on.
    case setAnchorPolicy(AnchorPolicy)
    /// The log's root is to be anchored with the next plan, before its time.
    case requestAnchor
    /// The operator says what has become of payouts that the chain contradicts.
    case resolve(SettlementResolution)
    /// A wallet is in no plan from now on and takes no new deposits, or is in use again.
    case setRetired(WalletID, Bool)
}

/// A highload wallet v3.
package struct WalletTerms: Hashable, Sendable {
    /// In the base chain.
    package var address: ChainHash
    /// Ed25519.
    package var publicKey: ChainHash
    package var subwallet: UInt32
    /// Seconds for which the wallet takes a message: 1…``Limits/walletTimeoutMax``.
    package var timeout: UInt32
    /// Its last transaction that is not told; what follows is.
    package var start: ChainPosition
    /// The time of the chain then, in seconds since 1970.
    package var startTime: UInt64
    /// What it has then: 0…``Limits/depositsMax``.
    package var balance: NanoTON

    package init(
        address: ChainHash,
        publicKey: ChainHash,
        subwallet: UInt32,
        timeout: UInt32,
        start: ChainPosition,
        startTime: UInt64,
        balance: NanoTON
    ) {
        self.address = address
        self.publicKey = publicKey
        self.subwallet = subwallet
        self.timeout = timeout
        self.start = start
        self.startTime = startTime
        self.balance = balance
    }
}

/// By what a deposit is known to be an account's: ``DepositMemo/length`` characters of Crockford's base 32, in upper
/// case. At 50 bits nobody finds another's by trying.
package struct DepositMemo: Hashable, Sendable {
    package let text: String

    package static let length = 10
    /// Its digits, in order.
    package static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Reads it as people write it: in either case, with O for 0, and I or L for 1; with blanks around it. `nil` when
    /// it is no memo.
    package init?(reading text: String) {
        var bytes: [UInt8] = []
        for byte in text.utf8.drop(while: Self.isBlank) {
            let upper = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte - 32 : byte
            switch upper {
            case UInt8(ascii: "O"): bytes.append(UInt8(ascii: "0"))
            case UInt8(ascii: "I"), UInt8(ascii: "L"): bytes.append(UInt8(ascii: "1"))
            default: bytes.append(upper)
            }
        }
        while let last = bytes.last, Self.isBlank(last) { bytes.removeLast() }
        guard bytes.count == Self.length, bytes.allSatisfy(Self.alphabet.contains) else { return nil }
        self.text = String(decoding: bytes, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }
}

/// Where money is to go.
package struct PayoutDestination: Hashable, Sendable {
    /// In the base chain.
    package var address: ChainHash
    /// Whether it is to come back when the address does not take it, as the form of the address said.
    package var isBounceable: Bool

    package init(address: ChainHash, isBounceable: Bool = false) {
        self.address = address
        self.isBounceable = isBounceable
    }
}

/// What an account has earned is paid out there.
package struct PayoutTerms: Hashable, Sendable {
    package var destination: PayoutDestination
    /// From this sum on; 1…``Limits/depositsMax``. The operator's minimum holds too.
    package var threshold: NanoTON

    package init(destination: PayoutDestination, threshold: NanoTON) {
        self.destination = destination
        self.threshold = threshold
    }
}

/// Money that an owner wants on the chain.
package struct WithdrawalTerms: Hashable, Sendable {
    package var destination: PayoutDestination
    /// 1…``Limits/depositsMax``; what payees bear of the fees is taken from it.
    package var amount: NanoTON
    /// 0…``Limits/payoutCommentBytesMax`` bytes, for the receiver.
    package var comment: String

    package init(destination: PayoutDestination, amount: NanoTON, comment: String = "") {
        self.destination = destination
        self.amount = amount
        self.comment = comment
    }
}

/// How money is settled from now on.
package struct SettlementTerms: Hashable, Sendable {
    /// The smallest payout, of either kind; more than ``payeeFee``.
    package var payoutMinimum: NanoTON
    /// What stays in each wallet whatever happens.
    package var walletReserve: NanoTON
    /// The operator's capital and fees less the costs of the network are never planned below this.
    package var capitalReserve: NanoTON
    /// What one account may withdraw in one day of UTC.
    package var accountDayMax: NanoTON
    /// Withdrawals of this or more wait until the operator approves them.
    package var approvalThreshold: NanoTON
    /// Microseconds for which nothing goes to an address that an account has not named before; 0 for none.
    package var coolingOff: Int64
    /// Deposits below this are nobody's until the operator looks.
    package var dustLimit: NanoTON
    /// What a payee bears of the costs of a payout; 0 when the operator bears them.
    package var payeeFee: NanoTON

    package init(
        payoutMinimum: NanoTON = NanoTON(100_000_000),
        walletReserve: NanoTON = NanoTON(1_000_000_000),
        capitalReserve: NanoTON = .zero,
        accountDayMax: NanoTON = NanoTON(Limits.depositsMax),
        approvalThreshold: NanoTON = NanoTON(Limits.depositsMax),
        coolingOff: Int64 = 86_400_000_000,
        dustLimit: NanoTON = NanoTON(10_000_000),
        payeeFee: NanoTON = .zero
    ) {
        self.payoutMinimum = payoutMinimum
        self.walletReserve = walletReserve
        self.capitalReserve = capitalReserve
        self.accountDayMax = accountDayMax
        self.approvalThreshold = approvalThreshold
        self.coolingOff = coolingOff
        self.dustLimit = dustLimit
        self.payeeFee = payeeFee
    }

    /// In force until the operator sets others: 0.1 TON, 1 TON in reserve, a day for new addresses.
    package static let initial = SettlementTerms()
}

/// What a plan needs to know of the chain.
package struct SettlementPlanTerms: Hashable, Sendable {
    package var wallet: WalletID
    /// What its clock shows, in seconds since 1970.
    package var chainTime: UInt64
    /// What a batch costs at most, whatever is in it, and for each of its payouts.
    package var baseFee: NanoTON
    package var feePerPayout: NanoTON
    /// The hash of the log's name, under which its root is anchored when that is due; `nil` if it is not to be.
    package var origin: ChainHash?

    package init(
        wallet: WalletID,
        chainTime: UInt64,
        baseFee: NanoTON,
        feePerPayout: NanoTON,
        origin: ChainHash? = nil
    ) {
        self.wallet = wallet
        self.chainTime = chainTime
        self.baseFee = baseFee
        self.feePerPayout = feePerPayout
        self.origin = origin
    }
}

/// A finalized transaction of a wallet, as far as money and messages are concerned.
package struct WalletTransaction: Hashable, Sendable {
    package var wallet: WalletID
    package var position: ChainPosition
    /// The wallet's transaction before it.
    package var previous: ChainPosition
    /// The chain's clock, in seconds since 1970.
    package var time: UInt64
    /// The block of the masterchain with which it is finalized.
    package var block: UInt64
    /// What the wallet has paid for it, with the carriage of what it sent.
    package var fee: NanoTON
    /// What the wallet has then.
    package var balance: NanoTON
    package var incoming: Incoming
    /// In the order in which they were sent; at most ``Limits/walletActionsMax``.
    package var outgoing: [Outgoing]
    /// 0 only if everything was carried out: the first code of the actions or of the wallet's code that is not.
    package var code: Int64
    /// Actions that were left out without a word.
    package var skipped: Int64

    package init(
        wallet: WalletID,
        position: ChainPosition,
        previous: ChainPosition,
        time: UInt64,
        block: UInt64,
        fee: NanoTON,
        balance: NanoTON,
        incoming: Incoming,
        outgoing: [Outgoing] = [],
        code: Int64 = 0,
        skipped: Int64 = 0
    ) {
        self.wallet = wallet
        self.position = position
        self.previous = previous
        self.time = time
        self.block = block
        self.fee = fee
        self.balance = balance
        self.incoming = incoming
        self.outgoing = outgoing
        self.code = code
        self.skipped = skipped
    }

    /// The message that it is about.
    package enum Incoming: Hashable, Sendable {
        /// From outside, signed for the wallet: the place of the query id (`QueryID(place:)`) and its time.
        case external(place: UInt32, createdAt: UInt64)
        /// What the wallet sent itself, by the message's hash.
        case own(ChainHash, NanoTON)
        /// Somebody's money, with a comment of 0…``Limits/depositCommentBytesMax`` bytes; `nil` for none.
        case deposit(comment: String?, source: ChainHash, amount: NanoTON)
        /// Money that came back; by the hash of the message with which the wallet had sent it, `nil` if unknown.
        case bounced(ChainHash?, NanoTON)
        /// Anything else.
        case other(NanoTON)

        /// The names in SQL, in the order of the kinds.
        package static let names = ["external", "own", "deposit", "bounced", "other"]
    }

    /// A message that the wallet has sent.
    package struct Outgoing: Hashable, Sendable {
        /// In the base chain.
        package var address: ChainHash
        package var amount: NanoTON
        /// Of the message.
        package var hash: ChainHash

        package init(address: ChainHash, amount: NanoTON, hash: ChainHash) {
            self.address = address
            self.amount = amount
            self.hash = hash
        }
    }
}

/// See ``SettlementCommand/walletScanned(_:)``.
package struct WalletScan: Hashable, Sendable {
    package var wallet: WalletID
    /// The logical time of the last transaction that was told.
    package var lastLogicalTime: UInt64
    /// The chain's clock, in seconds since 1970: everything until then is final and was told.
    package var chainTime: UInt64

    package init(wallet: WalletID, lastLogicalTime: UInt64, chainTime: UInt64) {
        self.wallet = wallet
        self.lastLogicalTime = lastLogicalTime
        self.chainTime = chainTime
    }
}

/// See ``SettlementCommand/hold(_:)``.
package struct SettlementHoldTerms: Hashable, Sendable {
    package var isHeld: Bool
    /// 0…``Limits/holdReasonBytesMax`` bytes, for people.
    package var reason: String

    package init(isHeld: Bool, reason: String = "") {
        self.isHeld = isHeld
        self.reason = reason
    }
}
