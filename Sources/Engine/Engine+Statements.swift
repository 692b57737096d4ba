import Cryptography
import Exchange
package import Provenance
import Settlement
package import Units

/// A key with which the exchange signs what is new from a time on.
package struct SigningKeyTerms: Hashable, Sendable {
    /// 32 bytes (RFC 8032).
    package var publicKey: [UInt8]
    package var from: LogicalTime

    package init(publicKey: [UInt8], from: LogicalTime) {
        self.publicKey = publicKey
        self.from = from
    }
}

/// A key that the log names.
package struct SigningKeyRecord: Hashable, Sendable {
    package let terms: SigningKeyTerms
    /// The leaf that names it.
    package let index: Int64

    package init(terms: SigningKeyTerms, index: Int64) {
        self.terms = terms
        self.index = index
    }

    var recordHash: RecordHash {
        var hash = RecordHash(tag: 77)
        hash.combine(bytes: terms.publicKey)
        hash.combine(terms.from.microseconds)
        hash.combine(index)
        return hash
    }
}

/// A statement that the log commits to.
package struct StatementRecord: Hashable, Sendable {
    /// Its leaf in the log.
    package let index: Int64
    package let statement: LogStatement

    package init(index: Int64, statement: LogStatement) {
        self.index = index
        self.statement = statement
    }
}

/// What the exchange says in the log of itself: keys, policies, its word on workers, and what it has paid.
extension Engine {
    /// Commits to a statement; older rules kept none of some kinds.
    mutating func log(_ statement: LogStatement, _ events: inout [Event]) {
        guard rules >= RulesVersion.logging(statement.kind) else { return }
        events.append(.lease(.stated(StatementRecord(index: log.size, statement: statement))))
        append(statement.kind, statement.payloadHash, salt: nil, &events)
    }

    mutating func record(_ terms: SigningKeyTerms, _ events: inout [Event]) -> Rejection? {
        guard !signingKeys.contains(where: { $0.terms.publicKey == terms.publicKey }) else { return nil }
        let record = SigningKeyRecord(terms: terms, index: log.size)
        add(record)
        events.append(.lease(.signingKeyRecorded(record)))
        log(.signingKey(terms.publicKey, from: terms.from.microseconds), &events)
        return nil
    }

    private mutating func add(_ record: SigningKeyRecord) {
        signingKeys.append(record)
        recordSum.add(record.recordHash)
    }

    /// The keys that the log names, the oldest first.
    package var loggedSigningKeys: [SigningKeyRecord] { signingKeys }

    mutating func restoreSigningKeys(_ state: EngineState) throws(StateError) {
        for record in state.delivery.signingKeys {
            let name = "signing key \(record.index)"
            guard record.index < log.size, signingKeys.last.map({ $0.index < record.index }) ?? true else {
                throw StateError(name, .outOfOrder)
            }
            guard !signingKeys.contains(where: { $0.terms.publicKey == record.terms.publicKey }) else {
                throw StateError(name, .duplicate)
            }
            add(record)
        }
    }
}

extension LogStatement {
    static func leasePolicy(_ terms: LeasePolicyTerms) -> LogStatement {
        .leasePolicy([
            terms.step.count, terms.disputeWindow, terms.bondPerLot.count, terms.slashShare.count, terms.appealWindow,
            terms.newcomerLotsMax?.count ?? 0,
        ])
    }

    static func measurementPolicy(_ terms: MeasurementPolicyTerms) -> LogStatement {
        .measurementPolicy(terms.numbers)
    }

    static func attestation(_ terms: AttestationTerms) -> LogStatement {
        .attestation([
            terms.account.rawValue, Int64(terms.tees), terms.expiresAt.microseconds, Int64(terms.tcbStatus),
            terms.attestedAt?.microseconds ?? -1,
        ])
    }

    static func measurement(_ terms: MeasurementTerms) -> LogStatement {
        .measurement([
            terms.account.rawValue, terms.model.rawValue, terms.throughputTPS, terms.ttftMS, terms.uptimeBP,
            terms.expiresAt.microseconds,
        ])
    }
}

extension SettledBatch.Verdict {
    /// `nil` for what is no verdict of the chain, or one that a person must look at.
    init?(_ phase: SettlementBatch.Phase) {
        switch phase {
        case .confirmed: self = .confirmed
        case .burnt: self = .burnt
        case .failed: self = .failed
        case .expired: self = .expired
        case .planned, .signed, .sent, .accepted, .contested, .resolved: return nil
        }
    }
}

extension SettledBatch {
    /// A batch as the log names it; `nil` when there is nothing to say of it.
    init?(_ batch: OpenSettlement, of wallet: ChainHash) {
        guard let verdict = Verdict(batch.record.phase), !batch.payouts.isEmpty else { return nil }
        let deciding = batch.record.inside ?? batch.record.outside
        self.init(
            number: batch.record.id.rawValue,
            wallet: wallet.bytes,
            queryID: Int64(QueryCounter.queryID(place: batch.record.signed.place)),
            createdAt: Int64(clamping: batch.record.signed.createdAt),
            verdict: verdict,
            payouts: batch.payouts.map {
                Payout(address: $0.destination.address.bytes, amount: $0.amount.count, comment: $0.comment)
            },
            logicalTime: Int64(clamping: deciding?.logicalTime ?? 0),
            transaction: deciding?.hash.bytes ?? [UInt8](repeating: 0, count: Digest256.byteCount)
        )
    }
}
