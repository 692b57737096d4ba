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

/// A login of an account: who proves to be this gets keys for it.
package struct LoginRecord: Hashable, Sendable {
    /// The command that opened the account, or linked the login to it.
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

/// Accounts by what their owners prove. A subject has one account; an account may have several subjects.
struct Logins: Sendable {
    private var records: [SequenceNumber: LoginRecord] = [:]
    private var sequences: [String: SequenceNumber] = [:]
    /// Ascending.
    private var owned: [AccountID: [SequenceNumber]] = [:]

    var count: Int { records.count }
    /// By their commands, ascending.
    var sorted: [LoginRecord] { records.values.sorted { $0.sequence < $1.sequence } }

    subscript(subject: String) -> AccountID? { sequences[subject].flatMap { records[$0]?.account } }
    subscript(sequence: SequenceNumber) -> LoginRecord? { records[sequence] }
    /// The account's logins, the oldest first.
    subscript(account: AccountID) -> [LoginRecord] { (owned[account] ?? []).compactMap { records[$0] } }

    mutating func add(_ record: LoginRecord) {
        records[record.sequence] = record
        sequences[record.subject] = record.sequence
        owned[record.account, default: []].append(record.sequence)
    }

    mutating func remove(_ record: LoginRecord) {
        records[record.sequence] = nil
        sequences[record.subject] = nil
        owned[record.account]?.removeAll { $0 == record.sequence }
        if owned[record.account]?.isEmpty == true { owned[record.account] = nil }
    }
}

extension Scopes {
    /// Of a login's key: whatever an owner may.
    package static let login: Scopes = [.offer, .bid, .read, .withdraw]
}

extension Engine {
    /// Gives a key to whoever has proved to be the subject; the first time, with an account.
    mutating func login(_ terms: LoginTerms, _ events: inout [Event]) -> Rejection? {
        var key = terms.key
        if let known = logins[terms.subject] {
            guard keysInForce(of: known) < Limits.keysPerAccountMax else { return .keyLimit }
            key.owner = known
        } else {
            guard logins.count < work.logins else { return .loginLimit }
            if let rejection = createAccount(AccountTerms(label: terms.label), &events) { return rejection }
            key.owner = AccountID(Int64(registry.accounts.count))
            let record = LoginRecord(sequence: sequence, account: key.owner, subject: terms.subject, createdAt: time)
            add(record)
            events.append(.loginCreated(record))
        }
        return createKey(key, &events)
    }

    /// Links a login to the account of whoever has proved to be the subject and asks with a key of the account. The key
    /// must be able to do all that a login's key can, from everywhere and without a budget: otherwise the login would
    /// be a way around what the key may not.
    mutating func link(_ subject: String, to account: AccountID, _ events: inout [Event]) -> Rejection? {
        if let rejection = keepsLogins(account) { return rejection }
        guard logins[subject] == nil else { return .loginTaken }
        guard logins[account].count < Limits.loginsPerAccountMax else { return .accountLoginLimit }
        guard logins.count < work.logins else { return .loginLimit }
        let record = LoginRecord(sequence: sequence, account: account, subject: subject, createdAt: time)
        add(record)
        events.append(.loginLinked(record))
        return nil
    }

    /// Takes a login off the account, for the same keys. The last one stays unless the account has a key that does as
    /// much and never ends: nobody is locked out. Keys that it got before stay until they end.
    mutating func unlink(_ login: SequenceNumber, of account: AccountID, _ events: inout [Event]) -> Rejection? {
        if let rejection = keepsLogins(account) { return rejection }
        guard let record = logins[login], record.account == account else { return .loginNotFound }
        let hasKey = keyring.entries(of: account).contains { entry in
            !entry.isRevoked && entry.record.terms.expiresAt == .never
                && entry.record.terms.scopes.isSuperset(of: .login)
        }
        guard hasKey || logins[account].count > 1 else { return .lastLogin }
        logins.remove(record)
        recordSum.subtract(record.recordHash)
        events.append(.loginUnlinked(record))
        return nil
    }

    /// Why the acting key decides nothing about the account's logins.
    private func keepsLogins(_ account: AccountID) -> Rejection? {
        guard let entry = keyring[keyring.acting], entry.record.terms.owner == account else { return .keyNotFound }
        guard entry.record.terms.scopes.isSuperset(of: .login) else { return .keyScope }
        let isLimited = entry.spending != nil || entry.standing?.limits.networks.isEmpty == false
        return isLimited ? .keyIsLimited : nil
    }

    private mutating func add(_ record: LoginRecord) {
        logins.add(record)
        recordSum.add(record.recordHash)
    }

    /// Who may log in to the account, the oldest login first; none when it has no login.
    package func logins(of account: AccountID) -> [LoginRecord] { logins[account] }

    mutating func restoreLogins(_ state: EngineState) throws(StateError) {
        var last = SequenceNumber.none
        for record in state.logins {
            let name = "login of \(record.account.text)"
            guard record.sequence > last, record.sequence <= state.sequence else { throw StateError(name, .outOfOrder) }
            guard registry.accountIndex(record.account) != nil else { throw StateError(name, .accountUnknown) }
            guard logins[record.subject] == nil else { throw StateError(name, .duplicate) }
            last = record.sequence
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
        let subject = try decodeSubject(bytes, &cursor)
        let key = try KeyTerms.decode(bytes, &cursor)
        guard key.owner == .system else { throw .invalid(.account) }
        return LoginTerms(subject: subject, key: key)
    }

    /// Of a login, and of the command that links one.
    static func decodeSubject(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> String {
        let subject = try cursor.text(bytes, .loginSubject, in: 1...Limits.loginSubjectBytesMax)
        guard subject.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .invalid(.loginSubject) }
        return subject
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
