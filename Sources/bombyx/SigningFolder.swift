internal import Cryptography
internal import Foundation
internal import JSON
internal import Marketplace
internal import Units

/// The folder with the keys that the exchange signs with: one file of mode 0600 for each. Several servers of one
/// exchange have copies of the same folder.
struct SigningFolder {
    let path: String

    /// The keys, the oldest first; makes the first one, which signs everything from the beginning, when there is none.
    func load() throws -> [ExchangeKey] {
        let keys = try read()
        if !keys.isEmpty { return keys }
        return [try make(from: .zero)]
    }

    /// Makes a key that signs what is new from `time` on.
    func make(from time: LogicalTime) throws -> ExchangeKey {
        try makeFolder()
        let seed = SecureRandom.bytes(Ed25519.seedByteCount)
        guard let secret = Ed25519.SigningKey(seed: seed) else { throw ServeError("there is no memory for a key") }
        let key = ExchangeKey(secret, from: time)
        let text = String(
            decoding: jsonObject([
                ("from_us", .integer(time.microseconds)),
                ("public_key", .string(Base64URL.encode(key.key.publicKey))),
                ("seed", .string(Base64URL.encode(seed))),
            ]),
            as: UTF8.self
        )
        let count = try read().count + 1
        guard count <= Limits.signingKeysMax else {
            throw ServeError("\(path) has \(Limits.signingKeysMax) keys already, and no more are taken")
        }
        try StateFolder(path: path).write(text + "\n", to: "\(path)/\(key.id).key", permissions: 0o600)
        return key
    }

    /// What the files say.
    func read() throws -> [ExchangeKey] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [] }
        let keys = try names.filter { $0.hasSuffix(".key") }.sorted().map { try read("\(path)/\($0)") }
        guard keys.count <= Limits.signingKeysMax else {
            throw ServeError("\(path) has \(keys.count) keys, and at most \(Limits.signingKeysMax) are taken")
        }
        let sorted = keys.sorted { $0.from < $1.from }
        for (earlier, later) in zip(sorted, sorted.dropFirst()) where earlier.from == later.from {
            throw ServeError("\(path) has two keys that begin at the same time, \(earlier.id) and \(later.id)")
        }
        return sorted
    }

    private func read(_ file: String) throws -> ExchangeKey {
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        guard mode & 0o077 == 0 else {
            throw ServeError("\(file) may be read by others; its mode must be 0600")
        }
        guard let data = FileManager.default.contents(atPath: file), data.count <= 4_096,
            let json = try? JSONValue(Array(data)), let from = json["from_us"]?.integer, from >= 0,
            let seed = json["seed"]?.string.flatMap({ Base64URL.decode($0) }),
            let key = Ed25519.SigningKey(seed: seed)
        else { throw ServeError("\(file) holds no signing key") }
        guard json["public_key"]?.string == Base64URL.encode(key.publicKey) else {
            throw ServeError("\(file): the public key is not that of the seed")
        }
        return ExchangeKey(key, from: LogicalTime(microseconds: from))
    }

    private func makeFolder() throws {
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }
}
