import Cryptography
import Engine
import Exchange
import JSON
import Testing
import Units

@testable import API

/// A directory with three models and a key for each role, and a way to ask the interface.
struct Market {
    static let now = LogicalTime(microseconds: 1_795_222_800_000_000)
    static let worker = key("A")
    static let app = key("E")
    static let reader = key("I")
    static let admin = key("M")
    static let auditor = key("Q")
    static let expired = key("U")
    static let unknown = key("Y")
    static let payee = key("c")

    let directory: Directory

    init() {
        var state = EngineState()
        state.sequence = SequenceNumber(9)
        state.models = [
            Self.model(1, "Qwen/Qwen3-32B", weightSet: 1),
            Self.model(2, "openai/gpt-oss-120b", weightSet: 1),
            Self.model(3, "tiny", weightSet: 2),
        ]
        state.keys = [
            Self.record(1, Self.worker, account: 2, [.offer, .read]),
            Self.record(2, Self.app, account: 3, [.bid, .read]),
            Self.record(3, Self.reader, account: 3, .read),
            Self.record(4, Self.admin, account: 1, .operator),
            Self.record(5, Self.auditor, account: 4, .auditor),
            Self.record(6, Self.expired, account: 3, [.bid, .read], expiresAt: Self.now),
            Self.record(7, Self.payee, account: 2, [.withdraw, .read]),
        ]
        directory = Directory(state)
    }

    /// A well-formed key: 43 characters of base64url whose last one has no bits that do not count.
    static func key(_ letter: String) -> APIKey {
        guard let key = APIKey("bx_" + String(repeating: "k", count: 42) + letter) else {
            preconditionFailure("\(letter) must end a key")
        }
        return key
    }

    private static func model(_ id: Int64, _ name: String, weightSet: UInt8) -> ModelRecord {
        let terms = ModelTerms(name: name, weightSet: WeightSetID(weightSet), quality: 40, contextLength: 131_072)
        return ModelRecord(id: ModelID(id), version: 1, terms: terms, createdAt: now)
    }

    private static func record(
        _ id: Int64,
        _ key: APIKey,
        account: Int64,
        _ scopes: Scopes,
        expiresAt: LogicalTime = .never
    ) -> KeyRecord {
        let hash = KeyHash(bytes: key.digest.bytes) ?? KeyHash(.init(0, 0, 0, 0))
        let terms = KeyTerms(owner: AccountID(account), hash: hash, scopes: scopes, label: "", expiresAt: expiresAt)
        return KeyRecord(id: KeyID(id), terms: terms, createdAt: now)
    }

    func context(principal: Principal? = nil) -> RequestContext {
        RequestContext(directory: directory, now: Self.now, requestID: 0x4D2, principal: principal)
    }

    func admit(
        _ method: String,
        _ target: String,
        _ body: String = "",
        as key: APIKey? = nil,
        contentType: String? = "application/json",
        idempotencyKey: String? = nil
    ) -> Admission {
        let head = RequestHead(
            method: RequestMethod(method.utf8),
            target: Array(target.utf8)[...],
            contentType: contentType.map { Array($0.utf8)[...] },
            authorization: key.map { Array("Bearer \($0.secret)".utf8)[...] },
            idempotencyKey: idempotencyKey.map { Array($0.utf8)[...] }
        )
        return API.admit(head, body: Array(body.utf8), in: context(), newKey: { Self.unknown })
    }

    func command(
        _ method: String,
        _ target: String,
        _ body: String = "",
        as key: APIKey,
        idempotencyKey: String? = nil
    ) throws -> Command {
        let admission = admit(method, target, body, as: key, idempotencyKey: idempotencyKey)
        guard case .command(let command, _) = admission else {
            throw Unexpected(admission)
        }
        return command
    }

    func problem(
        _ method: String,
        _ target: String,
        _ body: String = "",
        as key: APIKey? = nil,
        contentType: String? = "application/json",
        idempotencyKey: String? = nil
    ) throws -> (response: APIResponse, json: JSONValue) {
        let admission = admit(
            method,
            target,
            body,
            as: key,
            contentType: contentType,
            idempotencyKey: idempotencyKey
        )
        guard case .answer(let response) = admission, response.contentType == .problem else {
            throw Unexpected(admission)
        }
        return (response, try JSONValue(response.body))
    }
}

/// Another admission than a test expects.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ admission: Admission) {
        if case .answer(let response) = admission {
            description = "answer \(response.status) \(String(decoding: response.body, as: UTF8.self))"
        } else {
            description = "\(admission)"
        }
    }
}

extension JSONValue {
    /// The `errors[index]` of a problem as one word: where, and which rule.
    func error(_ index: Int) -> String {
        let error = self["errors"]?[index]
        let place = error?["pointer"]?.string ?? error?["parameter"]?.string ?? "nowhere"
        return place + " " + (error?["code"]?.string ?? "no code")
    }

    var errorCount: Int { self["errors"]?.elements?.count ?? 0 }
}
