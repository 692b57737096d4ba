internal import Cryptography
internal import Engine
internal import Foundation
internal import Glibc
internal import Postgres
internal import Sockets

/// The files of a state folder beside the cluster. Secrets are 0600 and written before they are used.
final class StateFolder: Sendable {
    let path: String
    private let lock = Lock<StateLock?>(nil)

    init(path: String) { self.path = path }

    var operatorKeyPath: String { path + "/operator.key" }
    var certificatePath: String { path + "/tls-certificate.pem" }
    var certificateKeyPath: String { path + "/tls-key.pem" }
    var runningPath: String { path + "/serve.json" }
    var chainPath: String { path + "/chain.state" }
    var signingPath: String { path + "/signing" }

    /// Holds the folder's lock for as long as this value lives.
    func keep(_ lock: StateLock) { self.lock.withLock { $0 = lock } }

    /// A new key for the operator, in its file before anybody is told its hash: a server that dies in between makes
    /// another one.
    func makeOperatorKey() throws -> KeyHash {
        let key = APIKey.random()
        try write(key.secret + "\n", to: operatorKeyPath, permissions: 0o600)
        guard let hash = KeyHash(bytes: key.digest.bytes) else { throw ServeError("a digest has 32 bytes") }
        return hash
    }

    /// How this installation calls itself in the leadership's row: the same after a restart.
    func holder() throws -> String {
        let file = path + "/holder"
        if let text = try? String(contentsOfFile: file, encoding: .utf8), text.count == 32 { return text }
        let name = Hex.encode(SecureRandom.bytes(16))
        try write(name, to: file, permissions: 0o600)
        return name
    }

    /// Tells other programs of this machine where the running server is.
    func writeRunning(_ facts: RunningFacts) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        try write(String(decoding: encoder.encode(facts), as: UTF8.self) + "\n", to: runningPath, permissions: 0o644)
    }

    /// What the running server wrote; throws when there is none.
    func running() throws -> RunningFacts {
        guard let data = FileManager.default.contents(atPath: runningPath) else {
            throw ServeError("no server is running on \(path) (\(runningPath) is missing)")
        }
        return try JSONDecoder().decode(RunningFacts.self, from: data)
    }

    func removeRunning() { try? FileManager.default.removeItem(atPath: runningPath) }

    /// Whole or not at all: to a draft beside it, then renamed.
    func write(_ text: String, to file: String, permissions: mode_t) throws {
        try SecretFile.replace(file, by: Array(text.utf8).span, permissions: permissions)
    }
}

/// Where a running server is, in `serve.json` of its state folder.
struct RunningFacts: Codable {
    var pid = ProcessInfo.processInfo.processIdentifier
    /// Address without TLS.
    let http: String?
    /// Address with TLS.
    let https: String?
    /// The certificate that a client may trust, when it is self-signed.
    let certificate: String?
    /// libpq's connection string for the auditor.
    let psql: String?
    /// toncenter's interface of the local chain inside of the server, when it is served.
    let chain: String?
}
