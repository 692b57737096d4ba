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

        mutating func act(_ action: Command.Action) -> [Event] {
            _ = engine.beginBatch(at: LogicalTime(microseconds: time))
            var events: [Event] = []
            engine.apply(Command(account: .system, action: action), into: &events)
            return events
        }

        mutating func logIn(_ subject: String) -> [Event] {
            secrets += 1
            let hash = KeyHash(KeyHash.InlineWords(secrets, 0, 0, 0))
            let end = LogicalTime(microseconds: time + Limits.loginKeyLife)
            let key = KeyTerms(owner: .system, hash: hash, scopes: [.bid, .read], label: "login", expiresAt: end)
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
        #expect(login.account == account.id && key.terms.owner == account.id && key.terms.scopes == [.bid, .read])
        #expect(login.sequence == door.engine.sequence)
        _ = door.act(.createAccount(AccountTerms(label: "another")))
        let owners = ["telegram:7", "ton:0:aa", "telegram:7", "ton:-1:aa"].map { door.result(door.logIn($0)) }
        #expect(owners == ["a4", "a2", "a4", "a5"])
        #expect(door.engine.state().logins.map(\.subject) == ["ton:0:aa", "telegram:7", "ton:-1:aa"])
        #expect(
            (1...6).map { door.engine.login(of: AccountID($0))?.subject } == [
                nil, "ton:0:aa", nil, "telegram:7", "ton:-1:aa", nil,
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
