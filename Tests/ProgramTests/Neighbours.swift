import Cryptography
import JSON
import ProgramTesting
import Provenance
import Testing
import Units

/// An app with one of everything that an account can have, a worker that shares its lease, and a stranger to both.
struct Neighbours {
    let town: ChainTown
    let leases: LeaseDesk
    let stranger: Scenario.Party
    /// The app's objects, by the contract's names for the parameters that they are named in.
    private(set) var objects: [String: String] = [:]
    /// What each list of the app's shows of it.
    private(set) var marks: [String: String] = [:]

    /// The same names, and what is nobody's.
    static let missing = [
        "OrderID": "o999999", "LeaseID": "l999999", "WithdrawalID": "w999999", "KeyID": "k999999",
        "AccountID": "a999999", "ReceiptHash": String(repeating: "9", count: 64), "SettlementID": "s999999",
        "LoginSequence": "999999",
    ]
    /// What both parties of a lease have.
    static let shared: Set = ["LeaseID", "ReceiptHash"]
    /// The address of the withdrawal that waits.
    static let waitingPayee: UInt8 = 8

    var app: Scenario.Party { leases.app }
    var worker: Scenario.Party { leases.worker }
    var client: TestClient { leases.client }
    var operatorKey: String { leases.scenario.operatorKey }

    init() throws {
        town = try ChainTown(nanoTON: 20_000_000_000, arguments: ["--login-domain", "market.example.com"])
        leases = try LeaseDesk(town.server)
        stranger = try leases.scenario.party("stranger", deposit: 1_000_000_000)
        try town.waitForWallet(leases.scenario, app.key)
        let lease = try leases.open()
        let receipt = leases.signed(leases.receipt(of: lease, 1, prompt: 1_000))
        try demand(leases.record(receipt), 200)
        objects = [
            "LeaseID": lease.text, "ReceiptHash": receipt.receipt.hash.hex, "AccountID": app.account,
            "ResponseHash": receipt.receipt.response.hex,
            "OrderID": try text(
                post("/v1/bids", Scenario.bid(price: 1_000_000, lots: 1, clientOrderID: "theirs")),
                "id"
            ),
            "KeyID": try text(post("/v1/account/keys", #"{"scopes":["read"],"label":"spare"}"#), "id"),
        ]
        try logIn()
        try settle()
        marks = try found()
    }

    /// What no answer to others may show.
    var secrets: [String] {
        ["OrderID", "LeaseID", "WithdrawalID", "SettlementID"].compactMap { objects[$0] }.map { "\"\($0)\"" }
            + [app.account, worker.account].map { "\"\($0)\"" } + Set(marks.values)
    }

    /// A wallet's login is linked to the app's account.
    private mutating func logIn() throws {
        let nonce = try client.call("POST", "/v1/login/ton/nonce", "{}")
        let proof = try TestWallet.two()[0].proof(try text(nonce, "payload"), network: "-3")
        let linked = try post("/v1/account/logins/ton", proof)
        let sequence = try #require(linked["login"]?["sequence"]?.integer, "\(linked.text)")
        objects["LoginSequence"] = "\(sequence)"
    }

    /// One withdrawal is paid, and another one waits.
    private mutating func settle() throws {
        try setTerms(#"{"cooling_off_s":0}"#)
        let paid = try text(withdraw(to: 7, name: "paid"), "id")
        func found() throws -> TestClient.Answer {
            try client.call("GET", "/v1/withdrawals/\(paid)", key: app.key)
        }
        try town.chain.waitUntil(seconds: 60) { try found()["state"]?.string == "paid" }
        objects["SettlementID"] = try text(found(), "settlement_id")
        try setTerms(#"{"cooling_off_s":3600}"#)
        objects["WithdrawalID"] = try text(withdraw(to: Self.waitingPayee, name: "theirs"), "id")
    }

    /// The lists of what accounts have, and what is to be found in the app's.
    private func found() throws -> [String: String] {
        let door = try client.call("GET", "/v1/deposits", key: app.key)
        let (order, account) = (objects["OrderID"] ?? "", app.account)
        return [
            "/v1/orders": #""\#(order)""#, "/v1/trades": #""\#(objects["LeaseID"] ?? "")""#,
            "/v1/account": #""ton:\#(try TestWallet.two()[0].address)""#,
            "/v1/account/keys": #""spare""#, "/v1/account/transfers": #""\#(order)""#,
            "/v1/account/profile": #""\#(account)""#, "/v1/account/bond": #""\#(account)""#,
            "/v1/account/payout-terms": #""\#(account)""#, "/v1/leases": #""\#(objects["LeaseID"] ?? "")""#,
            "/v1/receipts": #""\#(objects["ReceiptHash"] ?? "")""#,
            "/v1/deposits": #""\#(try text(door, "memo"))""#,
            "/v1/withdrawals": #""\#(objects["WithdrawalID"] ?? "")""#,
            "/v1/settlements": #""\#(objects["SettlementID"] ?? "")""#,
        ]
    }

    /// The body of a withdrawal to the n-th of our addresses.
    static func withdrawal(to number: UInt8) throws -> String {
        #"{"address":"\#(try WithdrawalTests.Desk.address(number))","amount_nanoton":"200000000"}"#
    }

    private func withdraw(to number: UInt8, name: String) throws -> TestClient.Answer {
        let fields = [(name: "idempotency-key", value: name)]
        return try client.call("POST", "/v1/withdrawals", key: app.key, Self.withdrawal(to: number), fields: fields)
    }

    private func setTerms(_ body: String) throws {
        try demand(client.call("PUT", "/v1/settlement/terms", key: operatorKey, body), 200)
    }

    private func post(_ path: String, _ body: String) throws -> TestClient.Answer {
        try client.call("POST", path, key: app.key, body)
    }

    private func text(_ answer: TestClient.Answer, _ name: String) throws -> String {
        try #require(answer[name]?.string, "\(answer.text)")
    }

    private func demand(_ answer: TestClient.Answer, _ status: Int) throws {
        guard answer.status == status else { throw TestServer.Failure(answer.text) }
    }
}
