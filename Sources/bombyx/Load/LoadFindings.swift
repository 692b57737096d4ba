internal import Demonstration
internal import HTTP2
internal import JSON
internal import Measurement
internal import Postgres

/// What is looked at when a load is over.
struct LoadFindings {
    private let target: LoadTarget
    private let plan: LoadPlan
    private let result: LoadResult
    private let sequence: Int64

    /// `sequence` is the last one that the server says is durable.
    init(_ target: LoadTarget, _ plan: LoadPlan, _ result: LoadResult, sequence: Int64) {
        self.target = target
        self.plan = plan
        self.result = result
        self.sequence = sequence
    }

    /// All checks, and the facts of the database, if there is one to ask.
    func checks(_ outcome: inout LoadOutcome) throws -> [LoadOutcome.Check] {
        var checks = [answers, refusals, verified, numbers, gaps]
        checks += try accounts()
        if let database = target.database {
            let connection = try Connection(database)
            connection.statementDeadline = .seconds(600)
            outcome.database = try LoadFacts.database(connection)
            checks.append(try LoadFacts.invariants(connection))
        } else {
            outcome.database = [LoadOutcome.Fact("settings", "not known: the server's database cannot be reached")]
            checks.append(readiness())
        }
        return checks
    }

    private var answers: LoadOutcome.Check {
        let count = result.created + result.fulfilled
        let detail = "\(Figures.count(count)) successes"
        return LoadOutcome.Check("requests were carried out", holds: count > 0, detail)
    }

    /// The load asks for nothing that may be refused, so whatever is no lack of time or room is a fault.
    private var refusals: LoadOutcome.Check {
        let wrong = result.refusals.filter { ![429, 503].contains($0.key.status) }
        let first = wrong.min { ($0.key.status, $0.key.code) < ($1.key.status, $1.key.code) }
        return LoadOutcome.Check(
            "nothing was refused for its content",
            holds: wrong.isEmpty,
            first.map { "\(Figures.count($0.value)) times \($0.key.status) \($0.key.code)" }
                ?? "429 and 503 ask for patience and are counted above"
        )
    }

    private var verified: LoadOutcome.Check {
        let verification = result.verification
        let done =
            "\(Figures.count(verification.sampled)) sampled, \(Figures.count(verification.readBack)) read back, "
            + "\(Figures.count(verification.repeated)) repeated with their key"
        let rule = "acknowledgements are what was asked for, and stay"
        if let fault = verification.faults.first {
            return LoadOutcome.Check(rule, holds: false, "\(fault) (\(Figures.count(verification.faultCount)) faults)")
        }
        guard verification.open == 0 else {
            return LoadOutcome.Check(rule, holds: false, "\(done), \(verification.open) questions without an answer")
        }
        return LoadOutcome.Check(rule, holds: true, done)
    }

    private var numbers: LoadOutcome.Check {
        let sequences = result.sequences
        let rule = "no sequence number was given twice"
        if result.verification.malformed > 0 {
            return LoadOutcome.Check(rule, holds: false, "\(result.verification.malformed) answers have none")
        }
        if let impossible = sequences.impossible {
            return LoadOutcome.Check(rule, holds: false, "\(impossible) is not above \(sequences.base)")
        }
        if let duplicate = sequences.duplicate {
            let detail = "\(duplicate) was (\(Figures.count(sequences.duplicateCount)) such acknowledgements)"
            return LoadOutcome.Check(rule, holds: false, detail)
        }
        return LoadOutcome.Check(rule, holds: true, "\(Figures.count(sequences.count)) acknowledged")
    }

    /// Repetitions take a number that their answer does not tell.
    private var gaps: LoadOutcome.Check {
        let sequences = result.sequences
        let rule = "what was acknowledged is durable"
        guard sequences.last <= sequence else {
            let detail = "\(sequences.last) was acknowledged, and the server is at \(sequence)"
            return LoadOutcome.Check(rule, holds: false, detail)
        }
        let missing = sequences.missing(upTo: sequence)
        let others = missing - result.verification.repeated
        let unknown = result.losses.unknown + result.refusals.values.reduce(0, +)
        let detail =
            "the server is at \(Figures.count(sequence)); \(Figures.count(max(0, others))) sequence numbers were not "
            + "ours"
        // Nobody else uses a server of our own.
        let holds = others >= 0 && (target.own == nil || others <= unknown)
        return LoadOutcome.Check(rule, holds: holds, detail)
    }

