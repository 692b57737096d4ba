import Cryptography
import Foundation
import JSON
import ProgramTesting
import Provenance
import Testing
import Units

/// A worker and an app with receipt keys, and the leases between them.
struct LeaseDesk {
    let scenario: Scenario
    let client: TestClient
    let worker: Scenario.Party
    let app: Scenario.Party
    let workerKey = Ed25519.SigningKey.random()
    let appKey = Ed25519.SigningKey.random()

    static let price: Int64 = 20_000_000

    init(_ server: TestServer) throws {
        scenario = try Scenario(server)
        client = scenario.client
        worker = try scenario.party("worker", deposit: 1_000_000_000)
        app = try scenario.party("app", deposit: 1_000_000_000)
        let endpoint = #""endpoint":"https://gpu-7.example:8443","#
        for (party, key, endpoint) in [(worker, workerKey, endpoint), (app, appKey, "")] {
            let body = #"{\#(endpoint)"receipt_key":"\#(Base64URL.encode(key.publicKey))"}"#
            let answer = try client.call("PUT", "/v1/account/profile", key: party.key, body)
            guard answer.status == 200 else { throw TestServer.Failure(answer.text) }
        }
    }

    /// Opens a lease; `seconds` is when it must be delivered by.
    func open(lots: Int64 = 5, within seconds: Int64 = 3_600, bid more: String = "") throws -> LeaseID {
        let offer = """
            {"model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"\(Self.price)","quantity_lots":\(lots),\
            "capability":{"deliver_within_s":\(seconds)}}
            """
        let offered = try client.call("POST", "/v1/offers", key: worker.key, offer)
        guard offered.status == 201 else { throw TestServer.Failure(offered.text) }
        let bid = """
            {"requirement":{"model":{"in":["Qwen/Qwen3-32B"]}},"price_nanoton_per_mtok":"\(Self.price)",\
            "quantity_lots":\(lots)\(more)}
            """
        let placed = try client.call("POST", "/v1/bids", key: app.key, bid)
        guard let text = placed["trades"]?.elements?.first?["lease_id"]?.string, let id = LeaseID(text: text.utf8)
        else { throw TestServer.Failure(placed.text) }
        return id
    }

    /// A receipt of so many tokens in all, by the standard weights.
    func receipt(
        of lease: LeaseID,
        _ sequence: UInt32,
        prompt: Int64,
        completion: Int64 = 0,
        flags: Receipt.Flags = [],
        after previous: Receipt? = nil,
        answer: String = "answer"
    ) -> Receipt {
        let usage = TokenUsage(prompt: prompt, completion: completion)
        let adjusted = usage.adjusted(by: TokenWeights(.standard))
        let price = Price(nanoTONPerMTok: Self.price)
        let start: Int64 = 1_795_222_800_000
        return Receipt(
            lease: lease,
            worker: PartyID(receiptKey: workerKey.publicKey),
            app: PartyID(receiptKey: appKey.publicKey),
            request: SHA256.hash(Array("request".utf8)),
            response: SHA256.hash(Array(answer.utf8)),
            sequence: sequence,
            flags: flags,
            usage: usage,
            price: price,
            adjusted: adjusted,
            amount: price.cost(of: adjusted),
            startedAt: start,
            endedAt: start + Int64(sequence),
            previous: previous?.hash ?? .zero
        )
    }

    func claimed(_ receipt: Receipt) -> SignedReceipt { SignedReceipt(receipt, signedBy: workerKey) }
    func signed(_ receipt: Receipt) -> SignedReceipt { claimed(receipt).countersigned(by: appKey) }

    /// The body that hands a receipt in.
    static func body(_ signed: SignedReceipt) -> String {
        let app = signed.appSignature.map { #","app_signature":"\#(Base64URL.encode($0))""# } ?? ""
        return """
            {"receipt":"\(Base64URL.encode(signed.receipt.bytes))",\
            "worker_signature":"\(Base64URL.encode(signed.workerSignature))"\(app)}
            """
    }

    func record(_ signed: SignedReceipt, as party: Scenario.Party? = nil) throws -> TestClient.Answer {
        try client.call("POST", "/v1/receipts", key: (party ?? worker).key, Self.body(signed))
    }

    func lease(_ id: LeaseID) throws -> TestClient.Answer {
        try client.call("GET", "/v1/leases/\(id.text)", key: app.key)
    }

    func balance(_ party: Scenario.Party, _ kind: String) throws -> Int64 { try scenario.balance(party, kind) }

    /// Sets the rules for leases.
    func setPolicy(_ body: String) throws {
        let answer = try client.call("PUT", "/v1/market/lease-policy", key: scenario.operatorKey, body)
        guard answer.status == 200 else { throw TestServer.Failure(answer.text) }
    }

    /// Waits until the lease is over.
    func ended(_ id: LeaseID, seconds: Double = 15) throws -> TestClient.Answer {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            let answer = try lease(id)
            if answer["state"]?.string != "active" { return answer }
            usleep(100_000)
        }
        throw TestServer.Failure("\(id.text) does not end: \(try lease(id).text)")
    }

    /// The log's key, as a verifier takes it.
    func logKey() throws -> NoteKey {
        let keys = try client.call("GET", "/v1/keys")
        guard let text = keys["data"]?.elements?.last?["verifier_key"]?.string, let key = NoteKey(text: text) else {
            throw TestServer.Failure(keys.text)
        }
        return key
    }

    /// What the log says of itself now, its signature checked.
    func checkpoint() throws -> Checkpoint {
        let note = try client.call("GET", "/log/checkpoint").text
        return try Checkpoint(try SignedNote(note), signedBy: try logKey())
    }
}

extension TestClient.Answer {
    /// The hashes in a list.
    func hashes(_ name: String) -> [Digest256] {
        (self[name]?.elements ?? []).compactMap { $0.string.flatMap { Digest256(hex: $0) } }
    }
}
