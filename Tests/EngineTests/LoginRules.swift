import Engine
import Testing
import Units

/// Who proves who it is gets a key; who does for the first time, an account.
@Suite struct LoginRules {
    /// An engine with an operator's account, a1.
    private struct Door {
        var engine: Engine
        var time: Int64 = 1_800_000_000_000_000
        private var secrets: UInt64 = 0

        init(logins: Int = Limits.loginsMax) {
            let work = WorkLimits(visits: 100, step: 100, parts: 100, operations: 10, logins: logins)
            engine = Engine(work: work)
            _ = act(.createAccount(AccountTerms(label: "operator")))
        }

        mutating func act(_ action: Command.Action, as account: Int64 = 0, by key: Int64 = 0) -> [Event] {
            _ = engine.beginBatch(at: LogicalTime(microseconds: time))
            var events: [Event] = []
            let command = Command(account: AccountID(account), key: KeyID(key), action: action)
            engine.apply(command, into: &events)
            return events
        }

        /// A key that the operator makes.
        mutating func makeKey(of account: Int64, _ scopes: Scopes, expiresAt: LogicalTime = .never) -> Int64 {
            secrets += 1
            let hash = KeyHash(KeyHash.InlineWords(secrets, 1, 0, 0))
            let owner = AccountID(account)
            let key = KeyTerms(owner: owner, hash: hash, scopes: scopes, label: "", expiresAt: expiresAt)
            for case .keyCreated(let record) in act(.createKey(key)) { return record.id.rawValue }
            return 0
        }

        /// What became of a link: whose login it is now, or why not.
        mutating func link(_ subject: String, to account: Int64, by key: Int64) -> String {
            for event in act(.linkLogin(subject: subject), as: account, by: key) {
                if case .loginLinked(let login) = event { return "\(login.subject) is \(login.account.text)'s" }
                if case .rejected(let rejection) = event { return rejection.code }
            }
            return "nothing"
        }

        mutating func unlink(_ login: Int64, of account: Int64, by key: Int64) -> String {
            for event in act(.unlinkLogin(SequenceNumber(login)), as: account, by: key) {
                if case .loginUnlinked(let login) = event { return "\(login.subject) is free" }
                if case .rejected(let rejection) = event { return rejection.code }
            }
            return "nothing"
        }

        mutating func logIn(_ subject: String) -> [Event] {
            secrets += 1
            let hash = KeyHash(KeyHash.InlineWords(secrets, 0, 0, 0))
            let end = LogicalTime(microseconds: time + Limits.loginKeyLife)
            let key = KeyTerms(owner: .system, hash: hash, scopes: .login, label: "login", expiresAt: end)
            return act(.login(LoginTerms(subject: subject, key: key)))
        }

        /// The account that the key of these events is for, or why there is none.
        func result(_ events: [Event]) -> String {
            for event in events {
                if case .keyCreated(let key) = event { return key.terms.owner.text }
                if case .rejected(let rejection) = event { return rejection.code }
            }
            return "nothing"
        }

        /// The records alone give the same engine, now and later.
        func expectRebuilt() throws {
            let state = engine.state()
            let again = try Engine(state: state)
            #expect(again.digest == engine.digest)
            #expect(again.state() == state)
            var bytes: [UInt8] = []
            state.encode(into: &bytes)
            #expect(try EngineState(decoding: bytes[...]) == state)
            try engine.checkInvariants()
        }
    }

