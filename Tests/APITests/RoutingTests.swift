import Cryptography
import Engine
import JSON
import Testing
import Units

@testable import API

@Suite struct RoutingTests {
    let market = Market()

    @Test(
        arguments: [
            ("GET", "/", 404, "not_found"),
            ("GET", "", 404, "not_found"),
            ("GET", "/v1", 404, "not_found"),
            ("GET", "/v1/", 404, "not_found"),
            ("POST", "/v1/offers/", 404, "not_found"),
            ("GET", "/v1/orders/o1/x", 404, "not_found"),
            ("GET", "/v2/offers", 404, "not_found"),
            ("GET", "/healthz/", 404, "not_found"),
            ("GET", "/v1/accounts/a1/other", 404, "not_found"),
            ("GET", "/v1/models/", 404, "not_found"),
            ("TRACE", "/v1/offers", 405, "method_not_allowed"),
            ("post", "/v1/offers", 405, "method_not_allowed"),
            ("PATCH", "/v1/offers", 405, "method_not_allowed"),
            ("OPTIONS", "/v1/models", 405, "method_not_allowed"),
            ("POST", "/healthz", 405, "method_not_allowed"),
            ("HEAD", "/v1/book", 405, "method_not_allowed"),
            ("GET", "/v1/models/no/such", 404, "model_not_found"),
            ("GET", "/v1/models/a%2", 404, "model_not_found"),
        ]
    )
    func `An unknown path or method says so`(method: String, target: String, status: Int, code: String) throws {
        let problem = try market.problem(method, target)
        #expect(problem.response.status == status)
        #expect(problem.json["code"]?.string == code)
        #expect(problem.json["type"]?.string == "/problems/\(code)")
        #expect(problem.json["request_id"]?.string == "00000000000004d2")
    }

    @Test(
        arguments: [
            ("/v1/offers", "POST"), ("/v1/orders/o1", "GET, DELETE, PATCH"), ("/v1/fees", "GET, PUT"),
            ("/v1/models/a/b", "GET, PUT"), ("/healthz", "GET, HEAD"),
        ]
    )
    func `A method that a path does not have is answered with those that it has`(path: String, allow: String) throws {
        let problem = try market.problem("TRACE", path)
        #expect(problem.response.allow == allow)
        #expect(problem.response.fields.contains { $0.name.description == "allow" && $0.value == Array(allow.utf8) })
    }

    @Test(arguments: Route.allCases)
    func `Every route is found by its own template and method`(route: Route) throws {
        let path = route.template.split(separator: "{").joined(separator: "").replacing("id}", with: "a1")
        let resource = try #require(Resource(path: Array(path.utf8)[...]))
        #expect(try resource.kind.route(route.method) == route)
    }

    @Test func `No two routes have the same method and path`() {
        #expect(Set(Route.allCases.map { "\($0.method) \($0.template)" }).count == Route.allCases.count)
    }

    @Test func `The operations' answers need nobody and no key`() throws {
        guard case .answer(let health) = market.admit("GET", "/healthz") else { throw Unexpected(.models(.init())) }
        #expect(health.status == 200)
        #expect(health.body.count >= 64)
        #expect(try JSONValue(health.body)["status"]?.string == "ok")
        guard case .answer(let head) = market.admit("HEAD", "/healthz") else { throw Unexpected(.models(.init())) }
        #expect(head == health)
        guard case .answer(let contract) = market.admit("GET", "/openapi.yaml") else {
            throw Unexpected(.models(.init()))
        }
        #expect(contract.body.starts(with: "openapi: 3.1.0".utf8))
        guard case .operations(.readiness) = market.admit("GET", "/readyz") else { throw Unexpected(.models(.init())) }
        guard case .operations(.metrics) = market.admit("GET", "/metrics") else { throw Unexpected(.models(.init())) }
    }

    @Test(
        arguments: [
            (nil, 415), ("text/plain", 415), ("application/jsonx", 415), ("application/problem+json", 415), ("", 415),
            ("application/json", 0), ("Application/JSON; charset=utf-8", 0), ("application/json ;q=1", 0),
        ] as [(String?, Int)]
    )
    func `A body is JSON by its content-type`(contentType: String?, status: Int) throws {
        let body = #"{"model":"tiny","price_nanoton_per_mtok":1000,"quantity_lots":1}"#
        let admission = market.admit("POST", "/v1/offers", body, as: Market.worker, contentType: contentType)
        switch admission {
        case .answer(let response): #expect(response.status == status)
        case .command: #expect(status == 0)
        default: throw Unexpected(admission)
        }
    }
}

@Suite struct AuthenticationTests {
    let market = Market()

