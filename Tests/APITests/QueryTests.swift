import Cryptography
import Engine
import Exchange
import JSON
import Ledger
import Testing
import Units

@testable import API

@Suite struct QueryTests {
    let market = Market()

    @Test func `A list is asked for with its filters`() throws {
        let target = "/v1/orders?side=bid&state=filled&limit=7"
        guard case .history(let history) = market.admit("GET", target, as: Market.app),
            case .orders(let query) = history
        else { throw Unexpected(market.admit("GET", target, as: Market.app)) }
        #expect(history.account == AccountID(3))
        #expect(query.side == .bid && query.state == .filled && query.limit == 7 && query.before == nil)
        #expect(query.rowsWanted == 8)
    }

    @Test func `Public trades are nobody's, own trades are the caller's`() throws {
        guard case .history(let all) = market.admit("GET", "/v1/trades?model=tiny"),
            case .history(let own) = market.admit("GET", "/v1/trades?mine=true", as: Market.worker)
        else { throw Unexpected(market.admit("GET", "/v1/trades?mine=true", as: Market.worker)) }
        #expect(all == .trades(TradesQuery(account: nil, model: ModelID(3), limit: 100)))
        #expect(own.account == AccountID(2))
        #expect(try market.problem("GET", "/v1/trades?mine=true").response.status == 401)
        let known = Principal(account: AccountID(2), key: KeyID(1), scopes: .read)
        let head = RequestHead(method: .get, target: Array("/v1/trades?mine=true".utf8)[...])
        let admission = API.admit(head, body: [], in: market.context(principal: known), newKey: { Market.unknown })
        guard case .history(let remembered) = admission else { throw Unexpected(admission) }
        #expect(remembered == own)
    }

    @Test(
        arguments: [
            ("/v1/orders?limit=0", "limit out_of_range"), ("/v1/orders?limit=1001", "limit out_of_range"),
            ("/v1/orders?limit=ten", "limit wrong_type"), ("/v1/orders?limit=", "limit wrong_type"),
            ("/v1/orders?limit=1&limit=2", "limit duplicate_field"), ("/v1/orders?page=2", "page unknown_field"),
            ("/v1/orders?side=buy", "side not_allowed"), ("/v1/orders?state=OPEN", "state not_allowed"),
            ("/v1/orders?account=3", "account bad_format"), ("/v1/trades?mine=yes", "mine not_allowed"),
            ("/v1/trades?model=a;b", "model bad_format"), ("/v1/book?depth=101", "depth out_of_range"),
            ("/v1/book?weight_set=heavy", "weight_set not_allowed"), ("/v1/models?x", "x unknown_field"),
            ("/v1/account?x=1", "x unknown_field"), ("/v1/orders/o1?x=1", "x unknown_field"),
            ("/v1/fees?x=1", "x unknown_field"),
        ]
    )
    func `A parameter that breaks a rule is named`(target: String, error: String) throws {
        let problem = try market.problem("GET", target, as: Market.app)
        #expect(problem.response.status == 422)
        #expect(problem.json.error(0) == error)
        #expect(problem.json.errorCount == 1)
    }

    @Test func `Broken percent-encoding is a bad request`() throws {
        for target in ["/v1/orders?limit=%", "/v1/orders?limit=%4", "/v1/orders?%zz=1"] {
            let problem = try market.problem("GET", target, as: Market.app)
            #expect(problem.response.status == 400)
            #expect(problem.json["code"]?.string == "malformed_request")
        }
    }

    @Test(arguments: ["o0", "o", "17", "o01", "o9223372036854775808", "t17", "o1%20"])
    func `An order that cannot exist is not found`(id: String) throws {
        let problem = try market.problem("GET", "/v1/orders/\(id)", as: Market.app)
        #expect(problem.response.status == 404)
        #expect(problem.json["code"]?.string == "order_not_found")
    }
}

@Suite struct CursorTests {
    let market = Market()

