package import Cryptography
package import Provenance
internal import Units

/// A question to the transparency log, answered from the tables.
package enum LogQuery: Hashable, Sendable {
    case checkpoint(CheckpointForm)
    /// That an entry is in the tree of a size; `nil` for the present one.
    case inclusion(LogPlace, size: Int64?)
    /// That the tree of the second size continues that of the first; `nil` for the present one.
    case consistency(from: Int64, to: Int64?)
    /// Entries from `start` on, at most so many.
    case entries(start: Int64, count: Int)
    case tile(LogTile)
    /// Where the log's root is on the chain.
    case anchors(AnchorsQuery)

    /// How a checkpoint is written.
    package enum CheckpointForm: Hashable, Sendable {
        case json
        /// The signed note alone, as C2SP's tools read it.
        case note
    }

    /// Which entry is meant.
    package enum LogPlace: Hashable, Sendable {
        case index(Int64)
        case leaf(Digest256)
    }
}

extension QueryRequests {
    /// `GET /v1/log/proof/inclusion`.
    static func inclusion(_ query: ArraySlice<UInt8>) throws(Problem) -> LogQuery {
        var parameters = try QueryParameters(query)
        let index = parameters.integer("index", in: 0...Int64.max)
        let leaf = parameters.digest("leaf_hash")
        let size = parameters.integer("size", in: 1...Int64.max)
        if (index == nil) == (leaf == nil), parameters.errors.isEmpty {
            parameters.fail("index", .required, "Either index or leaf_hash is required, and not both.")
        }
        if let index, let size, index >= size {
            parameters.fail("index", .outOfRange, "index must be below size.")
        }
        try parameters.end()
        if let leaf { return .inclusion(.leaf(leaf), size: size) }
        return .inclusion(.index(index ?? 0), size: size)
    }

    /// `GET /v1/log/proof/consistency`.
    static func consistency(_ query: ArraySlice<UInt8>) throws(Problem) -> LogQuery {
        var parameters = try QueryParameters(query)
        // RFC 9162: of the empty tree there is nothing to prove.
        let from = parameters.integer("from", in: 1...Int64.max)
        let to = parameters.integer("to", in: 1...Int64.max)
        if from == nil, parameters.errors.isEmpty { parameters.fail("from", .required, "from is required.") }
        if let from, let to, to < from { parameters.fail("to", .outOfRange, "to must not be below from.") }
        try parameters.end()
        return .consistency(from: from ?? 1, to: to)
    }

    /// `GET /v1/log/entries`: both ends are included, and fewer may come.
    static func logEntries(_ query: ArraySlice<UInt8>) throws(Problem) -> LogQuery {
        var parameters = try QueryParameters(query)
        let start = parameters.integer("start", in: 0...Int64.max - 1) ?? 0
        let end = parameters.integer("end", in: 0...Int64.max - 1)
        if let end, end < start { parameters.fail("end", .outOfRange, "end must not be below start.") }
        try parameters.end()
        let most = Int64(Limits.pageMax)
        let count = end.map { min(most, $0 - start + 1) } ?? Int64(Limits.pageDefault)
        return .entries(start: start, count: Int(count))
    }
}

extension QueryParameters {
    /// A SHA-256 digest in 64 hexadecimal digits.
    mutating func digest(_ name: StaticString) -> Digest256? {
        guard let text = take(name) else { return nil }
        if text.count == 64, let digest = Digest256(hex: text.text) { return digest }
        fail(name, .badFormat, "\(name) must be 64 hexadecimal digits.")
        return nil
    }
}
