import Testing

/// The judge is judged first: what each answer means for what must be there later.
@Suite struct OracleTests {
    private static let answer = Oracle.Answer(body: [1], order: 7, sequence: 7)

    private static func oracle(_ before: Oracle.Fate) -> Oracle {
        var item = Oracle.Item(kind: .order, method: "POST", path: "/", body: "", name: "a")
        item.fate = before
        var oracle = Oracle()
        _ = oracle.add(item)
        return oracle
    }

    @Test(
        arguments: [
            (.fresh, 201, "", .settled(answer)), (.unknown, 201, "", .settled(answer)),
            (.fresh, 503, "outcome_unknown", .unknown), (.unknown, 503, "outcome_unknown", .unknown),
            (.fresh, 503, "not_ready", .refused), (.unknown, 503, "not_ready", .unknown),
            (.refused, 503, "overloaded", .refused), (.refused, 503, "outcome_unknown", .unknown),
            (.fresh, 404, "order_not_found", .declined),
        ] as [(Oracle.Fate, Int, String, Oracle.Fate)]
    )
    func `An answer decides as much as it says`(
        before: Oracle.Fate,
        status: Int,
        code: String,
        after: Oracle.Fate
    ) {
        var oracle = Self.oracle(before)
        oracle.sent(0)
        oracle.heard(
            Oracle.Heard(status: status, code: code, hasRetryAfter: true, answer: status == 201 ? Self.answer : nil),
            0
        )
        #expect(oracle.items[0].fate == after && oracle.complaints.isEmpty, "\(oracle.complaints)")
    }

    @Test func `Silence leaves it open, and a refused stream does not`() {
        var oracle = Self.oracle(.fresh)
        oracle.sent(0)
        oracle.lost(0)
        #expect(oracle.items[0].fate == .unknown)
        oracle.sent(0)
        oracle.notProcessed(0)
        #expect(oracle.items[0].fate == .unknown, "the first attempt may have been carried out")
        var other = Self.oracle(.refused)
        other.sent(0)
        other.notProcessed(0)
        #expect(other.items[0].fate == .refused)
    }

    @Test(
        arguments: [
            Oracle.Heard(status: 500, code: "internal_error"), Oracle.Heard(status: 503, code: "not_ready"),
            Oracle.Heard(status: 503, code: "something", hasRetryAfter: true), Oracle.Heard(status: 201),
            Oracle.Heard(status: 409, code: "duplicate_client_order_id"),
        ]
    )
    func `What no answer may be is noted`(heard: Oracle.Heard) {
        var oracle = Self.oracle(.fresh)
        oracle.sent(0)
        oracle.heard(heard, 0)
        #expect(oracle.complaints.count == 1)
    }
}