    private func before(_ target: String, as key: APIKey = Market.app) throws -> OrderID? {
        let admission = market.admit("GET", target, as: key)
        guard case .history(.orders(let query)) = admission else { throw Unexpected(admission) }
        return query.before
    }

    private func page(_ query: OrdersQuery, lastID: Int64) throws -> String {
        let rows = (0..<query.rowsWanted).map { Example.detail(id: lastID + Int64(query.limit - 1 - $0)) }
        let response = View.orders(query, rows, models: market.directory.models, asOf: SequenceNumber(9))
        return try #require(try JSONValue(response.body)["next_cursor"]?.string)
    }

    @Test func `A page's cursor leads to the rows after its last one`() throws {
        let query = OrdersQuery(account: AccountID(3), side: .bid, state: nil, limit: 2, before: nil)
        let cursor = try page(query, lastID: 17)
        #expect(cursor.count == 40)
        #expect(try before("/v1/orders?side=bid&limit=9&cursor=\(cursor)") == OrderID(17))
    }

    @Test func `A last page has no cursor`() throws {
        let query = OrdersQuery(account: AccountID(3), side: nil, state: nil, limit: 2, before: nil)
        let rows = [Example.detail(id: 18), Example.detail(id: 17)]
        let response = View.orders(query, rows, models: market.directory.models, asOf: SequenceNumber(9))
        let json = try JSONValue(response.body)
        #expect(json["next_cursor"] == .null)
        #expect(json["has_more"]?.boolean == false)
    }

    @Test func `A cursor of other filters, another account or another list is refused`() throws {
        let query = OrdersQuery(account: AccountID(3), side: .bid, state: nil, limit: 2, before: nil)
        let cursor = try page(query, lastID: 17)
        for (target, key) in [
            ("/v1/orders?cursor=", Market.app), ("/v1/orders?side=offer&cursor=", Market.app),
            ("/v1/orders?side=bid&state=open&cursor=", Market.app), ("/v1/orders?side=bid&cursor=", Market.worker),
            ("/v1/trades?cursor=", Market.app), ("/v1/account/transfers?cursor=", Market.app),
        ] {
            let problem = try market.problem("GET", target + cursor, as: key)
            #expect(problem.response.status == 400)
            #expect(problem.json["code"]?.string == "bad_cursor")
        }
    }

