package import Units

/// Payouts that one message to the wallet carries, and what is known of them.
///
/// The truth is what the finalized history of the wallet shows, and nothing else: neither an answer to sending, nor
/// that the wallet knows the query id. Money goes back only when that history proves that it was not and cannot be
/// paid.
package struct SettlementBatch: Hashable, Sendable {
    package let id: Int64
    package let payouts: [PlannedPayout]
    /// What the wallet sends itself behind the payouts, to anchor a log; `nil` for nothing.
    package let anchor: Sent?
    package internal(set) var phase = Phase.planned
    /// What was signed; `nil` while planned.
    package internal(set) var signed: Signed?
    /// When the message was last sent, in seconds of the local clock; `nil` before.
    package internal(set) var sentAt: UInt64?
    /// The transactions that decided.
    package internal(set) var outside: TransactionID?
    package internal(set) var inside: TransactionID?
    /// Payouts that came back after they were paid.
    package internal(set) var returned: Set<Int64> = []

    /// Payouts that a plan has chosen.
    package init(id: Int64, payouts: [PlannedPayout], anchor: Sent? = nil) {
        self.id = id
        self.payouts = payouts
        self.anchor = anchor
    }

    /// A batch as it was stored. Who stores batches decides when to send by himself: nothing is known of that here.
    package init(
        id: Int64,
        payouts: [PlannedPayout],
        anchor: Sent?,
        phase: Phase,
        signed: Signed,
        outside: TransactionID?,
        inside: TransactionID?,
        returned: Set<Int64>
    ) {
        self.init(id: id, payouts: payouts, anchor: anchor)
        self.phase = phase
        self.signed = signed
        self.outside = outside
        self.inside = inside
        self.returned = returned
    }

    /// How far a batch is.
    package enum Phase: String, CaseIterable, Sendable {
        /// The money is in settlement; nothing can be on the chain.
        case planned
        /// The exact bytes are stored, and may be sent from now on.
        case signed
        /// Sent at least once; the same bytes are sent again until there is a verdict.
        case sent
        /// The wallet has used up the query id and sent the message to itself. It cannot expire any more.
        case accepted
        /// Everybody is paid.
        case confirmed
        /// The query id is used up and nothing was sent.
        case burnt
        /// The wallet has carried out none of the payouts.
        case failed
        /// The message was not carried out while it was good.
        case expired
        /// The chain shows what must not be; a person must look. Nothing is sent or given back.
        case contested
        /// A person has looked, and has said what became of each payout.
        case resolved

        /// Whether nothing more is expected of the batch.
        package var isFinal: Bool {
            switch self {
            case .confirmed, .burnt, .failed, .expired, .contested, .resolved: true
            case .planned, .signed, .sent, .accepted: false
            }
        }
    }

    /// What a message was signed for.
    package struct Signed: Hashable, Sendable {
        /// `QueryID(place:)`.
        package var place: UInt32
        /// Seconds since 1970 by the chain's clock: with the place it is the name of the message.
        package var createdAt: UInt64
        /// Seconds for which the wallet takes it.
        package var timeout: UInt64
        /// What the wallet sends itself.
        package var value: NanoTON

        package init(place: UInt32, createdAt: UInt64, timeout: UInt64, value: NanoTON) {
            self.place = place
            self.createdAt = createdAt
            self.timeout = timeout
            self.value = value
        }
    }

    /// A transaction of the wallet.
    package struct TransactionID: Hashable, Sendable {
        package var logicalTime: UInt64
        /// 32 bytes.
        package var hash: [UInt8]

        package init(logicalTime: UInt64, hash: [UInt8]) {
            self.logicalTime = logicalTime
            self.hash = hash
        }
    }
}
