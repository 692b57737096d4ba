internal import Demonstration
internal import HTTP2
internal import JSON
internal import TON
internal import Units

/// The accounts of a demo: opened, given keys, attested, with fees and models in place before them; the apps have paid
/// in.
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
    init(_ plan: Plan, _ server: TemporaryServer, _ client: ExchangeClient) throws {
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
                let scopes = ["read"] + (index < workerCount ? ["offer", "withdraw"] : ["bid"])
                let body = jsonObject([("scopes", .array(scopes.map(JSONValue.string)))])
                return ("POST", "/v1/accounts/\(id)/keys", body)
            }
        )
        let owners = zip(ids, keys).map { Owner(id: $0, key: $1["key"]?.string ?? "") }
        workers = Array(owners[..<workerCount])
        apps = Array(owners[workerCount...])
        try operations.run(
            zip(workers, plan.supply.workers).filter { $1.isAttested }.map { owner, _ in
                ("PUT", "/v1/accounts/\(owner.id)/attestation", AdminAttest.body(["tdx"], days: 1))
            }
        )
        try waitUntil("the exchange knows its wallet") {
            let status = try client.json("GET", "/v1/settlement")
            return status["wallets"]?.elements?.isEmpty == false
        }
        let doors = try operations.run(apps.map { _ in ("GET", "/v1/deposits", []) }, keys: apps.map(\.key))
        try payIn(plan, doors, server, client)
    }

    /// Pays in on the chain, each app with its memo, and waits until all of it is there.
    private func payIn(_ plan: Plan, _ doors: [JSONValue], _ server: TemporaryServer, _ client: ExchangeClient) throws {
        let chain = try DemoChain(server.running())
        defer { chain.close() }
        for (door, app) in zip(doors, plan.demand.apps) {
            guard let memo = door["memo"]?.string, let text = door["address"]?.string else {
                throw CommandFailure("the exchange does not say where to pay in")
            }
            try chain.pay(app.deposit, to: AddressText(text, on: .testnet).address, memo: memo)
        }
        for (owner, app) in zip(apps, plan.demand.apps) {
            try waitUntil("the deposit of \(owner.id) is there") {
                let account = try client.json("GET", "/v1/account?account=\(owner.id)")
                return BalanceStatement(account)?.available == app.deposit
            }
        }
    }

    /// It takes seconds; a slow machine is no reason to give up.
    private func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(300)
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw CommandFailure("waited in vain: \(what)") }
            pause(milliseconds: 20)
        }
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

    /// Sends all over one connection and returns the answers in order; throws at the first refusal. With `keys`, they
    /// are not the operator's.
    @discardableResult
    mutating func run(
        _ requests: [(method: String, path: String, body: [UInt8])],
        keys: [String]? = nil
    ) throws -> [JSONValue] {
        let load = Load(server, Load.Settings(connections: 1, inFlight: 32))
        let numbered = requests.enumerated().map { index, request in
            LoadRequest(
                index: index,
                request: ClientRequest(request.method, request.path, key: keys?[index] ?? key, body: request.body)
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
