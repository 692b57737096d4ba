internal import CPQ
internal import Glibc

/// A session with a PostgreSQL server. One thread uses it at a time; dropping it closes it.
///
/// Every wait ends: connecting by `connect_timeout` for each host, a statement by ``statementDeadline``. After
/// ``PostgresError/connectionLost(_:)`` or ``PostgresError/deadlineExceeded(after:)`` the session is over
/// (``isUsable`` is false) and a new one is needed.
@safe package final class Connection {
    let handle: OpaquePointer
    var preparedNames: Set<String> = []

    /// The stream whose rows are still coming, if any. Numbers are never used again.
    var openStream: Int?
    var streamCount = 0

    /// The longest silence of the server that is borne while a statement runs. COPY and row by row reading count
    /// from the last piece or row.
    package var statementDeadline: Duration

    /// False once the session is over.
    package private(set) var isUsable = true

    /// What can be chosen about a connection.
    package struct Settings: Sendable {
        /// Time for each host of the connection string, at least 2 s (libpq's own least); the string's own
        /// `connect_timeout` goes first.
        package var connectTimeout: Duration = .seconds(5)
        package var statementDeadline: Duration = .seconds(30)
        /// Shown in `pg_stat_activity`, unless the connection string has its own.
        package var applicationName = "bombyx"
        /// Which of several hosts will do, as in libpq's `target_session_attrs`; the string's own goes first.
        package var target = "any"
        /// False behind a proxy that shares sessions between transactions and so loses prepared statements.
        package var preparesStatements = true

        package init() {}
    }

    let settings: Settings

    /// Connects to the server, or the first one that answers, that `connectionString` names: keyword=value pairs or a
    /// `postgresql://` address, several hosts included.
    package init(_ connectionString: String, _ settings: Settings = Settings()) throws(PostgresError) {
        let handle = unsafe try Self.connect(try ConnectionString(connectionString), settings)
        unsafe self.handle = handle
        self.settings = settings
        statementDeadline = settings.statementDeadline
    }

    deinit { unsafe PQfinish(handle) }

    private static func connect(
        _ string: ConnectionString,
        _ settings: Settings
    ) throws(PostgresError) -> OpaquePointer {
        let ours = Int(max(settings.connectTimeout.components.seconds, 2))
        // In libpq the later value of a keyword wins: what stands before `dbname` is a default, the rest is forced.
        let options = [
            ("fallback_application_name", settings.applicationName),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("target_session_attrs", settings.target),
            ("dbname", string.text),
            ("connect_timeout", "\(string.connectTimeoutSeconds ?? ours)"),
            ("client_encoding", "UTF8"),
        ]
        let handle = unsafe withCStrings(options.map(\.0)) { keywords in
            unsafe withCStrings(options.map(\.1)) { values in unsafe PQconnectdbParams(keywords, values, 1) }
        }
        guard let handle = unsafe handle else { throw .connectionFailed("out of memory") }
        guard unsafe PQstatus(handle) == CONNECTION_OK else {
            defer { unsafe PQfinish(handle) }
            throw .connectionFailed(unsafe message(of: handle))
        }
        // Without this a large statement deadlocks: we block on writing, the server on our reading.
        precondition(unsafe PQsetnonblocking(handle, 1) == 0, "a new connection has nothing to flush")
        // Otherwise libpq writes every notice to standard error.
        unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
        return unsafe handle
    }

    /// The server's version as libpq counts: 150018 is 15.18.
    package var serverVersion: Int { Int(unsafe PQserverVersion(handle)) }

    /// The server process of this session, as in `pg_stat_activity.pid`.
    package var backendPID: Int32 { unsafe PQbackendPID(handle) }

    /// Where the session stands between statements.
    package enum TransactionStatus: Sendable {
        case idle, inTransaction, inFailedTransaction, unknown
    }

    package var transactionStatus: TransactionStatus {
        guard isUsable else { return .unknown }
        return switch unsafe PQtransactionStatus(handle) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .inFailedTransaction
        default: .unknown
        }
    }
}

// MARK: - Waiting

extension Connection {
    /// When the wait that begins now must be over.
    func deadlineFromNow() -> ContinuousClock.Instant { .now + statementDeadline }

    /// Refuses to begin anything on a session that is over, and drops the rows that an abandoned stream left.
    func requireIdle() throws(PostgresError) {
        guard isUsable else { throw .connectionLost("it was closed after an earlier failure") }
        guard openStream != nil else { return }
        openStream = nil
        while let result = try nextResult(until: deadlineFromNow()) {
            if case .some = failure(in: result), !isUsable { throw lost() }
        }
    }

    /// Sends what is unsent and waits until a result can be taken without blocking.
    func waitForResult(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            let unsent = unsafe PQflush(handle)
            // After a failed write there may still be the server's reason to read: libpq reports it as a result.
            if unsafe unsent <= 0 && PQisBusy(handle) == 0 { return }
            guard unsent >= 0 else { throw lost() }
            try waitForSocket(unsent == 1 ? POLLIN | POLLOUT : POLLIN, until: deadline)
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    /// Sends what is unsent, taking what the server says meanwhile, so that neither side waits for the other.
    func flush(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            let unsent = unsafe PQflush(handle)
            if unsent == 0 { return }
            guard unsent == 1 else { throw lost() }
            try waitForSocket(POLLIN | POLLOUT, until: deadline)
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    private func waitForSocket(_ events: Int32, until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw giveUp() }
            var descriptor = pollfd(fd: unsafe PQsocket(handle), events: Int16(events), revents: 0)
            let ready = unsafe poll(&descriptor, 1, left.pollMilliseconds)
            if ready > 0 { return }
            guard ready == 0 || errno == EINTR else { throw lost() }
        }
    }
}

// MARK: - Endings

extension Connection {
    /// The session is over: what libpq knows about it.
    func lost() -> PostgresError {
        isUsable = false
        return .connectionLost(unsafe Self.message(of: handle))
    }

    /// The session is over: the server's last words.
    func ended(by message: String) -> PostgresError {
        isUsable = false
        return .connectionLost(message)
    }

    /// Closes the socket at once: the server learns of it sooner than by our silence.
    private func giveUp() -> PostgresError {
        isUsable = false
        _ = unsafe shutdown(PQsocket(handle), Int32(SHUT_RDWR))
        return .deadlineExceeded(after: statementDeadline)
    }

    /// libpq's message in one line, without the password, should it be in there.
    @unsafe private static func message(of handle: OpaquePointer) -> String {
        let text = unsafe String(cString: PQerrorMessage(handle))
        let line = text.split(separator: "\n").joined(separator: "; ")
        let password = unsafe PQpass(handle).map { unsafe String(cString: $0) } ?? ""
        return line.replacingAll(password, with: "***")
    }
}

extension String {
    /// Every occurrence of `secret` replaced; an empty one occurs nowhere.
    func replacingAll(_ secret: String, with replacement: String) -> String {
        guard !secret.isEmpty else { return self }
        var result: [UInt8] = []
        var rest = utf8[...]
        let needle = Array(secret.utf8)
        while !rest.isEmpty {
            if rest.starts(with: needle) {
                result.append(contentsOf: replacement.utf8)
                rest = rest.dropFirst(needle.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// Lends `strings`, of which there is at least one, as a C array of C strings that ends in a null.
@unsafe func withCStrings<Value>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8CString)
    }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
        let base = buffer.baseAddress!
        var pointers: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in unsafe base + offset }
        unsafe pointers.append(nil)
        return unsafe body(pointers)
    }
}
