/// Why something that was asked of PostgreSQL did not happen, or may not have happened.
///
/// The question that matters after a commit is ``isOutcomeUnknown``: a refused statement changed nothing, an unknown
/// one may have. No case ever carries the password of the connection string.
package enum PostgresError: Error, Equatable, Sendable {
    /// There is no connection: nothing was sent. The text is libpq's or the server's sentence.
    case connectionFailed(String)

    /// The session ended while a statement was under way, or before this one could be sent.
    case connectionLost(String)

    /// The server answered with an error. The transaction is rolled back or must be.
    case statementFailed(StatementFailure)

    /// The server said nothing for that long; the connection was closed by us and cannot be used again.
    case deadlineExceeded(after: Duration)

    /// The server answered, but not what the caller counted on: a null, another type, another number of rows.
    case unexpectedResult(String)

    /// Whether the statement may have taken effect although no answer says so. After a COMMIT, or a statement outside
    /// of a transaction, only reading the database can tell.
    package var isOutcomeUnknown: Bool {
        switch self {
        case .connectionLost, .deadlineExceeded: true
        case .statementFailed(let failure): failure.isOutcomeUnknown
        case .connectionFailed, .unexpectedResult: false
        }
    }

    /// The error's SQLSTATE, five characters, when the server gave one.
    package var sqlState: String? {
        guard case .statementFailed(let failure) = self else { return nil }
        return failure.sqlState
    }
}

/// An error report of the server (PostgreSQL, *Error and Notice Message Fields*).
package struct StatementFailure: Error, Equatable, Sendable {
    /// Five characters, as in PostgreSQL's appendix *Error Codes*.
    package let sqlState: String
    package let message: String
    package let detail: String?
    package let hint: String?

    package init(sqlState: String, message: String, detail: String? = nil, hint: String? = nil) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
    }

    /// Serialization failure or deadlock: the same transaction may succeed when it is run again.
    package var isTransient: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// `statement_completion_unknown`, and class 08, which a proxy may send in the server's place.
    var isOutcomeUnknown: Bool { sqlState == "40003" || sqlState.hasPrefix("08") }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .connectionFailed(let reason): "cannot connect to PostgreSQL: \(reason)"
        case .connectionLost(let reason): "the connection to PostgreSQL was lost: \(reason)"
        case .statementFailed(let failure): failure.description
        case .deadlineExceeded(let duration): "PostgreSQL did not answer within \(duration)"
        case .unexpectedResult(let reason): "PostgreSQL gave an unexpected result: \(reason)"
        }
    }
}

extension StatementFailure: CustomStringConvertible {
    package var description: String {
        let more = [detail, hint].compactMap { $0 }.map { " \($0)" }.joined()
        return "PostgreSQL refused the statement: \(message) (SQLSTATE \(sqlState)).\(more)"
    }
}
