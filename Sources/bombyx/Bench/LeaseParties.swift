internal import Cryptography
internal import Demonstration
internal import JSON
internal import Provenance
internal import Units

/// Makes workers and apps with receipt keys, and leases between them, at a server of a command's own.
struct LeaseParties {
    private let server: TemporaryServer
    private let operations: ExchangeClient
    private let endpoint: Endpoint

    static let price = Price(nanoTONPerMTok: 1_000_000)

    init(_ server: TemporaryServer, _ operations: ExchangeClient, _ endpoint: Endpoint) {
        self.server = server
        self.operations = operations
        self.endpoint = endpoint
    }

    /// A lease with both of its parties.
    struct Pair: Sendable {
        let lease: LeaseID
        let worker: Ed25519.SigningKey
        let app: Ed25519.SigningKey
        /// API keys.
        let workerToken: String
        let appToken: String

        /// So many prompt tokens in all.
        func receipt(_ sequence: UInt32, tokens: Int64, after previous: Receipt?) -> Receipt {
            let usage = TokenUsage(prompt: tokens, completion: 0)
            let adjusted = usage.adjusted(by: TokenWeights(.standard))
            let start: Int64 = 1_795_222_800_000
            return Receipt(
                lease: lease,
                worker: PartyID(receiptKey: worker.publicKey),
                app: PartyID(receiptKey: app.publicKey),
                sequence: sequence,
                usage: usage,
                price: LeaseParties.price,
                adjusted: adjusted,
                amount: LeaseParties.price.cost(of: adjusted),
                startedAt: start,
                endedAt: start + Int64(sequence),
                previous: previous?.hash ?? .zero
            )
        }
    }

    /// A worker and an app of this number, and a lease of so many lots between them: the bid avoids no one, so leases
    /// are opened one after the other.
    func open(_ number: Int, lots: Int64) throws -> Pair {
        let (worker, workerToken) = try party("worker \(number)", scopes: ["offer", "read"], deposit: 0)
        let (app, appToken) = try party("app \(number)", scopes: ["bid", "read"], deposit: 1_000_000_000_000)
        let seller = try ExchangeClient(endpoint, key: workerToken)
        defer { seller.close() }
        let buyer = try ExchangeClient(endpoint, key: appToken)
        defer { buyer.close() }
        let quantity: [(String, JSONValue?)] = [
            ("price_nanoton_per_mtok", .string(String(Self.price.nanoTONPerMTok))), ("quantity_lots", .integer(lots)),
        ]
        let model = JSONValue.string(TemporaryServer.model)
        _ = try seller.json("POST", "/v1/offers", jsonObject([("model", model)] + quantity))
        let demand = JSONValue.object([.init("model", .object([.init("in", .array([model]))]))])
        let bid = try buyer.json("POST", "/v1/bids", jsonObject([("requirement", demand)] + quantity))
        guard let text = bid["trades"]?.elements?.first?["lease_id"]?.string, let lease = LeaseID(text: text.utf8)
        else { throw CommandFailure("the bid opened no lease") }
        return Pair(lease: lease, worker: worker, app: app, workerToken: workerToken, appToken: appToken)
    }

    private func party(
        _ label: String,
        scopes: [String],
        deposit: Int64
    ) throws -> (Ed25519.SigningKey, String) {
        let account = try operations.json("POST", "/v1/accounts", jsonObject([("label", .string(label))]))
        let id = account["id"]?.string ?? ""
        let terms = jsonObject([("scopes", .array(scopes.map { .string($0) }))])
        guard let token = try operations.json("POST", "/v1/accounts/\(id)/keys", terms)["key"]?.string else {
            throw CommandFailure("the server made no key")
        }
        if deposit > 0 {
            let amount = jsonObject([("amount_nanoton", .string(String(deposit)))])
            _ = try operations.json("POST", "/v1/accounts/\(id)/deposits", amount)
        }
        let key = Ed25519.SigningKey.random()
        let client = try ExchangeClient(endpoint, key: token)
        defer { client.close() }
        let profile = jsonObject([("receipt_key", .string(Base64URL.encode(key.publicKey)))])
        _ = try client.json("PUT", "/v1/account/profile", profile)
        return (key, token)
    }
}
