package import Postgres
package import Units

/// Why the database did not keep, or did not give, what it was asked to.
package enum StoreError: Error, Equatable, Sendable {
    /// Another server leads: nothing was written, and nothing can be written under this epoch any more.
    case fenced
    /// Another server leads, by the database's clock until this time.
    case ledBy(holder: String, until: LogicalTime)
    /// The database refused or was not reached: nothing was written.
    case refused(PostgresError)
    /// The database may have written it or not; only reading it can tell, and only under a new epoch.
    case unknown(PostgresError)
    /// The projection does not end with the batch after which it was to go on: somebody else has moved it, or an
    /// earlier transaction with an unknown outcome did take effect.
    case cursorMoved(expected: Int64)
    /// The journal is not the chain that it must be, at this batch.
    case brokenChain(batch: Int64, reason: String)
    /// Events or rows that contradict each other.
    case inconsistent(String)
    /// Nothing of the journal was dropped, for this reason.
    case notDropped(String)
    /// A file cannot be read or written, or is not what it should be.
    case file(String)

    /// A statement's error; after ``unknown(_:)`` it may have taken effect.
    init(_ error: PostgresError) {
        self = error.isOutcomeUnknown ? .unknown(error) : .refused(error)
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .fenced: "another server leads this exchange; this one may not write any more"
        case .ledBy(let holder, let until):
            """
            the exchange is led by "\(holder)" until \(until.clock) UTC, and only one server may write its journal; \
            if that one has died, start again then
            """
        case .refused(let error): "\(error)"
        case .unknown(let error): "the outcome is unknown: \(error)"
        case .cursorMoved(let batch): "the tables do not end with batch \(batch), after which they were to go on"
        case .brokenChain(let batch, let reason): "the journal is damaged at batch \(batch): \(reason)"
        case .inconsistent(let reason): "the records contradict each other: \(reason)"
        case .notDropped(let reason): "nothing was dropped: \(reason)"
        case .file(let reason): reason
        }
    }
}

/// Runs statements whose errors become ``StoreError``.
@discardableResult
func stored<Value>(_ body: () throws(PostgresError) -> Value) throws(StoreError) -> Value {
    do throws(PostgresError) {
        return try body()
    } catch {
        throw StoreError(error)
    }
}

extension LogicalTime {
    /// Hours, minutes and seconds of the day.
    fileprivate var clock: String {
        let seconds = microseconds / 1_000_000 % 86_400
        let parts = [seconds / 3_600, seconds / 60 % 60, seconds % 60]
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
