import Exchange
package import Units

/// What somebody has proved, and the key that it gets for that.
package struct LoginTerms: Hashable, Sendable {
    /// Who it is: `ton:` and a wallet's address in raw form, or `telegram:` and the number of a user; visible ASCII,
    /// 1…``Limits/loginSubjectBytesMax`` bytes.
    package var subject: String
    /// Its owner is ``AccountID/system``: whose it will be, the engine finds.
    package var key: KeyTerms

    package init(subject: String, key: KeyTerms) {
        self.subject = subject
        self.key = key
    }

    /// What people call an account that a login opened: the subject, and of a long one the beginning and the end.
    fileprivate var label: String {
        guard subject.utf8.count > Limits.labelBytesMax else { return subject }
        return subject.prefix(24) + "..." + subject.suffix(8)
    }
}

/// Whom an account belongs to that a login opened.
package struct LoginRecord: Hashable, Sendable {
    /// The command of the first login.
    package var sequence: SequenceNumber
    package var account: AccountID
    /// As ``LoginTerms/subject``.
    package var subject: String
    package var createdAt: LogicalTime

    package init(sequence: SequenceNumber, account: AccountID, subject: String, createdAt: LogicalTime) {
        self.sequence = sequence
        self.account = account
        self.subject = subject
        self.createdAt = createdAt
    }
}

/// Accounts by what their owners prove. An account has at most one subject, and a subject one account.
struct Logins: Sendable {
    /// By their commands, ascending; so are the accounts.
    private(set) var records: [LoginRecord] = []
    private var accounts: [String: AccountID] = [:]

    subscript(subject: String) -> AccountID? { accounts[subject] }

    /// `nil` for an account that no login opened.
    subscript(account: AccountID) -> LoginRecord? {
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].account < account { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].account == account ? records[low] : nil
    }

    mutating func add(_ record: LoginRecord) {
        records.append(record)
        accounts[record.subject] = record.account
    }
}

extension Engine {
    /// Gives a key to whoever has proved to be the subject; the first time, with an account.
    mutating func login(_ terms: LoginTerms, _ events: inout [Event]) -> Rejection? {
        var key = terms.key
        if let known = logins[terms.subject] {
            guard keysInForce(of: known) < Limits.keysPerAccountMax else { return .keyLimit }
            key.owner = known
        } else {
            guard logins.records.count < work.logins else { return .loginLimit }
            if let rejection = createAccount(AccountTerms(label: terms.label), &events) { return rejection }
            key.owner = AccountID(Int64(registry.accounts.count))
            let record = LoginRecord(sequence: sequence, account: key.owner, subject: terms.subject, createdAt: time)
            add(record)
            events.append(.loginCreated(record))
        }
        return createKey(key, &events)
    }

    private mutating func add(_ record: LoginRecord) {
        logins.add(record)
        recordSum.add(record.recordHash)
    }

    /// Whom the account belongs to; `nil` when no login opened it.
    package func login(of account: AccountID) -> LoginRecord? { logins[account] }

    mutating func restoreLogins(_ state: EngineState) throws(StateError) {
        var last = LoginRecord(sequence: .none, account: .system, subject: "", createdAt: .zero)
        for record in state.logins {
            let name = "login of \(record.account.text)"
            guard record.sequence > last.sequence, record.sequence <= state.sequence, record.account > last.account
            else { throw StateError(name, .outOfOrder) }
            guard registry.accountIndex(record.account) != nil else { throw StateError(name, .accountUnknown) }
            guard logins[record.subject] == nil else { throw StateError(name, .duplicate) }
            last = record
            add(record)
        }
    }
}

// MARK: - Forms

extension LoginTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(text: subject)
        key.encode(into: &bytes)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let subject = try cursor.text(bytes, .loginSubject, in: 1...Limits.loginSubjectBytesMax)
        guard subject.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .invalid(.loginSubject) }
        let key = try KeyTerms.decode(bytes, &cursor)
        guard key.owner == .system else { throw .invalid(.account) }
        return LoginTerms(subject: subject, key: key)
    }
}

extension LoginRecord {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [sequence.rawValue, account.rawValue])
        bytes.append(text: subject)
        bytes.append(integer: createdAt.microseconds)
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        let sequence = SequenceNumber(try reader.integer("login"))
        let account = AccountID(try reader.integer("account of a login"))
        let subject = try reader.text("subject of a login")
        self.init(sequence: sequence, account: account, subject: subject, createdAt: try reader.time("time"))
    }

    var recordHash: RecordHash {
        var hash = RecordHash(tag: 43)
        hash.combine(sequence.rawValue)
        hash.combine(account.rawValue)
        hash.combine(subject)
        hash.combine(createdAt.microseconds)
        return hash
    }
}
