package import Cryptography
package import Engine
package import Units

/// What is to be done with a request. The rarer and larger ones lie elsewhere, so that a command is moved cheaply.
package enum Admission: Sendable {
    /// Nothing more: a problem, or an answer that needs nobody.
    case answer(APIResponse)
    /// Give the command to the engine; the shape says how to write its outcome (``Answer/render(_:_:)``).
    case command(Command, AnswerShape)
    indirect case query(EngineQuery)
    indirect case history(HistoryQuery)
    indirect case book(BookQuery)
    indirect case models(ModelsQuery)
    indirect case market(MarketQuery)
    case operations(Operation)
    /// Give the commands among them to the engine together, and answer all of them at once (``Answer/batch(_:)``).
    indirect case batch([BatchItem])
    indirect case stream(StreamQuery)
    /// Write a checkpoint and give the engine its announcement, in this account's name.
    indirect case checkpoint(account: AccountID, IdempotencyKey?)
    indirect case page(PageRequest)
    /// Make something for a wallet to sign (``View/loginNonce(_:until:_:)``).
    case loginNonce
    /// Somebody has proved who it is. Use the proof up; unless that fails, give the command to the engine.
    indirect case login(UsedProof, Command, AnswerShape)
    /// Have the signatures checked, and give those receipts to the engine that bear the right ones.
    indirect case receipts(ReceiptBatch)
    /// The exchange's own keys.
    case signingKeys
    /// Let settlement look at the chain and plan at once (``View/settlementRound``).
    case settlementRound
}

/// How the outcome of a command is written.
package enum AnswerShape: Sendable {
    case placed
    /// A bid, with what its requirement is in canonical form.
    indirect case placedBid(RequirementEcho, withTickets: Bool = false)
    case cancelled(OrderID)
    case accountCreated
    /// The secret is in the first answer only.
    indirect case keyCreated(APIKey)
    case deposited
    case attested
    /// With the model's name.
    indirect case measured(String)
    case modelSet
    case feesSet
    case amended(OrderID)
    case cancelledTogether
    /// Microseconds; 0 for never.
    case cancelAfterSet(Int64)
    indirect case haltSet(HaltTerms, ModelTable)
    indirect case priceBandSet(PriceBandTerms, ModelTable)
    case limitsSet
    indirect case feesAnnounced(FeeNoticeTerms)
    /// The checkpoint that the command announces.
    indirect case checkpointMade(CheckpointTerms)
    /// A key was revoked or has other limits.
    case keyStanding
    case loginLinked
    case loginUnlinked
    indirect case profileSet(ProfileTerms)
    /// A lease is closed, a claim disputed, or a slash pardoned.
    case leaseChanged(LeaseID)
    case receiptRecorded
    /// So much was locked or released.
    case bondMoved(NanoTON)
    indirect case leasePolicySet(LeasePolicyTerms)
    indirect case measurementPolicySet(MeasurementPolicyTerms)
    /// The account has a memo: the tables are then asked for what it has paid in.
    indirect case depositsOpened(DepositsQuery)
    case withdrawalRequested(TONNetwork)
    /// A withdrawal is cancelled or approved.
    case withdrawalChanged(WithdrawalID)
    indirect case payoutTermsSet(PayoutTerms?, TONNetwork)
    indirect case settlementTermsSet(SettlementTerms)
    /// Money of nobody is somebody's.
    case suspenseAssigned(SuspenseID, AccountID)
    case settlementHeld(Bool)
    case settlementResolved(SettlementID)
    /// A wallet is retired, or in use again.
    case walletRetired(WalletID, Bool)
    case anchorPolicySet(AnchorPolicy)
    case anchorRequested
}

extension AnswerShape {
    /// Of a command that places an order.
    package var placesOrder: Bool {
        switch self {
        case .placed, .placedBid: true
        default: false
        }
    }
}

/// What a request is judged by beside its own bytes: everything that changes comes in here.
package struct RequestContext: Sendable {
    package var directory: Directory
    package var now: LogicalTime
    /// Chosen by the server; stands in logs and problems.
    package var requestID: UInt64
    /// Who asks, when the connection has already looked up the same `authorization`.
    package var principal: Principal?
    /// Where the request comes from.
    package var peer: NetworkAddress
    /// `nil` where nobody logs in.
    package var login: LoginSettings?
    /// The chain on which money enters and leaves.
    package var network = TONNetwork.mainnet

    package init(
        directory: Directory,
        now: LogicalTime,
        requestID: UInt64,
        principal: Principal? = nil,
        peer: NetworkAddress = NetworkAddress(v4: 0x7F00_0001)
    ) {
        self.directory = directory
        self.now = now
        self.requestID = requestID
        self.principal = principal
        self.peer = peer
    }
}
