import Cryptography
import Engine
import JSON
import Testing
import Units

@testable import API

@Suite struct ExampleTests {
    let contract: Contract
    let now = LogicalTime(microseconds: 1_795_222_800_000_000)
    /// When the examples of logins were signed, for whom, and with what.
    let loginTime = LogicalTime(microseconds: 1_800_000_000_000_000)
    let logins: LoginSettings

    init() throws {
        contract = try Contract()
        let secret = try #require(BotSecret(token: "123456789:AAExampleExampleExampleExampleExampleEx"))
        logins = LoginSettings(domains: ["market.example.com"], telegram: .secret(secret))
    }

    /// Asks as somebody who may do anything.
    func admit(_ route: Route, _ target: String, body: [UInt8] = []) -> Admission {
        let scopes: Scopes = [.offer, .bid, .read, .withdraw, .operator]
        let principal = Principal(account: AccountID(1), key: KeyID(1), scopes: scopes)
        let now = route.isLogin || route == .linkTON || route == .linkTelegram ? loginTime : now
        var context = RequestContext(directory: Directory(), now: now, requestID: 1, principal: principal)
        context.login = logins
        let head = RequestHead(
            method: route.method,
            target: Array(target.utf8)[...],
            contentType: Array("application/json".utf8)[...],
            idempotencyKey: Array("5f0c8c2e-order-1".utf8)[...]
        )
        return API.admit(head, body: body, in: context, newKey: { APIKey.random() })
    }

    /// A command, a preview of one, or what comes before one.
    private func isAccepted(_ admission: Admission) -> Bool {
        switch admission {
        case .command, .query(.preview), .loginNonce, .login, .receipts, .settlementRound: true
        default: false
        }
    }

    /// Its form is right, but it proves nothing: no schema says what a signature must be.
    private func provesNothing(_ admission: Admission) throws -> Bool {
        guard case .answer(let response) = admission else { return false }
        return try JSONValue(response.body)["code"]?.string == "login_refused"
    }

    /// Every `content` in a request body or in responses, with where it stands.
    private func contents(_ value: JSONValue, _ place: String) throws -> [(place: String, media: JSONValue)] {
        (try contract.resolved(value)["content"]?.members ?? []).map { ("\(place) \($0.key)", $0.value) }
    }

    @Test func `Every example fits its schema`() throws {
        var count = 0
        var all: [(place: String, media: JSONValue)] = []
        for operation in contract.operations {
            if let body = operation.value["requestBody"] { all += try contents(body, "\(operation.id) request") }
            for response in operation.value["responses"]?.members ?? [] {
                all += try contents(response.value, "\(operation.id) \(response.key)")
            }
        }
        let validator = SchemaValidator(contract: contract)
        for (place, media) in all {
            let schema = try #require(media["schema"], "\(place) has no schema")
            for example in media["examples"]?.members ?? [] {
                let value = try #require(example.value["value"])
                #expect(validator.faults(value, schema).isEmpty, "\(place) \(example.key)")
                count += 1
            }
        }
        #expect(count > 500, "\(count) examples")
    }

    @Test func `Every body and every answer in JSON has an example`() throws {
        for operation in contract.operations {
            for response in operation.value["responses"]?.members ?? [] {
                for (place, media) in try contents(response.value, "\(operation.id) \(response.key)")
                where place.hasSuffix("json") {
                    #expect(media["examples"]?.members?.isEmpty == false, "\(place)")
                }
            }
        }
    }

    @Test(arguments: Route.allCases.filter(\.hasBody))
    func `Every example of a request is accepted`(route: Route) throws {
        let media = try contract.operation(route.operationID).value["requestBody"]?["content"]?["application/json"]
        let examples = try #require(media?["examples"]?.members)
        #expect(!examples.isEmpty)
        for example in examples {
            var writer = JSONWriter()
            writer.value(try #require(example.value["value"]))
            let admission = admit(route, target(of: route), body: writer.finish())
            if case .batch(let orders) = admission {
                #expect(BatchItem.commands(of: orders).count == orders.count)
                continue
            }
            guard isAccepted(admission) else {
                if case .answer(let response) = admission {
                    Issue.record("\(example.key): \(String(decoding: response.body, as: UTF8.self))")
                }
                continue
            }
        }
    }

    private func target(of route: Route) -> String {
        let name =
            switch route {
            case .setModel: "Qwen/Qwen3-32B"
            case .amendOrder: "o17"
            case .closeLease, .disputeClaim, .pardonLease: "l4"
            case .approveWithdrawal: "w40"
            case .assignSuspense: "u33"
            case .resolveSettlement: "s52"
            case .retireWallet, .reinstateWallet: "h2"
            default: "a2"
            }
        return route.template.replacing("{id}", with: name).replacing("{key}", with: "k3")
    }

    /// Times must be in the future, and models in the registry: no schema says that.
    private func isJudgedBySchema(_ field: String, of route: Route) -> Bool {
        switch field {
        case "expires_at", "effective_at": false
        case "model": route == .placeOffer
        default: true
        }
    }

    @Test func `A request that the schema forbids is refused, and one that it allows is not`() throws {
        let validator = SchemaValidator(contract: contract)
        let values: [JSONValue] = [
            .null, .boolean(true), .integer(0), .integer(1), .integer(-1), .integer(999), .integer(1_000),
            .integer(.max), .number("1.5"), .string(""), .string("gtc"), .string("1000"), .string("-1"),
            .string("tools"), .string("none"), .string("tdx"), .string("de"), .string("a b"),
            .string(String(repeating: "0", count: 64)), .array([]), .array([.string("tools")]), .array([.integer(1)]),
            .array([.string("read"), .string("read")]), .object([]), .object([.init("in", .array([]))]),
            .object([.init("gte", .integer(5))]), .object([.init("in", .array([.string("tdx")]))]),
        ]
        // The orders and receipts of a batch are judged one by one.
        let batches: [Route] = [.placeBatch, .recordReceipts]
        for route in Route.allCases where route.hasBody && !batches.contains(route) {
            let media = try contract.operation(route.operationID).value["requestBody"]?["content"]?["application/json"]
            let schema = try contract.resolved(try #require(media?["schema"]))
            let example = try #require(media?["examples"]?.members?.first?.value["value"]?.members)
            for field in schema["properties"]?.keys ?? [] where isJudgedBySchema(field, of: route) {
                for value in values {
                    let body = JSONValue.object(example.filter { $0.key != field } + [.init(field, value)])
                    var writer = JSONWriter()
                    writer.value(body)
                    let admission = admit(route, target(of: route), body: writer.finish())
                    let proves = route.isLogin || route == .linkTON || route == .linkTelegram
                    let isAccepted = try isAccepted(admission) || proves && provesNothing(admission)
                    let faults = validator.faults(body, schema)
                    #expect(isAccepted == faults.isEmpty, "\(route) \(field): \(value) \(faults)")
                }
            }
        }
    }
}