    private func accounts() throws -> [LoadOutcome.Check] {
        let views = try target.ask(plan.accounts.map { ("GET", "/v1/account?account=" + $0.id, []) })
        var open: Int64 = 0
        var fault: String?
        for (account, view) in zip(plan.accounts, views) {
            var sum: Int128 = 0
            for member in view["balances"]?.members ?? [] { sum += member.value.string.flatMap { Int128($0) } ?? 0 }
            if sum != Int128(account.deposit) {
                fault = fault ?? "\(account.id) has \(sum) nanoTON in all and was given \(account.deposit)"
            }
            open += view["open_order_count"]?.integer ?? 0
        }
        let total = plan.accounts.reduce(Int128(0)) { $0 + Int128($1.deposit) }
        let money = LoadOutcome.Check(
            "every account has what was paid in (no usage, so no fees)",
            holds: fault == nil,
            fault ?? "\(Figures.count(plan.accounts.count)) accounts, \(Figures.toncoins(total))"
        )
        return [money, orders(open)]
    }

    /// Orders that rest are those that were acknowledged so, less those whose cancel was. What nobody answered may
    /// rest or not, and a bid that was not made leaves the offers that it would have taken, ten lots at most. On a
    /// server of others, our bids may have taken older offers than ours.
    private func orders(_ open: Int64) -> LoadOutcome.Check {
        let lost = result.losses.unknown + result.refusals.values.reduce(0, +)
        let slack = (lost + abs(result.atMarket)) * 10
        let more = slack + (target.own == nil ? result.marketOffers : 0)
        let holds = (result.resting - slack...result.resting + more).contains(open)
        let detail = "\(Figures.count(open)) rest, \(Figures.count(result.resting)) were acknowledged so"
        let reasons =
            (result.atMarket == 0 ? "" : ", \(Figures.count(result.atMarket)) offers had no bid yet")
            + (lost == 0 ? "" : ", \(Figures.count(lost)) requests were lost or refused")
        return LoadOutcome.Check("orders that were acknowledged rest", holds: holds, detail + reasons)
    }

    private func readiness() -> LoadOutcome.Check {
        let rule = "the server is ready"
        do {
            let client = try target.client()
            defer { client.close() }
            let answer = try client.json("GET", "/readyz")
            let holds =
                answer["status"]?.string == "ready" && (answer["sequence"]?.integer ?? 0) >= result.sequences.last
            return LoadOutcome.Check(rule, holds: holds, "at sequence number \(answer["sequence"]?.integer ?? 0)")
        } catch {
            return LoadOutcome.Check(rule, holds: false, "\(error)")
        }
    }
}

// What the readers of streams were told.
extension LoadFindings {
    /// The trades of each model since the load began, as the server lists them.
    func trades(of terms: Workload.Terms) throws -> [TradeChain] {
        let client = try target.client()
        defer { client.close() }
        return try (0..<terms.models).map { model in
            var trades = TradeChain()
            var cursor = ""
            repeat {
                let path = "/v1/trades?limit=1000&since_sequence=\(plan.baseSequence)&model=" + terms.modelName(model)
                let page = try client.json("GET", path + cursor)
                for trade in page["data"]?.elements ?? [] { trades.add(trade["id"]?.string ?? "") }
                cursor = page["next_cursor"]?.string.map { "&cursor=" + $0 } ?? ""
            } while !cursor.isEmpty
            return trades
        }
    }

    static func checks(of told: LoadStreams.Result, of wanted: Int) -> [LoadOutcome.Check] {
        let counts =
            "\(Figures.count(told.messages)) messages, \(Figures.count(told.books)) of them books "
            + "(\(Figures.count(told.wholeBooks)) whole ones again); came back \(Figures.count(told.resumptions)) times"
        let faults = told.fault.map { "\($0) (\(Figures.count(told.faultCount)) faults)" }
        let detail =
            "\(Figures.count(told.exact)) of \(Figures.count(wanted)) streams, "
            + "\(Figures.count(told.trades)) trades told"
            + (told.withGaps == 0 ? "" : ", \(Figures.count(told.withGaps)) were reset")
        return [
            LoadOutcome.Check(
                "streams' numbers follow each other, and their check sums are right",
                holds: told.fault == nil && told.messages > 0,
                faults ?? counts
            ),
            LoadOutcome.Check(
                "streams have told every trade once",
                holds: told.exact + told.withGaps == wanted && told.exact > 0 && told.trades > 0,
                detail
            ),
        ]
    }
}
