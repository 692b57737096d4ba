import Cryptography
import Engine
import Exchange
import JSON
import Provenance
import Testing
import Units

@testable import API

@Suite struct LeaseBodyTests {
    let market = Market()
    private static let key = String(repeating: "A", count: 43)
    private static let signature = String(repeating: "A", count: 86)

    private static let receipt: Receipt = {
        let price = Price(nanoTONPerMTok: 1_000_000)
        return Receipt(
            lease: LeaseID(4),
            worker: PartyID(high: 1, low: 2),
            app: PartyID(high: 3, low: 4),
            sequence: 1,
            usage: TokenUsage(prompt: 10, completion: 0),
            price: price,
            adjusted: AdjustedTokens(10),
            amount: NanoTON(10),
            startedAt: 1,
            endedAt: 2
        )
    }()

    private static func body(_ receipt: Receipt, _ more: String = "") -> String {
        #"{"receipt":"\#(Base64URL.encode(receipt.bytes))","worker_signature":"\#(signature)"\#(more)}"#
    }

    private func action(_ method: String, _ target: String, _ body: String, as key: APIKey) throws -> LeaseCommand {
        guard case .lease(let command) = try market.command(method, target, body, as: key).action else {
            throw Unexpected(market.admit(method, target, body, as: key))
        }
        return command
    }

    @Test func `What follows a trade is told in commands`() throws {
        let profile = #"{"endpoint":"https://gpu.example","receipt_key":"\#(Self.key)"}"#
        let terms = ProfileTerms(endpoint: "https://gpu.example", receiptKey: [UInt8](repeating: 0, count: 32))
        #expect(try action("PUT", "/v1/account/profile", profile, as: Market.worker) == .setProfile(terms))
        let none = #"{"endpoint":null}"#
        #expect(try action("PUT", "/v1/account/profile", none, as: Market.app) == .setProfile(ProfileTerms()))
        #expect(try action("POST", "/v1/leases/l4:close", "{}", as: Market.app) == .closeLease(LeaseID(4)))
        #expect(try action("POST", "/v1/leases/l4:dispute", "{}", as: Market.app) == .disputeClaim(LeaseID(4)))
        #expect(try action("POST", "/v1/leases/l4:pardon", "{}", as: Market.admin) == .pardon(LeaseID(4)))
        let amount = #"{"amount_nanoton":"7"}"#
        #expect(try action("POST", "/v1/account/bond:lock", amount, as: Market.worker) == .lockBond(NanoTON(7)))
        #expect(try action("POST", "/v1/account/bond:release", amount, as: Market.worker) == .releaseBond(NanoTON(7)))
        #expect(try action("PUT", "/v1/market/lease-policy", "{}", as: Market.admin) == .setPolicy(.initial))
        var policy = LeasePolicyTerms.initial
        policy.step = AdjustedTokens(5)
        policy.disputeWindow = 60_000_000
        policy.newcomerLotsMax = Lots(9)
        let stated = #"{"step_tokens":5,"dispute_window_s":60,"newcomer_lots_max":9}"#
        #expect(try action("PUT", "/v1/market/lease-policy", stated, as: Market.admin) == .setPolicy(policy))
    }