    @Test func `The first login opens an account, later ones give it keys`() throws {
        var door = Door()
        let first = door.logIn("ton:0:aa")
        #expect(first.count == 3)
        guard case .accountCreated(let account) = first[0], case .loginCreated(let login) = first[1],
            case .keyCreated(let key) = first[2]
        else {
            Issue.record("\(first)")
            return
        }
        #expect(account.label == "ton:0:aa" && account.openOrdersMax == Limits.openOrdersPerAccountDefault)
        #expect(login.account == account.id && key.terms.owner == account.id && key.terms.scopes == .login)
        #expect(login.sequence == door.engine.sequence)
        _ = door.act(.createAccount(AccountTerms(label: "another")))
        let owners = ["telegram:7", "ton:0:aa", "telegram:7", "ton:-1:aa"].map { door.result(door.logIn($0)) }
        #expect(owners == ["a4", "a2", "a4", "a5"])
        #expect(door.engine.state().logins.map(\.subject) == ["ton:0:aa", "telegram:7", "ton:-1:aa"])
        #expect(
            (1...6).map { door.engine.logins(of: AccountID($0)).map(\.subject) } == [
                [], ["ton:0:aa"], [], ["telegram:7"], ["ton:-1:aa"], [],
            ]
        )
        try door.expectRebuilt()
    }

    @Test func `The name of an account is short enough, and shows whose it is`() {
        var door = Door()
        let address = "ton:0:" + String(repeating: "0123456789abcdef", count: 4)
        for (subject, label) in [
            (address, "ton:0:0123456789abcdef01...89abcdef"),
            (String(repeating: "x", count: Limits.labelBytesMax), String(repeating: "x", count: Limits.labelBytesMax)),
        ] {
            _ = door.logIn(subject)
            #expect(door.engine.state().accounts.last?.label == label)
        }
    }

    @Test func `An account has no more keys in force by logins than by its own making`() throws {
        var door = Door()
        for _ in 0..<Limits.keysPerAccountMax { #expect(door.result(door.logIn("telegram:7")) == "a2") }
        let digest = door.engine.digest
        #expect(door.result(door.logIn("telegram:7")) == "key_limit")
        #expect(door.engine.digest != digest && door.engine.state().keys.count == Limits.keysPerAccountMax)
        #expect(door.result(door.logIn("telegram:8")) == "a3", "each account for itself")
        door.time += Limits.loginKeyLife
        #expect(door.result(door.logIn("telegram:7")) == "a2", "keys that have ended do not count")
        try door.expectRebuilt()
    }

    @Test func `When logins have opened as many accounts as they may, known ones still get in`() throws {
        var door = Door(logins: 2)
        let results = ["telegram:1", "telegram:2", "telegram:3", "telegram:1"].map { door.result(door.logIn($0)) }
        #expect(results == ["a2", "a3", "login_limit", "a2"])
        #expect(door.engine.state().accounts.count == 3, "a refusal opens nothing")
        try door.expectRebuilt()
    }

    // MARK: Linking

    @Test func `A linked login gets keys for the account, until it is unlinked`() throws {
        var door = Door()
        #expect(door.result(door.logIn("telegram:7")) == "a2")
        #expect(door.link("ton:0:aa", to: 2, by: 1) == "ton:0:aa is a2's")
        let linked = door.engine.sequence
        #expect(door.engine.logins(of: AccountID(2)).map(\.subject) == ["telegram:7", "ton:0:aa"])
        #expect(door.result(door.logIn("ton:0:aa")) == "a2")
        #expect(door.link("ton:0:aa", to: 2, by: 1) == "login_taken", "its own, too")
        #expect(door.result(door.logIn("telegram:8")) == "a3")
        #expect(door.link("ton:0:aa", to: 3, by: 3) == "login_taken")
        try door.expectRebuilt()
        #expect(door.unlink(linked.rawValue, of: 3, by: 3) == "login_not_found", "another's")
        #expect(door.unlink(linked.rawValue, of: 2, by: 1) == "ton:0:aa is free")
        #expect(door.unlink(linked.rawValue, of: 2, by: 1) == "login_not_found")
        #expect(door.link("ton:0:aa", to: 3, by: 3) == "ton:0:aa is a3's")
        #expect(door.result(door.logIn("ton:0:aa")) == "a3")
        #expect(door.engine.state().logins.map(\.account) == [AccountID(2), AccountID(3), AccountID(3)])
        try door.expectRebuilt()
    }

    @Test func `Only a key that may do what a login may decides about logins`() throws {
        var door = Door()
        _ = door.act(.createAccount(AccountTerms(label: "by the operator")))
        let whole = door.makeKey(of: 2, .login)
        let rows: [(String, Int64, String)] = [
            ("no withdrawals", door.makeKey(of: 2, [.offer, .bid, .read]), "key_scope"),
            ("an operator", door.makeKey(of: 2, .operator), "key_scope"),
            ("another account's", door.makeKey(of: 1, .login), "key_not_found"), ("none", 0, "key_not_found"),
        ]
        for (rule, key, refusal) in rows { #expect(door.link("telegram:1", to: 2, by: key) == refusal, "\(rule)") }
        let network = try #require(NetworkPrefix(text: "10.0.0.0/8".utf8))
        for limits in [KeyLimits(networks: [network]), KeyLimits(perDay: NanoTON(1))] {
            let key = door.makeKey(of: 2, .login)
            _ = door.act(.setKeyLimits(KeyLimitTerms(key: KeyID(key), owner: AccountID(2), limits: limits)))
            #expect(door.link("telegram:1", to: 2, by: key) == "key_is_limited")
        }
        #expect(door.link("telegram:1", to: 2, by: whole) == "telegram:1 is a2's")
        try door.expectRebuilt()
    }

    @Test func `An account has only so many logins, and so has the exchange`() throws {
        var door = Door(logins: Limits.loginsPerAccountMax + 1)
        _ = door.act(.createAccount(AccountTerms(label: "by the operator")))
        let key = door.makeKey(of: 2, .login)
        for number in 1...Limits.loginsPerAccountMax {
            #expect(door.link("telegram:\(number)", to: 2, by: key) == "telegram:\(number) is a2's")
        }
        #expect(door.link("telegram:99", to: 2, by: key) == "account_login_limit")
        #expect(door.result(door.logIn("telegram:100")) == "a3")
        #expect(door.link("telegram:101", to: 3, by: 2) == "login_limit")
        try door.expectRebuilt()
    }

    @Test func `The last login stays while no other way leads into the account`() throws {
        var door = Door()
        #expect(door.result(door.logIn("telegram:7")) == "a2")
        let first = door.engine.sequence.rawValue
        #expect(door.unlink(first, of: 2, by: 1) == "last_login")
        _ = door.makeKey(of: 2, [.offer, .bid, .read])
        _ = door.makeKey(of: 2, .login, expiresAt: LogicalTime(microseconds: door.time + 1_000_000))
        #expect(door.unlink(first, of: 2, by: 1) == "last_login", "one may less, the other ends")
        #expect(door.link("telegram:8", to: 2, by: 1) == "telegram:8 is a2's")
        #expect(door.unlink(first, of: 2, by: 1) == "telegram:7 is free")
        let second = door.engine.state().logins[0].sequence.rawValue
        let key = door.makeKey(of: 2, .login)
        _ = door.act(.revokeKey(KeyID(key), owner: AccountID(2)))
        #expect(door.unlink(second, of: 2, by: 1) == "last_login", "it was revoked")
        let lasting = door.makeKey(of: 2, .login)
        #expect(door.unlink(second, of: 2, by: lasting) == "telegram:8 is free")
        #expect(door.engine.logins(of: AccountID(2)).isEmpty)
        #expect(door.result(door.logIn("telegram:8")) == "a3", "it opens another account")
        try door.expectRebuilt()
    }

    @Test func `Logins that no engine has left are refused`() {
        let damages: [(String, (inout EngineState) -> Void)] = [
            ("login of a2 is out of order", { $0.logins.swapAt(0, 1) }),
            ("login of a3 is out of order", { $0.logins[1].sequence = SequenceNumber(99) }),
            ("login of a9 names an account that is not there", { $0.logins[1].account = AccountID(9) }),
            ("login of a3 is there twice", { $0.logins[1].subject = "telegram:1" }),
        ]
        var door = Door()
        for subject in ["telegram:1", "telegram:2"] { _ = door.logIn(subject) }
        for (why, damage) in damages {
            var state = door.engine.state()
            damage(&state)
            let error = #expect(throws: StateError.self, "\(why)") { try Engine(state: state) }
            #expect(error?.description == why)
        }
    }

    @Test func `A state without logins is read as before there were any`() throws {
        var state = Door().engine.state()
        state.logins = []
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        // The empty lists at the end are what version 3 has more.
        let shorter = (1..<bytes.count).map { Array(bytes.dropLast($0)) }
        let older = shorter.filter { bytes in
            var bytes = bytes
            bytes[0] = 2
            return (try? EngineState(decoding: bytes[...])) == state
        }
        #expect(older.count == 1, "version 2 ends where version 3 goes on")
        #expect(shorter.allSatisfy { (try? EngineState(decoding: $0[...])) == nil }, "version 3 needs all of them")
    }
}