    @Test(
        arguments: [(Int64(-1), Int64(0)), (.min, 0), (0, -1), (17, .min), (-1_000_000_000_000_000_000, 0)]
    )
    func `A position that no list gives is refused, however well it is forged`(first: Int64, second: Int64) throws {
        let forged = Cursor(list: .orders, filters: 7, first: first, second: second).text
        let problem = #expect(throws: Problem.self) {
            try Cursor(ArraySlice(forged.utf8), list: .orders, filters: 7)
        }
        #expect(problem?.code == .badCursor)
    }

    @Test func `Of a query with thousands of mistakes the first sixteen are looked at`() throws {
        let terms = String(repeating: "a:=;", count: 3_000)
        let expression = RequirementExpression(
            ArraySlice(terms.utf8),
            parameter: "requirement",
            directory: market.directory
        )
        #expect(expression.errors.count == Problem.errorsMax)
        var parameters = try QueryParameters(ArraySlice(String(repeating: "x=1&limit=1&", count: 1_000).utf8))
        _ = parameters.integer("limit", in: 1...9)
        #expect(parameters.errors.count == Problem.errorsMax)
        let problem = #expect(throws: Problem.self) { try parameters.end() }
        #expect(problem?.errors.count == Problem.errorsMax)
    }

    @Test func `A cursor with any one character changed is refused`() throws {
        let query = OrdersQuery(account: AccountID(3), side: nil, state: nil, limit: 2, before: nil)
        let cursor = Array(try page(query, lastID: 17).utf8)
        for index in cursor.indices {
            var changed = cursor
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            #expect(try market.problem("GET", "/v1/orders?cursor=\(text)", as: Market.app).response.status == 400)
        }
        for text in ["", "x", String(decoding: cursor.dropLast(), as: UTF8.self), String(repeating: "A", count: 40)] {
            #expect(try market.problem("GET", "/v1/orders?cursor=\(text)", as: Market.app).response.status == 400)
        }
    }

    @Test func `A transfer's place survives its cursor`() throws {
        let query = TransfersQuery(account: AccountID(3), limit: 1)
        let row = TransferDetail(
            transfer: Transfer(
                debit: LedgerAccount(AccountID(3), .available),
                credit: LedgerAccount(AccountID(3), .held),
                amount: NanoTON(5),
                kind: .hold,
                order: OrderID(3)
            ),
            position: .init(sequence: SequenceNumber(3), ordinal: 7),
            time: Market.now
        )
        let response = View.transfers(query, [row, row], asOf: SequenceNumber(9))
        let cursor = try #require(try JSONValue(response.body)["next_cursor"]?.string)
        let admission = market.admit("GET", "/v1/account/transfers?cursor=\(cursor)", as: Market.app)
        guard case .history(.transfers(let next)) = admission else { throw Unexpected(admission) }
        #expect(next.before == .init(sequence: SequenceNumber(3), ordinal: 7))
        #expect(next.limit == 100)
    }

    @Test func `The list of accounts goes on at its cursor, and is not for every key`() throws {
        let query = AccountsQuery(caller: AccountID(1), limit: 1)
        let rows = [5, 4].map {
            AccountRecord(id: AccountID($0), label: "x", openOrdersMax: 9, createdAt: Market.now)
        }
        let page = try JSONValue(View.accounts(query, rows, asOf: SequenceNumber(9)).body)
        #expect(page["data"]?.elements?.count == 1)
        let cursor = try #require(page["next_cursor"]?.string)
        let admission = market.admit("GET", "/v1/accounts?limit=7&cursor=\(cursor)", as: Market.admin)
        guard case .history(.accounts(let next)) = admission else { throw Unexpected(admission) }
        #expect(next.before == AccountID(5) && next.limit == 7)
        guard case .answer(let refusal) = market.admit("GET", "/v1/accounts", as: Market.app) else {
            throw Unexpected(admission)
        }
        #expect(refusal.status == 403)
        guard case .answer(let mixed) = market.admit("GET", "/v1/orders?cursor=\(cursor)", as: Market.app) else {
            throw Unexpected(admission)
        }
        #expect(mixed.status == 400, "a cursor is for its own list")
    }
}

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1_795_222_800_000_000, "2026-11-21T01:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_400_000_001, "2100-03-01T00:00:00.000001Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)]
    )
    func `A time is written and read back to the microsecond`(microseconds: Int64, text: String) {
        let bytes = Timestamp.bytes(LogicalTime(microseconds: microseconds))
        #expect(String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) == text)
        #expect(Timestamp.time(Array(text.utf8)[...])?.microseconds == microseconds)
    }

    @Test(
        arguments: [
            ("2026-11-21T01:00:00Z", 1_795_222_800_000_000), ("2026-11-21t01:00:00z", 1_795_222_800_000_000),
            ("2026-11-21T02:30:00+01:30", 1_795_222_800_000_000), ("2026-11-20T20:00:00-05:00", 1_795_222_800_000_000),
            ("2026-11-21T01:00:00.5Z", 1_795_222_800_500_000),
            ("2026-11-21T01:00:00.123456789Z", 1_795_222_800_123_456),
        ] as [(String, Int64)]
    )
    func `Any time of RFC 3339 is read`(text: String, microseconds: Int64) {
        #expect(Timestamp.time(Array(text.utf8)[...])?.microseconds == microseconds)
    }

    @Test(
        arguments: [
            "", "2026-11-21", "2026-11-21T01:00:00", "2026-11-21 01:00:00Z", "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00", "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "20a6-01-01T00:00:00Z", "2026-01-01T00:00:00ZZ",
        ]
    )
    func `What is no time is not read`(text: String) {
        #expect(Timestamp.time(Array(text.utf8)[...]) == nil)
    }
}
