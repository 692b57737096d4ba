package import Cryptography
package import Provenance
package import Units

/// What an account states of itself as a party of leases. Each statement is a version of its profile, which never
/// changes; a lease names the version that was current at its trade.
package struct ProfileTerms: Hashable, Sendable {
    /// An https URL at which the account is reached, at most ``Limits/endpointBytesMax`` bytes; empty for none.
    package var endpoint: String
    /// The 32 bytes of the Ed25519 public key that receipts are signed with; `nil` for none.
    package var receiptKey: [UInt8]?

    package init(endpoint: String = "", receiptKey: [UInt8]? = nil) {
        self.endpoint = endpoint
        self.receiptKey = receiptKey
    }
}

/// A receipt that is handed in. Whoever hands it to the engine has checked its signatures against
/// ``Engine/leaseKeys(of:)``.
package struct ReceiptTerms: Hashable, Sendable {
    package let signed: SignedReceipt
    /// 32 random bytes, so that nobody can find out the receipt from its entry in the log by trying.
    package let salt: [UInt8]
    /// SHA-256 of the receipt's 312 bytes.
    package let hash: Digest256

    package init(_ signed: SignedReceipt, salt: [UInt8]) {
        self.signed = signed
        self.salt = salt
        hash = signed.receipt.hash
    }

    package static func == (left: Self, right: Self) -> Bool { left.signed == right.signed && left.salt == right.salt }
    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// Two receipts that contradict each other. Whoever hands them to the engine has checked the worker's signatures.
package struct EquivocationTerms: Hashable, Sendable {
    package let proof: Equivocation
    /// 32 random bytes; see ``ReceiptTerms/salt``.
    package let salt: [UInt8]

    package init(_ proof: Equivocation, salt: [UInt8]) {
        self.proof = proof
        self.salt = salt
    }
}

/// How leases are delivered, and what a breach costs. Open leases keep the step and the window of their trade.
package struct LeasePolicyTerms: Hashable, Sendable {
    /// What a receipt without countersignature may claim above the newest countersigned one, 1…``Limits/stepMax``.
    package var step: AdjustedTokens
    /// Microseconds in which an app can dispute a claim, ``Limits/disputeWindowMin``…``Limits/disputeWindowMax``.
    package var disputeWindow: Int64
    /// What a worker must have locked for each lot that it offers or has leased; 0 for nothing.
    package var bondPerLot: NanoTON
    /// The part of what was not delivered that a breach costs the worker's bond, 0…10,000.
    package var slashShare: BasisPoints
    /// Microseconds in which the operator can pardon a breach, 0…``Limits/appealWindowMax``.
    package var appealWindow: Int64
    /// Most open lots of an offer of an account that has neither a bond nor ever delivered; `nil` for no limit.
    package var newcomerLotsMax: Lots?

    package init(
        step: AdjustedTokens = AdjustedTokens(Lots.tokensPerLot),
        disputeWindow: Int64 = 600_000_000,
        bondPerLot: NanoTON = .zero,
        slashShare: BasisPoints = BasisPoints(1_000),
        appealWindow: Int64 = 86_400_000_000,
        newcomerLotsMax: Lots? = nil
    ) {
        self.step = step
        self.disputeWindow = disputeWindow
        self.bondPerLot = bondPerLot
        self.slashShare = slashShare
        self.appealWindow = appealWindow
        self.newcomerLotsMax = newcomerLotsMax
    }

    /// In force until the operator sets another.
    package static let initial = LeasePolicyTerms()
}

/// What an offer promises of each job, and what it gives back when it does not keep it.
package struct ServiceTerms: Hashable, Sendable {
    /// Most milliseconds to the first token, up to ``Limits/serviceMillisecondsMax``; 0 for no promise.
    package var timeToFirstToken: Int64
    /// Most milliseconds from the start of a job to its end, up to ``Limits/serviceMillisecondsMax``; 0 for no promise.
    package var completion: Int64
    /// The part of what a receipt earns that goes back when it states more, 1…10,000.
    package var refundShare: BasisPoints

    package init(timeToFirstToken: Int64, completion: Int64, refundShare: BasisPoints) {
        self.timeToFirstToken = timeToFirstToken
        self.completion = completion
        self.refundShare = refundShare
    }
}

/// What an order asks for of the leases that it opens. Most orders ask for nothing.
package struct LeaseRules: Hashable, Sendable {
    /// Of a bid: what a lease does not deliver enters as a new bid.
    package var rebids = false
    /// Of a bid: workers that it does not buy from, at most ``Limits/avoidedWorkersMax``. Sorted, without repetition.
    package var avoided: [AccountID] = []
    /// Of a bid: the order whose lease failed, so that this one was entered; `OrderID(0)` for none.
    package var parent = OrderID(0)
    /// Of a bid: a lease of its account that it tops up, so that it buys from that lease's worker alone; `LeaseID(0)`
    /// for none.
    package var toppedUp = LeaseID(0)
    /// Of an offer.
    package var service: ServiceTerms?

    package init() {}

    package static let none = LeaseRules()
}
