import Exchange
import Units

// The last part of an offer's and a bid's form in the journal, from version 2, and of a class's and a profile's in a
// checkpoint:
//
//     traits     which there are u16, a bit each · their numbers i64…
//     demands    are there any u8; if so: least traits · most traits · quality max i64 (−1: none)
//                · context max i64 (−1: none) · models excluded · regions excluded · revisions · weights
//                · revisions excluded · weights excluded
//
// A list is: count u8 · elements in ascending order. A digest is: length u8 · bytes.

extension Traits {
    /// `nothing` is the number that is left out.
    func encode(without nothing: Int64, into bytes: inout [UInt8]) {
        var present: UInt16 = 0
        for trait in Trait.allCases where self[trait] != nothing { present |= 1 << UInt16(trait.rawValue) }
        bytes.append(integer: present)
        for trait in Trait.allCases where self[trait] != nothing { bytes.append(integer: self[trait]) }
    }

    /// `isAllowed` judges each number that is there.
    static func decode(
        without nothing: Int64,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor,
        _ isAllowed: (Trait, Int64) -> Bool
    ) throws(CommandDecodingError) -> Traits {
        let present: UInt16 = try cursor.integer(bytes)
        guard present < 1 << UInt16(Trait.allCases.count) else { throw .invalid(.traits) }
        var traits = Traits(repeating: nothing)
        for trait in Trait.allCases where present & (1 << UInt16(trait.rawValue)) != 0 {
            let number: Int64 = try cursor.integer(bytes)
            guard number != nothing, isAllowed(trait, number) else { throw .invalid(.traits) }
            traits[trait] = number
        }
        return traits
    }

    /// What a worker says of its offer.
    static func decodeDeclared(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Traits {
        try decode(without: 0, bytes, &cursor) { $0.provenance == .declared && $0.isValid($1) }
    }

    /// What an offer is known to have.
    static func decodeKnown(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Traits {
        try decode(without: 0, bytes, &cursor) { $0.isValid($1) }
    }
}

extension FurtherDemands {
    /// Entries of a list.
    private static let entriesMax: UInt8 = 16

    static func encode(_ demands: FurtherDemands?, into bytes: inout [UInt8]) {
        bytes.append(demands == nil ? 0 : 1)
        guard let demands else { return }
        demands.least.encode(without: nothing, into: &bytes)
        demands.most.encode(without: nothing, into: &bytes)
        bytes.append(integer: demands.qualityAtMost)
        bytes.append(integer: demands.contextLengthAtMost)
        bytes.append(UInt8(demands.modelsExcluded.count))
        for model in demands.modelsExcluded { bytes.append(integer: model.rawValue) }
        bytes.append(UInt8(demands.regionsExcluded.count))
        for region in demands.regionsExcluded { bytes.append(integer: region.code) }
        for list in demands.digests {
            bytes.append(UInt8(list.count))
            for digest in list {
                bytes.append(digest.count)
                bytes.append(contentsOf: digest.bytes)
            }
        }
    }

    static func decode(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> FurtherDemands? {
        guard try cursor.flag(bytes, .demands) else { return nil }
        var demands = FurtherDemands()
        demands.least = try Traits.decode(without: nothing, bytes, &cursor) { $0.isLeast($1) }
        demands.most = try Traits.decode(without: nothing, bytes, &cursor) { $0.isMost($1) }
        demands.qualityAtMost = try cursor.integer(bytes, .demands, in: nothing...Limits.qualityMax)
        demands.contextLengthAtMost = try cursor.integer(bytes, .demands, in: nothing...Limits.contextLengthMax)
        demands.modelsExcluded = try list(bytes, &cursor) { (cursor) throws(CommandDecodingError) in
            ModelID(try cursor.integer(bytes, .models, in: 0...Int64.max))
        }
        demands.regionsExcluded = try list(bytes, &cursor) { (cursor) throws(CommandDecodingError) in
            try cursor.region(bytes, .regions)
        }
        demands.revisions = try digests(bytes, &cursor)
        demands.weights = try digests(bytes, &cursor)
        demands.revisionsExcluded = try digests(bytes, &cursor)
        demands.weightsExcluded = try digests(bytes, &cursor)
        guard demands != FurtherDemands() else { throw .invalid(.demands) }
        return demands
    }

    /// In the order in which they are written.
    private var digests: [[HexDigest]] { [revisions, weights, revisionsExcluded, weightsExcluded] }

    private static func digests(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> [HexDigest] {
        try list(bytes, &cursor) { (cursor) throws(CommandDecodingError) in
            let length: UInt8 = try cursor.integer(bytes)
            guard length <= 32, let digest = HexDigest(bytes: try cursor.bytes(bytes, Int(length))) else {
                throw .invalid(.demands)
            }
            return digest
        }
    }

    private static func list<Element: Comparable>(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor,
        _ element: (inout CommandCursor) throws(CommandDecodingError) -> Element
    ) throws(CommandDecodingError) -> [Element] {
        let count: UInt8 = try cursor.integer(bytes)
        guard count <= entriesMax else { throw .invalid(.demands) }
        var elements: [Element] = []
        for _ in 0..<count {
            let next = try element(&cursor)
            if let last = elements.last, last >= next { throw .invalid(.demands) }
            elements.append(next)
        }
        return elements
    }
}

extension StateReader {
    /// Reads something that has the form of a command's part.
    mutating func part<Value>(
        _ name: String,
        _ read: (Span<UInt8>, inout CommandCursor) throws(CommandDecodingError) -> Value
    ) throws(StateCodingError) -> Value {
        let (rest, failure) = (remaining, error(name))
        var cursor = CommandCursor(offset: 0)
        do throws(CommandDecodingError) {
            let value = try read(rest.span, &cursor)
            _ = try? take(cursor.offset, name)
            return value
        } catch {
            throw failure
        }
    }
}
