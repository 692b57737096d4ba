package import Cryptography
package import Provenance
package import Units

/// A receipt that changed something.
package struct ReceiptRecord: Hashable, Sendable {
    /// Its leaf in the log.
    package let index: Int64
    package let terms: ReceiptTerms
    /// The party that handed it in.
    package let account: AccountID
    /// Cumulative adjusted tokens that were charged with it; `nil` when nothing was.
    package let charged: AdjustedTokens?

    package init(index: Int64, terms: ReceiptTerms, account: AccountID, charged: AdjustedTokens?) {
        self.index = index
        self.terms = terms
        self.account = account
        self.charged = charged
    }
}

/// A proof that a worker contradicted itself.
package struct EquivocationRecord: Hashable, Sendable {
    /// Its leaf in the log.
    package let index: Int64
    package let lease: LeaseID
    package let worker: AccountID
    /// Of both receipts.
    package let sequence: UInt32
    /// The receipt that was there before, by its hash; it is among the receipts when ``earlier`` is `nil`.
    package let earlierHash: Digest256
    package let earlier: SignedReceipt?
    package let later: SignedReceipt
    package let salt: [UInt8]

    package init(
        index: Int64,
        lease: LeaseID,
        worker: AccountID,
        sequence: UInt32,
        earlierHash: Digest256,
        earlier: SignedReceipt?,
        later: SignedReceipt,
        salt: [UInt8]
    ) {
        self.index = index
        self.lease = lease
        self.worker = worker
        self.sequence = sequence
        self.earlierHash = earlierHash
        self.earlier = earlier
        self.later = later
        self.salt = salt
    }
}

/// A leaf that was added to the log, and the complete subtrees that are whole with it.
package struct LoggedLeaf: Hashable, Sendable {
    /// From 0.
    package let index: Int64
    package let entry: LogEntry
    package let hash: Digest256
    /// The roots of subtrees above the leaf, the lowest first; see ``LogFrontier/append(_:completing:)``.
    package let nodes: [Node]

    /// The root of a complete subtree.
    package struct Node: Hashable, Sendable {
        /// 1 or greater: it stands over `2^level` leaves.
        package let level: Int
        /// Among the subtrees of the level, from 0.
        package let index: Int64
        package let hash: Digest256

        package init(level: Int, index: Int64, hash: Digest256) {
            self.level = level
            self.index = index
            self.hash = hash
        }
    }

    package init(index: Int64, entry: LogEntry, hash: Digest256, nodes: [Node]) {
        self.index = index
        self.entry = entry
        self.hash = hash
        self.nodes = nodes
    }
}

/// What became of a breach.
package enum SlashOutcome: UInt8, CaseIterable, Sendable {
    case paid = 1
    case pardoned = 2

    /// The name in SQL and JSON.
    package var name: String { String(describing: self) }
}

/// A receipt that was known when it was handed in again.
package struct RepeatedReceipt: Hashable, Sendable {
    package let lease: LeaseID
    package let sequence: UInt32
    package let hash: Digest256
    /// Its leaf in the log.
    package let index: Int64
    package let isCountersigned: Bool
    /// Cumulative adjusted tokens of the lease that are charged.
    package let charged: AdjustedTokens

    package init(
        lease: LeaseID,
        sequence: UInt32,
        hash: Digest256,
        index: Int64,
        isCountersigned: Bool,
        charged: AdjustedTokens
    ) {
        self.lease = lease
        self.sequence = sequence
        self.hash = hash
        self.index = index
        self.isCountersigned = isCountersigned
        self.charged = charged
    }

    /// As one of the two that the state of the lease has.
    init(_ mark: ReceiptMark, of lease: LeaseRecord) {
        self.init(
            lease: lease.id,
            sequence: mark.sequence,
            hash: mark.hash,
            index: mark.index,
            isCountersigned: lease.progress.countersigned == mark,
            charged: lease.used
        )
    }
}

/// What happened to leases, to what they are delivered under, and to the log.
package enum LeaseEvent: Hashable, Sendable {
    case profileSet(ProfileRecord)
    case policySet(LeasePolicyTerms)
    /// The lease's ``LeaseRecord/progress`` is another.
    case progressed(LeaseRecord)
    case receiptRecorded(ReceiptRecord)
    /// A receipt that was known already: nothing changed.
    case receiptRepeated(RepeatedReceipt)
    case equivocated(EquivocationRecord)
    /// The claim was disputed, by its sequence, and dropped.
    case claimDisputed(LeaseID, UInt32)
    /// Silence has paid the claim.
    case claimPaid(LeaseID, UInt32)
    case standingSet(StandingRecord)
    case slashSet(SlashRecord)
    /// What the bond paid.
    case slashEnded(LeaseID, SlashOutcome, NanoTON)
    /// A receipt states that the offer's promise was not kept; what went back.
    case serviceBreached(LeaseID, sequence: UInt32, refunded: NanoTON)
    /// What a lease did not deliver was to enter as a new bid, which was refused.
    case rebidRefused(LeaseID, Rejection)
    case logged(LoggedLeaf)
    /// The statement that the leaf behind it commits to.
    case stated(StatementRecord)
    case signingKeyRecorded(SigningKeyRecord)
    case measurementPolicySet(MeasurementPolicyTerms)
    case performanceSet(PerformanceRecord)
}
