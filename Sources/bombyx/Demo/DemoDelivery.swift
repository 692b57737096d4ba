internal import Cryptography
internal import Demonstration
internal import HTTP2
internal import JSON
internal import Provenance
internal import Units

/// Delivers the leases of a demo: workers hand receipts in, apps countersign, some of them fail.
struct DemoDelivery {
    private let delivery: Delivery
    private let owners: DemoOwners
    private let server: TemporaryServer
    private let settings: Load.Settings
    private let workerKeys: [Ed25519.SigningKey]
    private let appKeys: [Ed25519.SigningKey]
    private var tally = Delivery.Tally()
    private var proven: Receipt?

    init(_ delivery: Delivery, _ owners: DemoOwners, _ server: TemporaryServer, _ settings: Load.Settings) {
        self.delivery = delivery
        self.owners = owners
        self.server = server
        self.settings = settings
        workerKeys = owners.workers.map { _ in Ed25519.SigningKey.random() }
        appKeys = owners.apps.map { _ in Ed25519.SigningKey.random() }
    }

    /// Lets silence pay soon: the leases of a demo do not have ten minutes.
    static func hurry(_ operations: ExchangeClient) throws {
        let body = jsonObject([("dispute_window_s", .integer(1))])
        _ = try operations.json("PUT", "/v1/market/lease-policy", body)
    }

    /// Does all of it; with what must hold afterwards.
    mutating func run(_ operations: ExchangeClient) throws -> (Delivery.Tally, [Outcome.Check]) {
        try setProfiles()
        try handInReceipts()
        try endLeases()
        let check = try compare(operations)
        try prove(operations)
        return (tally, [check])
    }

    private func setProfiles() throws {
        let keys = workerKeys + appKeys
        let requests = zip(owners.workers + owners.apps, keys).enumerated().map { index, pair in
            let body = jsonObject([("receipt_key", .string(Base64URL.encode(pair.1.publicKey)))])
            return LoadRequest(
                index: index,
                request: ClientRequest("PUT", "/v1/account/profile", key: pair.0.key, body: body)
            )
        }
        for answer in try Load(server, Load.Settings(connections: 1, inFlight: 32)).run(requests, watch: { _ in }) {
            guard answer.response.status == 200 else { throw ServerRefusal(answer.response) }
        }
    }

    // MARK: Receipts

    /// Of one lease all in one request, in their order.
    private mutating func handInReceipts() throws {
        var requests: [LoadRequest] = []
        for lease in delivery.leases {
            tally.leases[lease.conduct, default: 0] += 1
            let receipts = receipts(of: lease)
            tally.receipts += receipts.count
            guard !receipts.isEmpty else { continue }
            if lease.conduct == .delivers { proven = receipts.last?.receipt }
            let key = owners.workers[lease.worker].key
            let request = ClientRequest("POST", "/v1/receipts:batch", key: key, body: receiptsBody(receipts))
            requests.append(LoadRequest(index: requests.count, request: request))
        }
        var progress = Progress("delivering", total: requests.count)
        let started = ContinuousClock.now
        let answers = try Load(server, settings).run(requests) { progress.update($0) }
        tally.microseconds = microseconds(since: started)
        for answer in answers {
            guard answer.response.status == 200 else { throw ServerRefusal(answer.response) }
            let json = try JSONValue(answer.response.body, limits: .answer)
            for result in json["results"]?.elements ?? [] {
                guard let receipt = result["receipt"] else { throw CommandFailure("a receipt was refused: \(result)") }
                if receipt["result"]?.string == "equivocation" { tally.equivocations += 1 }
            }
        }
    }

    private func receipts(of lease: Delivery.Lease) -> [SignedReceipt] {
        let (worker, app) = (workerKeys[lease.worker], appKeys[lease.app])
        func claimed(_ receipt: Receipt) -> SignedReceipt { SignedReceipt(receipt, signedBy: worker) }
        let half = receipt(of: lease, 1, promptTokens: lease.promptTokens, completionTokens: lease.completionTokens / 2)
        switch lease.conduct {
        case .delivers:
            var whole = receipt(
                of: lease,
                2,
                promptTokens: lease.promptTokens,
                completionTokens: lease.completionTokens
            )
            whole.flags = .final
            whole.previous = half.hash
            return [half, whole].map { claimed($0).countersigned(by: app) }
        case .stalls: return [claimed(half).countersigned(by: app)]
        case .cheats:
            var other = half
            other.endedAt += 1
            return [claimed(half).countersigned(by: app), claimed(other)]
        case .unanswered:
            // A step and no more: that is what the worker may lose.
            let weights = TokenWeights(lease.weightSet)
            let prompt = min(lease.promptTokens, Lots.tokensPerLot * 10_000 / weights.prompt)
            return [claimed(receipt(of: lease, 1, promptTokens: prompt, completionTokens: 0))]
        case .givesUp, .silent: return []
        }
    }