    @Test(arguments: [("close", Market.app), ("dispute", Market.app), ("pardon", Market.admin)])
    func `A wish that is all in the path needs no body`(name: String, key: APIKey) throws {
        for body in ["", "{}"] {
            guard case .lease = try market.command("POST", "/v1/leases/l4:\(name)", body, as: key).action else {
                Issue.record("\(name) is no command on a lease")
                return
            }
        }
        let path = "/v1/leases/l4:\(name)"
        for (body, code) in [(#"{"a":1}"#, "invalid_fields"), (" ", "malformed_json")] {
            #expect(try market.problem("POST", path, body, as: key).json["code"]?.string == code)
        }
    }

    @Test func `How workers are measured is told in a command`() throws {
        let path = "/v1/market/measurement-policy"
        #expect(try action("PUT", path, "{}", as: Market.admin) == .setMeasurementPolicy(.initial))
        let stated = #"{"samples_min":3,"half_life_s":60,"interval_s":0,"lifetime_s":7200}"#
        let policy = MeasurementPolicyTerms(
            samplesMin: 3,
            halfLife: 60_000_000,
            interval: 0,
            lifetime: 7_200_000_000
        )
        #expect(try action("PUT", path, stated, as: Market.admin) == .setMeasurementPolicy(policy))
    }

    @Test func `A bid that tops up a lease names nothing else, and does not rest`() throws {
        let bid = #"{"lease":"l4","price_nanoton_per_mtok":1000,"quantity_lots":1}"#
        guard case .placeBid(let terms) = try market.command("POST", "/v1/bids", bid, as: Market.app).action else {
            Issue.record("no bid")
            return
        }
        #expect(terms.order.rules.lease.toppedUp == LeaseID(4) && terms.order.timeInForce == .ioc)
        #expect(terms.requirement == Requirement())
    }

    @Test(
        arguments: [
            ("ticket", true), ("Ticket", true), ("respond-async, ticket;q=1", true), (" ticket ,wait=5", true),
            ("tickets", false), ("ticket=1", false), ("respond-async; ticket", false), ("", false),
        ]
    )
    func `Tickets come with the answer when they are preferred`(field: String, wanted: Bool) {
        var head = RequestHead(method: .post, target: [])
        head.prefer = Array(field.utf8)[...]
        #expect(head.prefersTickets == wanted)
        head.prefer = nil
        #expect(!head.prefersTickets)
    }

    @Test func `An answer with tickets is the answer, and tickets as they come by themselves`() throws {
        let answer = APIResponse(status: 201, body: Array(#"{"id":"o1"}"#.utf8))
        let tickets = [1, 2].map { SignedTicketText("bxt1.\($0)", of: LeaseID($0), keyID: "k") }
        let response = View.placed(answer, with: tickets)
        let alone = tickets.map { String(decoding: View.ticket($0.text, of: $0.lease, keyID: "k").body, as: UTF8.self) }
        let body = #"{"id":"o1","tickets":[\#(alone.joined(separator: ","))]}"#
        #expect(String(decoding: response.body, as: UTF8.self) == body && response.status == 201)
        #expect(response.fields.contains { $0.name.description == "preference-applied" })
    }

    @Test func `A bid says what becomes of what is not delivered, an offer what it promises`() throws {
        let bid = """
            {"requirement":{"deliver_within_s":{"lte":60}},"price_nanoton_per_mtok":1000,"quantity_lots":1,\
            "on_failure":"rebid","avoid_workers":["a9","a7","a9"]}
            """
        guard case .placeBid(let terms) = try market.command("POST", "/v1/bids", bid, as: Market.app).action else {
            Issue.record("no bid")
            return
        }
        #expect(terms.order.rules.lease.rebids)
        #expect(terms.order.rules.lease.avoided == [AccountID(7), AccountID(9)])
        let offer = """
            {"model":"tiny","price_nanoton_per_mtok":1000,"quantity_lots":1,"capability":{"deliver_within_s":60},\
            "service":{"ttft_ms":500,"refund_share_bps":100}}
            """
        guard case .placeOffer(let sale) = try market.command("POST", "/v1/offers", offer, as: Market.worker).action
        else {
            Issue.record("no offer")
            return
        }
        #expect(sale.traits[.deliverWithinS] == 60)
        let service = ServiceTerms(timeToFirstToken: 500, completion: 0, refundShare: BasisPoints(100))
        #expect(sale.order.rules.lease.service == service)
    }

    @Test func `A receipt that is sound in itself is taken, whoever has signed it`() throws {
        let body = Self.body(Self.receipt, #","app_signature":null"#)
        guard case .receipts(let one) = market.admit("POST", "/v1/receipts", body, as: Market.worker) else {
            Issue.record("not taken")
            return
        }
        #expect(one.kind == .single && one.leases == [LeaseID(4)] && one.account == AccountID(2))
        var other = Self.receipt
        other.lease = LeaseID(5)
        let list = #"{"receipts":[\#(body),{},\#(Self.body(other)),\#(body)]}"#
        guard case .receipts(let batch) = market.admit("POST", "/v1/receipts:batch", list, as: Market.worker) else {
            Issue.record("not taken")
            return
        }
        #expect(batch.kind == .list && batch.items.count == 4 && batch.leases == [LeaseID(4), LeaseID(5)])
        guard case .refused(let problem) = batch.items[1] else {
            Issue.record("an empty receipt is refused")
            return
        }
        #expect(problem.code == .invalidFields && problem.errors.count == 2)
    }

    @Test(
        arguments: [
            ("PUT", "/v1/account/profile", #"{"endpoint":"http://gpu.example"}"#, "#/endpoint bad_format"),
            ("PUT", "/v1/account/profile", #"{"endpoint":"https://"}"#, "#/endpoint bad_format"),
            ("PUT", "/v1/account/profile", #"{"endpoint":"https://a b"}"#, "#/endpoint bad_format"),
            ("PUT", "/v1/account/profile", #"{"receipt_key":"AAAA"}"#, "#/receipt_key bad_format"),
            ("PUT", "/v1/account/profile", #"{"name":1}"#, "#/name unknown_field"),
            ("POST", "/v1/account/bond:lock", "{}", "#/amount_nanoton required"),
            ("POST", "/v1/account/bond:lock", #"{"amount_nanoton":0}"#, "#/amount_nanoton out_of_range"),
            ("POST", "/v1/receipts", "{}", "#/receipt required"),
            ("PUT", "/v1/market/measurement-policy", #"{"samples_min":0}"#, "#/samples_min out_of_range"),
            ("PUT", "/v1/market/measurement-policy", #"{"half_life_s":59}"#, "#/half_life_s out_of_range"),
            ("PUT", "/v1/market/measurement-policy", #"{"lifetime_s":7776001}"#, "#/lifetime_s out_of_range"),
            (
                "POST", "/v1/bids", #"{"lease":"4","price_nanoton_per_mtok":1000,"quantity_lots":1}"#,
                "#/lease bad_format"
            ),
            (
                "POST", "/v1/bids",
                #"{"lease":"l4","price_nanoton_per_mtok":1000,"quantity_lots":1,"time_in_force":"gtc"}"#,
                "#/time_in_force not_allowed"
            ),
            (
                "POST", "/v1/bids",
                #"{"lease":"l4","price_nanoton_per_mtok":1000,"quantity_lots":1,"on_failure":"rebid"}"#,
                "#/on_failure not_allowed"
            ),
            ("POST", "/v1/receipts", #"{"receipt":"AA","worker_signature":"AA"}"#, "#/receipt bad_format"),
            ("POST", "/v1/receipts:batch", #"{"receipts":[]}"#, "#/receipts empty"),
            ("POST", "/v1/receipts:equivocation", "{}", "#/first required"),
            ("POST", "/v1/leases/l4:close", #"{"why":1}"#, "#/why unknown_field"),
        ] as [(String, String, String, String)]
    )
    func `A wrong body names the field and the rule`(method: String, path: String, body: String, first: String) throws {
        let isOperators = path.hasPrefix("/v1/market/")
        let key = isOperators ? Market.admin : path == "/v1/bids" ? Market.app : Market.worker
        let (response, json) = try market.problem(method, path, body, as: key)
        #expect(response.status == 422, "\(json)")
        let error = json["errors"]?.elements?.first
        #expect("\(error?["pointer"]?.string ?? "") \(error?["code"]?.string ?? "")" == first, "\(json)")
    }

    @Test(
        arguments: [
            ("step_tokens", Limits.stepMax), ("dispute_window_s", Limits.disputeWindowMax / 1_000_000),
            ("bond_per_lot_nanoton", Limits.bondPerLotMax), ("slash_share_bps", 10_000),
            ("appeal_window_s", Limits.appealWindowMax / 1_000_000), ("newcomer_lots_max", Limits.orderLotsMax),
        ] as [(String, Int64)]
    )
    func `A rule for leases has an end`(name: String, most: Int64) throws {
        _ = try action("PUT", "/v1/market/lease-policy", #"{"\#(name)":\#(most)}"#, as: Market.admin)
        let (_, json) = try market.problem(
            "PUT",
            "/v1/market/lease-policy",
            #"{"\#(name)":\#(most + 1)}"#,
            as: Market.admin
        )
        #expect(json["errors"]?.elements?.first?["code"]?.string == "out_of_range", "\(json)")
    }

    @Test func `A batch has at most a thousand receipts, and the two of a proof must contradict each other`() throws {
        let many = Array(repeating: "{}", count: Limits.receiptsPerBatchMax + 1).joined(separator: ",")
        let (_, json) = try market.problem("POST", "/v1/receipts:batch", #"{"receipts":[\#(many)]}"#, as: Market.worker)
        #expect(json["errors"]?.elements?.first?["code"]?.string == "too_many", "\(json)")
        let one = Self.body(Self.receipt)
        let same = #"{"first":\#(one),"second":\#(one)}"#
        let (_, refused) = try market.problem("POST", "/v1/receipts:equivocation", same, as: Market.app)
        #expect(refused["errors"]?.elements?.first?["pointer"]?.string == "#/second", "\(refused)")
        var other = Self.receipt
        other.endedAt = 3
        let proof = #"{"first":\#(one),"second":\#(Self.body(other))}"#
        guard case .receipts(let batch) = market.admit("POST", "/v1/receipts:equivocation", proof, as: Market.app)
        else {
            Issue.record("not taken")
            return
        }
        #expect(batch.kind == .equivocation && batch.items.count == 2)
    }

    @Test func `Paths behind a trade lead where they say`() throws {
        let hash = String(repeating: "a", count: 64)
        for (path, isFound) in [
            ("/v1/leases/l4", true), ("/v1/leases/l4/ticket", true), ("/v1/leases/l4/receipts", true),
            ("/v1/receipts/\(hash)/bundle", true), ("/v1/receipts?response_sha256=\(hash)", true),
            ("/v1/receipts/\(hash)", false), ("/v1/leases/l4/other", false), ("/v1/leases/l4:other", false),
            ("/v1/leases/x", false), ("/log/tile/0/000", true), ("/log/tile/0/x000/000", false),
            ("/log/tile/8/000", false), ("/log/tile/", false), ("/log/checkpoint", true), ("/log/other", false),
        ] {
            let admission = market.admit("GET", path, as: Market.app)
            if case .answer(let response) = admission, response.status == 404 {
                #expect(!isFound, "\(path)")
            } else {
                #expect(isFound, "\(path)")
            }
        }
    }
}
