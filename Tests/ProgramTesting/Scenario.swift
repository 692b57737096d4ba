internal import Foundation
internal import JSON

/// A market with one model, some workers and some apps, made through the interface as an operator would.
package struct Scenario {
    package let server: TestServer
    package let operatorKey: String
    package let client: TestClient

    /// Connects to the server, and makes the model.
    package init(_ server: TestServer) throws {
        self.server = server
        operatorKey = try server.operatorKey()
        client = try server.connect()
        let model = #"{"weight_set":"standard","quality":45,"context_length":131072}"#
        let answer = try arrange("PUT", "/v1/models/Qwen/Qwen3-32B", model)
        guard answer.status == 200 || answer.status == 201 else { throw TestServer.Failure(answer.text) }
    }

    /// A call of the operator's that is made again while the server says that nothing was done, as clients should.
    private func arrange(_ method: String, _ path: String, _ body: String) throws -> TestClient.Answer {
        for _ in 0..<200 {
            let answer = try client.call(method, path, key: operatorKey, body)
            guard answer["code"]?.string == "not_ready" else { return answer }
            usleep(100_000)
        }
        throw TestServer.Failure("the server does not become ready: \(server.logText)")
    }

    /// An account and its key.
    package struct Party: Sendable {
        package let account: String
        package let key: String
    }

    /// An account with a key for everything that an owner does.
    package func party(
        _ label: String,
        deposit nanoTON: Int64 = 0,
        openOrdersMax: Int64 = 1_000_000
    ) throws -> Party {
        let account = try arrange(
            "POST",
            "/v1/accounts",
            #"{"label":"\#(label)","open_orders_max":\#(openOrdersMax)}"#
        )
        guard let id = account["id"]?.string else { throw TestServer.Failure(account.text) }
        let scopes = #"{"label":"\#(label)","scopes":["offer","bid","read","withdraw"]}"#
        let key = try arrange("POST", "/v1/accounts/\(id)/keys", scopes)
        guard let secret = key["key"]?.string else { throw TestServer.Failure("no key: \(key.status)") }
        if nanoTON > 0 {
            let body = #"{"amount_nanoton":"\#(nanoTON)"}"#
            let deposit = try arrange("POST", "/v1/accounts/\(id)/deposits", body)
            guard deposit.status == 201 else { throw TestServer.Failure(deposit.text) }
        }
        return Party(account: id, key: secret)
    }

    /// The body of an offer.
    package static func offer(
        price: Int64,
        lots: Int64,
        clientOrderID: String? = nil,
        timeInForce: String = "gtc"
    ) -> String {
        let name = clientOrderID.map { #","client_order_id":"\#($0)""# } ?? ""
        return """
            {"model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"\(price)","quantity_lots":\(lots),\
            "time_in_force":"\(timeInForce)"\(name),"capability":{"context_length":32768,"features":["tools"]}}
            """
    }

    /// The body of a bid.
    package static func bid(
        price: Int64,
        lots: Int64,
        clientOrderID: String? = nil,
        timeInForce: String = "gtc"
    ) -> String {
        let name = clientOrderID.map { #","client_order_id":"\#($0)""# } ?? ""
        return """
            {"requirement":{"model":{"in":["Qwen/Qwen3-32B"]}},"price_nanoton_per_mtok":"\(price)",\
            "quantity_lots":\(lots),"time_in_force":"\(timeInForce)"\(name)}
            """
    }

    /// A balance of the account in nanoTON.
    package func balance(_ party: Party, _ kind: String) throws -> Int64 {
        let answer = try client.call("GET", "/v1/account", key: party.key)
        guard let amount = answer["balances"]?["\(kind)_nanoton"]?.string.flatMap({ Int64($0) }) else {
            throw TestServer.Failure(answer.text)
        }
        return amount
    }
}
