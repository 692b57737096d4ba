internal import Demonstration
internal import HTTP2
internal import JSON
internal import Units

/// The accounts of a demo: opened, given keys and money, attested, with fees and models in place before them.
struct DemoOwners {
    let workers: [Owner]
    let apps: [Owner]

    /// An account with a key for all that it does.
    struct Owner {
        /// As in `a2`.
        let id: String
        let key: String
    }

    /// Does all that the operator does before a market opens.
    init(_ plan: Plan, _ server: TemporaryServer) throws {
        let labels = plan.supply.workers.map(\.label) + plan.demand.apps.map(\.label)
        let attested = plan.supply.workers.count { $0.isAttested }
        let total = 1 + plan.supply.models.count + labels.count * 2 + plan.demand.apps.count + attested
        var operations = OperatorBatch(server, key: try server.operatorKey(), total: total)
        try operations.run([("PUT", "/v1/fees", plan.feesBody)])
        try operations.run(
            plan.supply.models.enumerated().map { index, model in
                ("PUT", "/v1/models/" + pathEscaped(model.facts.name), plan.modelBody(index))
            }
        )
        let ids = try operations.run(labels.map { ("POST", "/v1/accounts", plan.accountBody(label: $0)) })
            .map { $0["id"]?.string ?? "" }
        let workerCount = plan.supply.workers.count
        let keys = try operations.run(
            ids.enumerated().map { index, id in
                let scopes: [JSONValue] = [.string(index < workerCount ? "offer" : "bid"), .string("read")]
                return ("POST", "/v1/accounts/\(id)/keys", jsonObject([("scopes", .array(scopes))]))
            }
        )
        let owners = zip(ids, keys).map { Owner(id: $0, key: $1["key"]?.string ?? "") }
        workers = Array(owners[..<workerCount])
        apps = Array(owners[workerCount...])
        try operations.run(
            zip(apps, plan.demand.apps).map { owner, app in
                let body = jsonObject([("amount_nanoton", .string(String(app.deposit.count)))])
                return ("POST", "/v1/accounts/\(owner.id)/deposits", body)
            }
        )
        try operations.run(
            zip(workers, plan.supply.workers).filter { $1.isAttested }.map { owner, _ in
                ("PUT", "/v1/accounts/\(owner.id)/attestation", AdminAttest.body(["tdx"], days: 1))
            }
        )
    }
}

/// The operator's requests, batch by batch; those of a batch do not depend on each other.
private struct OperatorBatch {
    private let server: TemporaryServer
    private let key: String
    private var progress: Progress
    private var doneBefore = 0

    /// `total` requests in all batches.
    init(_ server: TemporaryServer, key: String, total: Int) {
        self.server = server
        self.key = key
        progress = Progress("opening the market", total: total)
    }

    /// Sends all over one connection and returns the answers in order; throws at the first refusal.
    @discardableResult
    mutating func run(_ requests: [(method: String, path: String, body: [UInt8])]) throws -> [JSONValue] {
        let load = Load(server, Load.Settings(connections: 1, inFlight: 32))
        let numbered = requests.enumerated().map { index, request in
            LoadRequest(
                index: index,
                request: ClientRequest(request.method, request.path, key: key, body: request.body)
            )
        }
        let answers = try load.run(numbered) { progress.update(doneBefore + $0) }
        doneBefore += requests.count
        return try answers.map { answer in
            guard answer.response.status < 400 else { throw ServerRefusal(answer.response) }
            return try JSONValue(answer.response.body, limits: .answer)
        }
    }
}
