internal import Demonstration
internal import Glibc
internal import HTTP2
internal import JSON
internal import Units

/// One demo from an empty folder to the report.
struct DemoRun {
    private let options: Demo
    private let plan: Plan
    private let server: TemporaryServer
    private let watch: InterruptWatch

    init(_ options: Demo, plan: Plan, signals: StopSignals) throws {
        self.options = options
        self.plan = plan
        server = try TemporaryServer(of: "demo", settlesLocally: true)
        watch = try InterruptWatch(signals, server, keepsFolder: options.keep)
    }

    /// Carries the plan out, prints the report and leaves nothing behind.
    func run() throws -> Outcome {
        defer { watch.end() }
        defer {
            server.end(keepingFolder: options.keep)
            if options.keep { explainFolder() }
        }
        do {
            return try carryOut()
        } catch {
            throw CommandFailure("\(error)\nThe server's last words:\n\(server.logTail)")
        }
    }

    private func carryOut() throws -> Outcome {
        complain("  starting a server with an empty state folder")
        let started = ContinuousClock.now
        try server.start()
        let startMicroseconds = microseconds(since: started)

        let operations = try ExchangeClient(Endpoint(server.running()), key: server.operatorKey())
        try DemoSettlement.allowSmallSums(operations)
        let owners = try DemoOwners(plan, server, operations)
        try DemoDelivery.hurry(operations)
        var record = Audit.Record()
        record.offers = try placeOffers(owners)
        let bidding = try placeBids(owners, into: &record)
        // After a crash the server is at another port.
        let client =
            options.crash ? try ExchangeClient(Endpoint(server.running()), key: server.operatorKey()) : operations
        try gather(owners, client, into: &record)

        let audit = Audit(plan: plan, record: record)
        var outcome = Outcome(bids: audit.bidOutcomes, load: options.load)
        outcome.startMicroseconds = startMicroseconds
        outcome.biddingMicroseconds = bidding.microseconds
        outcome.latencies = bidding.latencies
        outcome.checks = audit.checks + [try sample(record, client)]
        outcome.insight = try DemoInsight(plan: plan, client: client).ask(outcome.bids)
        let load = Load.Settings(connections: options.load.connections, inFlight: options.load.inFlight)
        var delivery = DemoDelivery(Delivery(plan: plan, bids: outcome.bids), owners, server, load)
        let (delivered, checks) = try delivery.run(client)
        outcome.delivery = delivered
        outcome.checks += checks
        var settlement = DemoSettlement(plan, owners, server, client)
        let last = try settlement.pay(load)
        let database = try DemoDatabase(server.running(), upTo: max(record.lastSequence, last))
        let (settled, comparisons) = try settlement.compare(earned: delivered.earnings, database)
        outcome.chain = settled
        outcome.checks += comparisons
        try database.complete(&outcome)
        if options.crash {
            let detail = "with half of the bids acknowledged; \(Figures.count(bidding.resent)) requests were sent again"
            outcome.checks.append(Outcome.Check("the server was killed and went on", holds: true, detail: detail))
        }
        client.close()
        show(outcome)
        return outcome
    }

    private func show(_ outcome: Outcome) {
        var report = Report(plan: plan, outcome: outcome)
        report.isStyled = isatty(1) == 1
        if options.json {
            put(String(decoding: report.json, as: UTF8.self) + "\n", to: 1)
        } else {
            put("\n" + report.lines.joined(separator: "\n") + "\n", to: 1)
        }
    }

    private func explainFolder() {
        complain("The state folder is kept in \(server.stateFolder). To look at it, and in another window:")
        complain("  bombyx serve --state-dir \(server.stateFolder) \\")
        complain("    --network testnet --chain local --wallet-key \(server.walletKeyPath)")
        complain("  bombyx psql --state-dir \(server.stateFolder) -- -c 'SELECT * FROM ledger.trial_balance'")
        complain("To remove it: rm -r \(server.folder)")
    }
}

// MARK: - Orders

extension DemoRun {
    private func placeOffers(_ owners: DemoOwners) throws -> [Acknowledgement] {
        let requests = plan.supply.offers.indices.map { index in
            let worker = owners.workers[plan.supply.offers[index].worker]
            let request = ClientRequest("POST", "/v1/offers", key: worker.key, body: plan.offerBody(index))
            return LoadRequest(index: index, request: request)
        }
        var progress = Progress("placing offers", total: requests.count)
        let load = Load(server, Load.Settings(connections: options.load.connections, inFlight: options.load.inFlight))
        return try load.run(requests) { progress.update($0) }.map { answer in
            guard answer.response.status == 201 else { throw ServerRefusal(answer.response) }
            return try Self.acknowledgement(answer.response)
        }
    }