    private func receipt(
        of lease: Delivery.Lease,
        _ sequence: UInt32,
        promptTokens: Int64,
        completionTokens: Int64
    ) -> Receipt {
        let usage = TokenUsage(prompt: promptTokens, completion: completionTokens)
        let adjusted = usage.adjusted(by: TokenWeights(lease.weightSet))
        let start: Int64 = 1_795_222_800_000
        return Receipt(
            lease: lease.id,
            worker: PartyID(receiptKey: workerKeys[lease.worker].publicKey),
            app: PartyID(receiptKey: appKeys[lease.app].publicKey),
            response: SHA256.hash(Array(lease.id.text.utf8)),
            sequence: sequence,
            usage: usage,
            price: lease.price,
            adjusted: adjusted,
            amount: lease.price.cost(of: adjusted),
            startedAt: start,
            endedAt: start + Int64(sequence) * 1_000
        )
    }

    // MARK: Ends

    /// Workers give up, apps close what goes no further.
    private func endLeases() throws {
        var requests: [LoadRequest] = []
        for lease in delivery.leases {
            let owner: DemoOwners.Owner
            switch lease.conduct {
            case .givesUp: owner = owners.workers[lease.worker]
            case .stalls, .unanswered: owner = owners.apps[lease.app]
            case .delivers, .cheats, .silent: continue
            }
            let path = "/v1/leases/\(lease.id.text):close"
            let request = ClientRequest("POST", path, key: owner.key, body: jsonObject([]))
            requests.append(LoadRequest(index: requests.count, request: request))
        }
        for answer in try Load(server, settings).run(requests, watch: { _ in }) {
            guard answer.response.status == 200 else { throw ServerRefusal(answer.response) }
        }
    }

    // MARK: What the server says

    /// Waits until what is closing has closed, and compares tokens and strikes with the server's.
    private mutating func compare(_ operations: ExchangeClient) throws -> Outcome.Check {
        let rule = "what was delivered is what is charged, lease by lease"
        var stated: [String: JSONValue] = [:]
        let deadline = ContinuousClock.now + .seconds(30)
        repeat {
            for app in owners.apps {
                for lease in try operations.list("/v1/leases?role=app&account=\(app.id)", "data") {
                    if let id = lease["id"]?.string { stated[id] = lease }
                }
            }
        } while stated.values.contains(where: { Self.isClosing($0) }) && ContinuousClock.now < deadline
        for lease in delivery.leases {
            guard let found = stated[lease.id.text] else {
                return Outcome.Check(rule, holds: false, detail: "\(lease.id.text) is not there")
            }
            let expected = expectedTokens(of: lease)
            guard found["used_tokens"]?.integer == expected.count else {
                return Outcome.Check(rule, holds: false, detail: "\(lease.id.text) has other tokens")
            }
            func amount(_ name: String) -> Int128 { found[name]?.string.flatMap { Int128($0) } ?? 0 }
            tally.tokens += expected.count
            let earned = amount("cost_nanoton") - amount("worker_fee_nanoton")
            tally.earned += earned
            tally.earnings[lease.worker, default: 0] += earned
            tally.fees += amount("app_fee_nanoton") + amount("worker_fee_nanoton")
            if found["state"]?.string != "active" {
                tally.refunded += amount("locked_nanoton") - amount("cost_nanoton") - amount("app_fee_nanoton")
            }
        }
        for worker in owners.workers {
            let record = try operations.json("GET", "/v1/accounts/\(worker.id)/record")
            tally.strikes += Int(record["strike_count"]?.integer ?? 0)
        }
        let failures = tally.leases[.givesUp, default: 0] + tally.leases[.cheats, default: 0]
        let isCaught = tally.strikes == failures && tally.equivocations == tally.leases[.cheats, default: 0]
        let detail = "\(Figures.count(delivery.leases.count)) leases, \(tally.strikes) of \(failures) strikes"
        return Outcome.Check(rule, holds: isCaught, detail: detail)
    }

    private static func isClosing(_ lease: JSONValue) -> Bool {
        lease["closes_at"]?.string != nil && lease["state"]?.string == "active"
    }

    private func expectedTokens(of lease: Delivery.Lease) -> AdjustedTokens {
        switch lease.conduct {
        case .delivers: receipts(of: lease)[1].receipt.adjusted
        case .stalls, .cheats, .unanswered: receipts(of: lease)[0].receipt.adjusted
        case .givesUp, .silent: .zero
        }
    }

    /// Takes the bundle of one receipt and checks it as anybody could.
    private mutating func prove(_ operations: ExchangeClient) throws {
        tally.logSize = try operations.json("GET", "/v1/log/checkpoint")["size"]?.integer ?? 0
        guard let proven else { return }
        let bundle = try ProofBundle(
            json: try operations.bytes("GET", "/v1/receipts/\(proven.hash.hex)/bundle")
        )
        let keys = try operations.json("GET", "/v1/keys")
        guard let text = keys["data"]?.elements?.last?["public_key"]?.string, let key = Base64URL.decode(text) else {
            throw CommandFailure("the exchange names no key")
        }
        let report = bundle.verify(publicKey: key)
        guard report.isValid else { throw CommandFailure("the bundle proves nothing: \(report)") }
        tally.proof = report.checks.filter { $0.outcome == .passed }.map(\.finding)
    }
}
