internal import Cryptography
internal import Demonstration
internal import HTTP2
internal import JSON
internal import Measurement
internal import Units

/// What the operator does before a load: models, accounts with keys, limits and money.
struct LoadSetup {
    let accounts: [LoadAccount]
    let terms: Workload.Terms
    /// What has changed, for the report.
    let changes: [LoadOutcome.Fact]

    /// Carries it out.
    init(_ options: LoadCommand, _ target: LoadTarget) throws {
        // Names of this load are not those of another one on the same server.
        let run = Hex.encode(SecureRandom.bytes(4))
        terms = Workload.Terms(
            scenario: options.load.scenario,
            models: options.models,
            run: run,
            sampleEvery: options.sample,
            hasClientOrderIDs: !options.noClientOrderIds
        )
        var progress = Progress("opening accounts", total: options.accounts * 5 / 2 + options.models)
        let facts = jsonObject([("weight_set", .string("standard")), ("context_length", .integer(131_072))])
        let names = (0..<options.models).map(terms.modelName)
        _ = try target.ask(names.map { ("PUT", "/v1/models/" + $0, facts) })
        progress.update(options.models)

        let ids = try target.ask(
            (0..<options.accounts).map { index in
                let members: [(String, JSONValue?)] = [
                    ("label", .string("load \(run) \(index)")),
                    ("open_orders_max", .integer(Limits.openOrdersPerAccountMax)),
                ]
                return ("POST", "/v1/accounts", jsonObject(members))
            }
        ).map { $0["id"]?.string ?? "" }
        progress.update(options.models + options.accounts)
        let keys = try target.ask(
            ids.enumerated().map { index, id in
                let scopes: [JSONValue] = [.string(Self.isSeller(index) ? "offer" : "bid"), .string("read")]
                return ("POST", "/v1/accounts/\(id)/keys", jsonObject([("scopes", .array(scopes))]))
            }
        ).map { $0["key"]?.string ?? "" }
        progress.update(options.models + options.accounts * 2)
        let deposit = options.deposit * 1_000_000_000
        _ = try target.ask(
            ids.enumerated().filter { !Self.isSeller($0.offset) }.map { _, id in
                ("POST", "/v1/accounts/\(id)/deposits", jsonObject([("amount_nanoton", .string(String(deposit)))]))
            }
        )
        accounts = zip(ids, keys).enumerated().map { index, account in
            LoadAccount(
                id: account.0,
                key: account.1,
                isSeller: Self.isSeller(index),
                deposit: Self.isSeller(index) ? 0 : deposit,
                at: target.endpoint
            )
        }
        progress.update(options.models + options.accounts * 2 + accounts.count { !$0.isSeller })
        changes = Self.changes(options, run: run, ids: ids)
    }

    /// Every second account sells.
    private static func isSeller(_ index: Int) -> Bool { index % 2 == 0 }

    private static func changes(_ options: LoadCommand, run: String, ids: [String]) -> [LoadOutcome.Fact] {
        let raised = Figures.count(Limits.openOrdersPerAccountMax)
        let usual = Figures.count(Limits.openOrdersPerAccountDefault)
        return [
            LoadOutcome.Fact(
                "accounts_opened",
                "\(Figures.count(ids.count)), \(ids.first ?? "") to \(ids.last ?? ""), named load \(run), "
                    + "with a key each"
            ),
            LoadOutcome.Fact("open_orders_max", "\(raised) for each of them; it is \(usual) for others"),
            LoadOutcome.Fact(
                "deposits",
                "\(Figures.count(options.deposit)) TON for each of the \(Figures.count(ids.count / 2)) that buy"
            ),
            LoadOutcome.Fact("models_registered", "bombyx/load-0 to bombyx/load-\(options.models - 1)"),
        ]
    }
}