    @Test func `A request without a key is told to say who asks`() throws {
        let problem = try market.problem("GET", "/v1/account")
        #expect(problem.response.status == 401)
        #expect(problem.json["code"]?.string == "authentication_required")
        #expect(problem.response.demandsAuthentication)
    }

    @Test(
        arguments: [
            "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer bx_short", "bx_" + String(repeating: "k", count: 43),
            "Bearer bx_" + String(repeating: "k", count: 44), "Bearer by_" + String(repeating: "k", count: 43),
            "Bearer bx_" + String(repeating: "k", count: 42) + "=", "Bearer bx_" + String(repeating: "k", count: 43),
            "Bearer bx_" + String(repeating: "k", count: 42) + "Y",
            "Bearer\tbx_" + String(repeating: "k", count: 42) + "A",
        ]
    )
    func `A key that is malformed or unknown is not valid`(authorization: String) {
        #expect {
            try Authentication.principal(
                Array(authorization.utf8)[...],
                directory: market.directory,
                now: Market.now,
                peer: NetworkAddress(v4: 1)
            )
        } throws: {
            ($0 as? Problem)?.code == .invalidKey
        }
    }

    @Test func `A key is found whatever the case of its scheme`() throws {
        let authorization = Array("bEARER \(Market.app.secret)".utf8)[...]
        let principal = try Authentication.principal(
            authorization,
            directory: market.directory,
            now: Market.now,
            peer: NetworkAddress(v4: 1)
        )
        #expect(principal.account == AccountID(3))
        #expect(principal.scopes == [.bid, .read])
    }

    @Test func `An expired key is refused, also when the connection remembers it`() throws {
        let problem = try market.problem("GET", "/v1/account", as: Market.expired)
        #expect(problem.json["code"]?.string == "key_expired")
        let remembered = Principal(account: AccountID(3), key: KeyID(6), scopes: .read, expiresAt: Market.now)
        let head = RequestHead(method: .get, target: Array("/v1/account".utf8)[...])
        let admission = API.admit(head, body: [], in: market.context(principal: remembered), newKey: { Market.unknown })
        guard case .answer(let response) = admission else { throw Unexpected(admission) }
        #expect(response.status == 401)
    }

    @Test(
        arguments: [
            ("POST", "/v1/offers", Market.app), ("POST", "/v1/bids", Market.worker), ("POST", "/v1/bids", Market.admin),
            ("DELETE", "/v1/orders/o1", Market.reader), ("POST", "/v1/accounts", Market.app),
            ("POST", "/v1/accounts/a2/deposits", Market.auditor), ("PUT", "/v1/fees", Market.worker),
            ("GET", "/v1/orders?account=a2", Market.app), ("GET", "/v1/account?account=a2", Market.reader),
            ("GET", "/v1/trades?mine=true&account=a2", Market.app),
        ]
    )
    func `A key without the scope is refused`(method: String, target: String, key: APIKey) throws {
        let problem = try market.problem(method, target, "{}", as: key)
        #expect(problem.response.status == 403)
        #expect(problem.json["code"]?.string == "missing_scope")
    }

    @Test func `Operator and auditor read every account, others their own`() throws {
        for (key, account, owner) in [
            (Market.admin, 2, nil), (Market.auditor, 2, nil), (Market.reader, 3, AccountID(3)),
        ] as [(APIKey, Int64, AccountID?)] {
            guard case .query(.account(let id)) = market.admit("GET", "/v1/account?account=a\(account)", as: key),
                case .query(.order(let order, owner: let seen)) = market.admit("GET", "/v1/orders/o17", as: key)
            else { throw Unexpected(market.admit("GET", "/v1/orders/o17", as: key)) }
            #expect(id == AccountID(account))
            #expect(order == OrderID(17))
            #expect(seen == owner)
        }
    }

    @Test func `A new key is known after its event, and then connections look again`() throws {
        let terms = KeyTerms(
            owner: AccountID(7),
            hash: try #require(KeyHash(bytes: Market.unknown.digest.bytes)),
            scopes: .read,
            label: ""
        )
        let event = Event.keyCreated(KeyRecord(id: KeyID(9), terms: terms, createdAt: Market.now))
        let next = try #require(market.directory.applying([event], through: SequenceNumber(10)))
        #expect(next.principal(of: terms.hash)?.account == AccountID(7))
        #expect(market.directory.principal(of: terms.hash) == nil)
        #expect(next.keysVersion != market.directory.keysVersion)
        #expect(next.asOf == SequenceNumber(10))
        let rested = Event.rested(OrderID(1), .zero)
        #expect(market.directory.applying([rested], through: SequenceNumber(10)) == nil)
    }
}
