internal import Cryptography
internal import JSON
internal import Units

extension ProofBundle {
    private static let format = "bombyx-proof-bundle/v1"

    /// The most hashes that a proof of a log of 2^63 leaves has: an old tree's end may have as many as a path.
    static let hashesMax = 128

    /// The bundle as a JSON document.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 8_192)
        writer.beginObject()
        writer.member("format", Self.format)
        writer.member("receipt", Base64URL.encode(signed.receipt.bytes))
        writer.member("worker_signature", Base64URL.encode(signed.workerSignature))
        writer.member("worker_key", Base64URL.encode(workerKey))
        if let signature = signed.appSignature { writer.member("app_signature", Base64URL.encode(signature)) }
        if let appKey { writer.member("app_key", Base64URL.encode(appKey)) }
        writer.member("salt", Base64URL.encode(salt))
        writer.member("entry", Base64URL.encode(entry.bytes))
        writer.member("index", index)
        writer.member("inclusion", inclusion)
        writer.member("checkpoint", checkpoint.encoded)
        writer.member("log_key", logKey.text)
        if let consistency {
            writer.key("consistency")
            writer.beginObject()
            writer.member("checkpoint", consistency.checkpoint.encoded)
            writer.member("proof", consistency.proof)
            writer.endObject()
        }
        if let ton {
            writer.key("ton")
            ton.write(to: &writer)
        }
        writer.endObject()
        return writer.finish()
    }

    /// Reads a bundle; throws the first member that is missing or malformed. It is not checked before
    /// ``verify(publicKey:)``.
    package init(json: [UInt8]) throws(ProofBundleError) {
        let document: JSONValue
        do {
            document = try JSONValue(json, limits: JSONLimits(depthMax: 16, bytesMax: Limits.proofBundleBytesMax))
        } catch {
            throw ProofBundleError("", error.description)
        }
        let fields = try BundleFields(document, of: "", known: Self.members)
        guard try fields.text("format") == Self.format else {
            throw ProofBundleError("format", "is not \(Self.format)")
        }
        let body = try fields.bytes("receipt")
        let receipt: Receipt
        do { receipt = try Receipt(bytes: body) } catch { throw ProofBundleError("receipt", "is none: \(error)") }
        let appSignature = fields.has("app_signature") ? try fields.bytes("app_signature", count: 64) : nil
        let appKey = fields.has("app_key") ? try fields.bytes("app_key", count: 32) : nil
        guard (appSignature == nil) == (appKey == nil) else {
            throw ProofBundleError("app_key", "and app_signature stand together, or neither does")
        }
        guard let entry = LogEntry(bytes: try fields.bytes("entry", count: LogEntry.byteCount)) else {
            throw ProofBundleError("entry", "is not an entry of the log")
        }
        guard let index = document["index"]?.integer, index >= 0 else {
            throw ProofBundleError("index", "is a whole number from 0")
        }
        guard let logKey = NoteKey(text: try fields.text("log_key")) else {
            throw ProofBundleError("log_key", "is not a name, an id and a key with + between them")
        }
        self.init(
            signed: SignedReceipt(
                receipt: receipt,
                workerSignature: try fields.bytes("worker_signature", count: 64),
                appSignature: appSignature
            ),
            workerKey: try fields.bytes("worker_key", count: 32),
            appKey: appKey,
            salt: try fields.bytes("salt", count: LogEntry.saltByteCount),
            entry: entry,
            index: index,
            inclusion: try fields.hashes("inclusion", upTo: Self.hashesMax),
            checkpoint: try fields.note("checkpoint"),
            logKey: logKey,
            consistency: try document["consistency"].map { value throws(ProofBundleError) in
                let fields = try BundleFields(value, of: "consistency.", known: ["checkpoint", "proof"])
                return Consistency(
                    checkpoint: try fields.note("checkpoint"),
                    proof: try fields.hashes("proof", upTo: Self.hashesMax)
                )
            },
            ton: try document["ton"].map { value throws(ProofBundleError) in try Anchor(value) }
        )
    }

    private static let members = [
        "format", "receipt", "worker_signature", "worker_key", "app_signature", "app_key", "salt", "entry", "index",
        "inclusion", "checkpoint", "log_key", "consistency", "ton",
    ]
}

extension JSONWriter {
    /// Hashes in hexadecimal.
    mutating func member(_ name: StaticString, _ hashes: [Digest256]) {
        key(name)
        beginArray()
        for hash in hashes { string(hash.hex) }
        endArray()
    }
}

/// Why a document is not a proof bundle.
package struct ProofBundleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The member, as in `consistency.proof`; empty when the whole document is meant.
    package let member: String
    /// What the member is not.
    package let rule: String

    init(_ member: String, _ rule: String) {
        self.member = member
        self.rule = rule
    }

    /// A clause for people.
    package var description: String { member.isEmpty ? "the bundle is not JSON: \(rule)" : "\(member) \(rule)" }
}

/// The members of an object of a bundle.
struct BundleFields {
    private let object: JSONValue
    private let prefix: String

    init(_ value: JSONValue, of prefix: String, known: [String]) throws(ProofBundleError) {
        object = value
        self.prefix = prefix
        guard let members = value.members else {
            throw ProofBundleError(prefix.isEmpty ? "the bundle" : String(prefix.dropLast()), "is not an object")
        }
        for member in members where !known.contains(member.key) {
            throw ProofBundleError(prefix + member.key.prefix(64), "is not known")
        }
    }

    func has(_ name: String) -> Bool { object[name] != nil }

    func text(_ name: String) throws(ProofBundleError) -> String {
        guard let text = object[name]?.string else { throw ProofBundleError(prefix + name, "is not a string") }
        return text
    }

    func bytes(_ name: String, count: Int? = nil) throws(ProofBundleError) -> [UInt8] {
        guard let bytes = Base64URL.decode(try text(name)), count.map({ $0 == bytes.count }) ?? true else {
            throw ProofBundleError(prefix + name, "is not \(count.map { "\($0) bytes in " } ?? "")base64url")
        }
        return bytes
    }

    func hashes(_ name: String, upTo maximum: Int) throws(ProofBundleError) -> [Digest256] {
        guard let elements = object[name]?.elements, elements.count <= maximum else {
            throw ProofBundleError(prefix + name, "is not an array of at most \(maximum) hashes")
        }
        var hashes: [Digest256] = []
        for element in elements {
            guard let hash = element.string.flatMap(Self.hash) else {
                throw ProofBundleError(prefix + name, "has something that is not 64 hexadecimal digits")
            }
            hashes.append(hash)
        }
        return hashes
    }

    func hash(_ name: String) throws(ProofBundleError) -> Digest256 {
        guard let hash = Self.hash(try text(name)) else {
            throw ProofBundleError(prefix + name, "is not 64 hexadecimal digits in lower case")
        }
        return hash
    }

    private static func hash(_ text: String) -> Digest256? {
        guard let hash = Digest256(hex: text), hash.hex.utf8.elementsEqual(text.utf8) else { return nil }
        return hash
    }

    func note(_ name: String) throws(ProofBundleError) -> SignedNote {
        let text = try text(name)
        do { return try SignedNote(text) } catch { throw ProofBundleError(prefix + name, "is no note: \(error)") }
    }
}
