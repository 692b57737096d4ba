package import Cryptography
internal import JSON
package import Provenance
package import Units

/// A signed statement of what the log held at a moment.
package struct LogCheckpoint: Hashable, Sendable {
    package let origin: String
    package let size: Int64
    package let root: Digest256
    /// The note as C2SP's tools read it.
    package let note: [UInt8]
    /// The key that signed it.
    package let keyID: String

    package init(origin: String, size: Int64, root: Digest256, note: [UInt8], keyID: String) {
        self.origin = origin
        self.size = size
        self.root = root
        self.note = note
        self.keyID = keyID
    }
}

/// One entry of the log with its place.
package struct LogEntryDetail: Hashable, Sendable {
    package let index: Int64
    /// What was logged, e.g. `receipt`.
    package let kind: String
    /// Milliseconds since 1970.
    package let milliseconds: Int64
    package let entry: [UInt8]
    package let leaf: Digest256
    /// The bytes that it commits to, where they are public.
    package let statement: [UInt8]?

    package init(
        index: Int64,
        kind: String,
        milliseconds: Int64,
        entry: [UInt8],
        leaf: Digest256,
        statement: [UInt8]? = nil
    ) {
        self.statement = statement
        self.index = index
        self.kind = kind
        self.milliseconds = milliseconds
        self.entry = entry
        self.leaf = leaf
    }
}

/// Answers about the log. Hashes are hexadecimal in JSON; notes and tiles are as C2SP has them.
extension View {
    /// `GET /v1/log/checkpoint`.
    package static func logCheckpoint(_ checkpoint: LogCheckpoint, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 768)
        writer.beginObject()
        writer.member("origin", checkpoint.origin)
        writer.member("size", checkpoint.size)
        writer.member("root_sha256", checkpoint.root.hex)
        writer.member("signing_key_id", checkpoint.keyID)
        writer.member("note", String(decoding: checkpoint.note, as: UTF8.self))
        return finish(&writer, asOf)
    }

    /// `GET /log/checkpoint`.
    package static func checkpointNote(_ checkpoint: LogCheckpoint) -> APIResponse {
        APIResponse(status: 200, contentType: .text, body: checkpoint.note)
    }

    /// `GET /v1/log/proof/inclusion`.
    package static func inclusion(
        of leaf: Digest256,
        at index: Int64,
        size: Int64,
        root: Digest256,
        proof: [Digest256],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 512 + 72 * proof.count)
        writer.beginObject()
        writer.member("index", index)
        writer.member("size", size)
        writer.member("leaf_sha256", leaf.hex)
        writer.member("root_sha256", root.hex)
        writer.names("proof", proof.map(\.hex))
        return finish(&writer, asOf)
    }

    /// `GET /v1/log/proof/consistency`.
    package static func consistency(
        from: (size: Int64, root: Digest256),
        to: (size: Int64, root: Digest256),
        proof: [Digest256],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 512 + 72 * proof.count)
        writer.beginObject()
        writer.member("from_size", from.size)
        writer.member("from_root_sha256", from.root.hex)
        writer.member("to_size", to.size)
        writer.member("to_root_sha256", to.root.hex)
        writer.names("proof", proof.map(\.hex))
        return finish(&writer, asOf)
    }

    /// `GET /v1/log/entries`.
    package static func logEntries(_ entries: [LogEntryDetail], size: Int64, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 384 * entries.count)
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        for entry in entries {
            writer.beginObject()
            writer.member("index", entry.index)
            writer.member("kind", entry.kind)
            writer.time("logged_at", LogicalTime(microseconds: entry.milliseconds * 1_000))
            writer.member("entry", Base64URL.encode(entry.entry))
            writer.member("leaf_sha256", entry.leaf.hex)
            writer.optional("statement", entry.statement.map { Base64URL.encode($0) } ?? "")
            writer.endObject()
        }
        writer.endArray()
        writer.member("size", size)
        return finish(&writer, asOf)
    }

    /// `GET /log/tile/…`: hashes or entries one behind the other.
    package static func logTile(_ bytes: [UInt8]) -> APIResponse {
        APIResponse(status: 200, contentType: .bytes, body: bytes)
    }
}

extension LogEntry.Kind {
    /// The name in JSON.
    package var name: String {
        switch self {
        case .receipt: "receipt"
        case .equivocation: "equivocation"
        case .keyRotation: "key_rotation"
        case .measurementPolicy: "measurement_policy"
        case .settlementBatch: "settlement_batch"
        case .attestation: "attestation"
        case .leasePolicy: "lease_policy"
        case .measurement: "measurement"
        }
    }
}
