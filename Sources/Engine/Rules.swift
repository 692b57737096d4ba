import Provenance
package import Units

/// The rules by which commands are carried out. A batch of the journal names its version, so that it is carried out
/// again as it was.
///
/// | version | what it brought |
/// |---|---|
/// | 1 | the first |
/// | 2 | batches carry gaps; an idempotency key that came with a used client order id is remembered |
/// | 3 | order types, market control, keys' limits, capabilities |
/// | 4 | leases and receipts, logins, lowered lots |
/// | 5 | settlement, measured capability, top-ups, linked logins, keys that are forgotten |
/// | 6 | anchors, payouts and measurements in the log, contested batches resolved, wallets retired |
/// | 7 | mass cancels that leave no profile, a part of the memory of requests for those who have little of it |
///
/// Since version 7, a mass cancel that one step ends gives no profile to what nobody demands, and an account that has
/// much of the memory of requests leaves the last part of it to others. A lease whose claim is disputed ends without a
/// breach, a bond gives back for promises only what breaches leave of it, and receipts of other terms prove nothing.
/// Since version 6, all visits of orders that look again are counted together, and the query ids of a wallet that was
/// used before begin where its time says.
/// Since version 5, orders of a refused batch that share a key leave it to the first of them, and what a key has spent
/// on a day is at most what it has spent in all.
/// Since version 3, a new key of an order that is repeated by its client order id is remembered too.
package enum RulesVersion {
    /// Of every batch that this build writes.
    package static let current: Int32 = 7
    /// What this build can carry out again; other batches need the release that wrote them.
    package static let known: ClosedRange<Int32> = 1...current
    /// The first under which keys that have ended are forgotten.
    static let forgettingKeys: Int32 = 5
    /// The first under which an order looks again once for all reasons so far, and the visits of all of them count.
    static let countedLooks: Int32 = 6
    /// The first under which a release also lowers what was counted today of an older bid.
    static let cappedDays: Int32 = 5
    /// The first under which the query ids of a wallet begin where its time says.
    static let spreadQueries: Int32 = 6
    /// The first under which a mass cancel that one step ends gives no profile to what nobody demands.
    static let namelessFilters: Int32 = 7
    /// The first under which a part of the memory of requests is not for those who have much of it.
    static let reservedRequests: Int32 = 7
    /// The first under which a disputed claim is no silence, breaches go before promises, and a proof needs receipts of
    /// the lease's own terms.
    static let fairBonds: Int32 = 7

    /// The first under which the log has entries of a kind that commits to a statement.
    static func logging(_ kind: LogEntry.Kind) -> Int32 {
        kind == .settlementBatch || kind == .measurement ? 6 : 5
    }
}

/// A checkpoint that was announced: the whole state at the end of a batch, by its hash.
package struct CheckpointTerms: Hashable, Sendable {
    /// Of the journal; 1 or greater.
    package var batch: Int64
    /// SHA-256 of the checkpoint's bytes.
    package var sha256: SHA256Words

    package init(batch: Int64, sha256: SHA256Words) {
        self.batch = batch
        self.sha256 = sha256
    }
}

/// Any SHA-256 digest, in the form in which commands carry one.
package typealias SHA256Words = KeyHash

/// The newest checkpoint that was announced.
package struct CheckpointRecord: Hashable, Sendable {
    package var terms: CheckpointTerms
    /// The command that announced it.
    package var sequence: SequenceNumber
    package var announcedAt: LogicalTime

    package init(terms: CheckpointTerms, sequence: SequenceNumber, announcedAt: LogicalTime) {
        self.terms = terms
        self.sequence = sequence
        self.announcedAt = announcedAt
    }
}

extension Engine {
    /// Logical time without the grace that gaps have given: the clock of lease, receipt and dispute deadlines. A gap
    /// moves all of them at once, because they are stated on this clock and it stood still.
    package var leaseClock: LogicalTime {
        LogicalTime(microseconds: time.microseconds.subtractingReportingOverflow(grace).partialValue)
    }

    /// Opens a batch at `time`; earlier than the batch before, the time stands. True when something is due: then the
    /// first command of the batch is a `tick`.
    ///
    /// `gap`: microseconds since the last moment at which the exchange is known to have run. More than
    /// ``Limits/gapMin`` holds the lease clock back by the gap and ``Limits/gapGrace``. `rules` are those of the batch.
    package mutating func beginBatch(at time: LogicalTime, gap: Int64, rules: Int32) -> Bool {
        self.time = max(self.time, time)
        self.rules = rules
        pending = PendingOrders()
        if gap > Limits.gapMin {
            let (more, isTooLong) = gap.addingReportingOverflow(Limits.gapGrace)
            let (sum, isTooMuch) = grace.addingReportingOverflow(more)
            grace = isTooLong || isTooMuch ? Int64.max : sum
        }
        guard let nextDeadline else { return false }
        return nextDeadline <= self.time
    }

    /// Notes that the checkpoint is in the journal. One that is not newer than the last changes nothing.
    mutating func announce(_ terms: CheckpointTerms, _ events: inout [Event]) -> Rejection? {
        if let checkpoint, checkpoint.terms.batch >= terms.batch { return nil }
        let record = CheckpointRecord(terms: terms, sequence: sequence, announcedAt: time)
        checkpoint = record
        events.append(.checkpointAnnounced(record))
        return nil
    }
}