    private struct Bidding {
        var microseconds: Int64
        var latencies: [Int64]
        var resent: Int
    }

    private func placeBids(_ owners: DemoOwners, into record: inout Audit.Record) throws -> Bidding {
        let requests = plan.demand.bids.indices.map { index in
            let app = owners.apps[plan.demand.bids[index].app]
            let request = ClientRequest("POST", "/v1/bids", key: app.key, body: plan.bidBody(index))
            return LoadRequest(index: index, request: request)
        }
        var progress = Progress("placing bids", total: requests.count)
        let load = Load(server, Load.Settings(connections: options.load.connections, inFlight: options.load.inFlight))
        var crashesAt = options.crash ? max(1, requests.count / 2) : Int.max
        let started = ContinuousClock.now
        let answers = try load.run(requests) { count in
            if count >= crashesAt {
                crashesAt = .max
                complain("  killing the server, and starting it again")
                try server.crash()
            }
            progress.update(count)
        }
        let microseconds = microseconds(since: started)
        for answer in answers {
            if answer.response.status == 201 {
                record.bids.append(try Self.acknowledgement(answer.response))
            } else {
                record.refusals[answer.index] = ServerRefusal(answer.response).code
                record.bids.append(nil)
            }
        }
        return Bidding(
            microseconds: microseconds,
            latencies: answers.map(\.latencyMicroseconds),
            resent: load.resentCount
        )
    }

    private static func acknowledgement(_ response: ClientResponse) throws -> Acknowledgement {
        guard let acknowledgement = Acknowledgement(try JSONValue(response.body, limits: .answer)) else {
            throw CommandFailure("the server answered to an order with \(response.text.prefix(400))")
        }
        return acknowledgement
    }
}

// MARK: - What the server states

extension DemoRun {
    private func gather(_ owners: DemoOwners, _ client: ExchangeClient, into record: inout Audit.Record) throws {
        let all = owners.workers + owners.apps
        var progress = Progress("asking back", total: all.count)
        for (index, owner) in all.enumerated() {
            for order in try client.list("/v1/orders?account=\(owner.id)", "data") {
                guard let statement = OrderStatement(order) else { throw malformed("an order", order) }
                record.orders.append(statement)
            }
            for trade in try client.list("/v1/trades?mine=true&account=\(owner.id)", "data") {
                guard let statement = TradeStatement(trade) else { throw malformed("a trade", trade) }
                if index < owners.workers.count {
                    record.workersTrades.append(statement)
                } else {
                    record.appsTrades.append(statement)
                }
            }
            progress.update(index + 1)
        }
        for app in owners.apps {
            let account = try client.json("GET", "/v1/account?account=\(app.id)")
            guard let balance = BalanceStatement(account) else { throw malformed("an account", account) }
            record.balances.append(balance)
        }
        record.publicTrades = try client.list("/v1/trades", "data").count
    }

    /// Asks for some orders one by one: the engine answers for those that are open, the tables for the others.
    private func sample(_ record: Audit.Record, _ client: ExchangeClient) throws -> Outcome.Check {
        let rule = "orders asked for one by one are what the lists say"
        var random = SeededGenerator(seed: options.seed, stream: 4)
        let orders = random.sample(record.orders, 100)
        for order in orders {
            let stated = OrderStatement(try client.json("GET", "/v1/orders/\(order.id.text)"))
            if stated != order { return Outcome.Check(rule, holds: false, detail: "\(order.id.text) differs") }
        }
        return Outcome.Check(
            rule,
            holds: true,
            detail: "\(orders.count) of \(Figures.count(record.orders.count)) orders"
        )
    }

    private func malformed(_ what: String, _ json: JSONValue) -> CommandFailure {
        CommandFailure("the server states \(what) in a form that is not in its contract")
    }
}

extension Audit.Record {
    /// The newest command that the demo knows of: the tables have to be this far.
    var lastSequence: SequenceNumber {
        SequenceNumber(orders.map(\.id.rawValue).max() ?? 0)
    }
}
