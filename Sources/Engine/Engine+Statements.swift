import Cryptography
import Exchange
package import Provenance
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

/// What the exchange says in the log of itself: keys, policies, and its word on workers.
extension Engine {
    /// Commits to a statement; rules before version 5 kept none.
    mutating func log(_ statement: LogStatement, _ events: inout [Event]) {
        guard rules >= 5 else { return }
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
}
