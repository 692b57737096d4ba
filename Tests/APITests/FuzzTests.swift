import Cryptography
import Engine
import JSON
import Testing
import Units

@testable import API

/// SplitMix64: the same seed gives the same requests.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct FuzzTests {
    let market = Market()

    static let requests: [(method: String, target: String, body: String, key: APIKey?)] = [
        (
            "POST", "/v1/offers",
            #"{"model":"tiny","price_nanoton_per_mtok":"20123000","quantity_lots":5,"#
                + #""capability":{"features":["tools"],"tee":"tdx"}}"#,
            Market.worker
        ),
        (
            "POST", "/v1/bids",
            #"{"requirement":{"model":{"in":["tiny"]},"quality":{"gte":4}},"#
                + #""price_nanoton_per_mtok":1000,"quantity_lots":5}"#,
            Market.app
        ),
        ("GET", "/v1/book?requirement=model:in=tiny;quality:gte=40;features:all=tools&depth=5", "", nil),
        (
            "GET", "/v1/orders?side=bid&state=open&limit=5&cursor=AQEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAA", "",
            Market.app
        ),
        ("GET", "/v1/trades?mine=true&model=tiny", "", Market.app),
        ("DELETE", "/v1/orders/o17", "", Market.app),
        ("GET", "/v1/models/Qwen%2FQwen3-32B", "", nil),
        (
            "POST", "/v1/accounts/a2/keys", #"{"scopes":["read"],"expires_at":"2099-01-01T00:00:00.5+01:00"}"#,
            Market.admin
        ),
        ("PUT", "/v1/accounts/a2/attestation", #"{"tees":["tdx"],"expires_at":"2099-01-01T00:00:00Z"}"#, Market.admin),
        ("PUT", "/v1/models/a/b", #"{"revision":"\#(String(repeating: "a", count: 40))","quality":5}"#, Market.admin),
        ("PUT", "/v1/fees", #"{"maker_fee_bps":1,"taker_fee_bps":2}"#, Market.admin),
    ]

    /// Changes a few bytes: flips, inserts, deletes, repeats, and the bytes that parsers stumble over.
    private func mutated(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
        let stumbling = Array("\"\\{}[],:;=%&?/0-9eE.\u{0}\u{7F}\n Az".utf8) + [0x80, 0xC3, 0xED, 0xFF]
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &random)
            let byte = stumbling.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where !bytes.isEmpty: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1 where !bytes.isEmpty: bytes.remove(at: index)
            case 2 where !bytes.isEmpty: bytes.removeSubrange(index...)
            case 3: bytes.insert(contentsOf: bytes.prefix(20), at: index)
            default: bytes.insert(byte, at: index)
            }
        }
        return bytes
    }

    private func check(_ admission: Admission, _ seed: UInt64) {
        guard case .answer(let response) = admission, response.contentType == .problem else { return }
        #expect((400..<500).contains(response.status), "seed \(seed)")
        #expect(throws: Never.self, "seed \(seed)") { try JSONValue(response.body) }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `Damaged requests are refused or understood, never a failure`(seed: UInt64) {
        var random = Seeded(seed: seed)
        for round in 0..<4_000 {
            let request = Self.requests[round % Self.requests.count]
            let damagesTarget = Bool.random(using: &random)
            let target = Array(request.target.utf8)
            let body = Array(request.body.utf8)
            let head = RequestHead(
                method: RequestMethod(request.method.utf8),
                target: (damagesTarget ? mutated(target, &random) : target)[...],
                contentType: Array("application/json".utf8)[...],
                authorization: request.key.map { Array("Bearer \($0.secret)".utf8)[...] },
                idempotencyKey: round % 7 == 0 ? mutated(Array("key".utf8), &random)[...] : nil
            )
            let damaged = damagesTarget && !body.isEmpty ? body : mutated(body, &random)
            check(API.admit(head, body: damaged, in: market.context(), newKey: { Market.unknown }), seed)
        }
    }

    @Test(arguments: [5, 6] as [UInt64])
    func `Random bytes are refused`(seed: UInt64) {
        var random = Seeded(seed: seed)
        func bytes(_ max: Int, _ random: inout Seeded) -> [UInt8] {
            (0..<Int.random(in: 0...max, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        for round in 0..<4_000 {
            let request = Self.requests[round % Self.requests.count]
            let head = RequestHead(
                method: RequestMethod(bytes(7, &random)),
                target: bytes(40, &random)[...],
                contentType: bytes(20, &random)[...],
                authorization: bytes(60, &random)[...],
                idempotencyKey: bytes(300, &random)[...]
            )
            check(API.admit(head, body: bytes(200, &random), in: market.context(), newKey: { Market.unknown }), seed)
            var known = head
            known.method = RequestMethod(request.method.utf8)
            known.target = Array(request.target.utf8)[...]
            known.authorization = request.key.map { Array("Bearer \($0.secret)".utf8)[...] }
            check(API.admit(known, body: bytes(200, &random), in: market.context(), newKey: { Market.unknown }), seed)
        }
    }
}
