import Foundation
import JSON

/// The JSON reader and writer, beside the parser of Foundation.
enum JSONDriver {
    static func run(_ input: [UInt8]) throws {
        let ours = read(input)
        try checkSkipping(input, ours)
        let theirs = try? JSONSerialization.jsonObject(with: Data(input), options: [.fragmentsAllowed])
        switch ours {
        case .success(let value):
            try checkWriting(value)
            if let theirs {
                try compare(value, theirs)
            } else {
                try check(value.hasNumberBeyondDouble, "Foundation refuses what we accept")
            }
        case .failure(let error):
            try check(error.offset <= input.count, "a fault lies in the document")
            guard theirs != nil else { return }
            try check(isStricter(error, input), "we refuse what Foundation accepts: \(error)")
        }
    }

    private static func read(_ input: [UInt8]) -> Result<JSONValue, JSONError> {
        Result { () throws(JSONError) in try JSONValue(input) }
    }

    /// Reading past a document refuses what reading it refuses, at the same place; only a repeated key is not seen.
    private static func checkSkipping(_ input: [UInt8], _ read: Result<JSONValue, JSONError>) throws {
        let skipped = Result { () throws(JSONError) in
            var reader = try JSONReader(input)
            try reader.skipValue()
            try reader.end()
        }
        switch (read, skipped) {
        case (.success, .success): return
        case (.failure(let left), .failure(let right)):
            try check(left == right || left.reason == .duplicateKey, "two readings differ: \(left), \(right)")
        case (.failure(let error), .success):
            try check(error.reason == .duplicateKey, "skipped, but not read: \(error)")
        case (.success, .failure(let error)): throw BrokenProperty("read, but not skipped: \(error)")
        }
    }

    /// What is written is read as the same value.
    private static func checkWriting(_ value: JSONValue) throws {
        var writer = JSONWriter()
        writer.value(value)
        let text = writer.finish()
        try check(read(text) == .success(value), "written and read again it is another value")
    }

    /// Where we are stricter than Foundation, on purpose.
    private static func isStricter(_ error: JSONError, _ input: [UInt8]) -> Bool {
        switch error.reason {
        // Foundation nests deeper, and takes one of two values of a key.
        case .tooDeep, .duplicateKey, .tooLarge: return true
        // It lets a comma stand behind the last element or member.
        case .unexpectedByte where followsComma(input, error.offset): return true
        default:
            // It guesses UTF-16 and UTF-32 from zero bytes, and skips a byte order mark: RFC 8259 wants UTF-8 without.
            return input.prefix(4).contains(0) || input.starts(with: [0xEF, 0xBB, 0xBF])
                || input.starts(with: [0xFE, 0xFF]) || input.starts(with: [0xFF, 0xFE])
        }
    }

    /// A closing bracket stands here, behind a comma.
    private static func followsComma(_ input: [UInt8], _ offset: Int) -> Bool {
        guard offset < input.count, [UInt8(ascii: "]"), UInt8(ascii: "}")].contains(input[offset]) else { return false }
        return input[..<offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ",")
    }

    /// The same value, as far as both keep it: Foundation's numbers are doubles unless they fit in 64 bits.
    private static func compare(_ ours: JSONValue, _ theirs: Any) throws {
        switch ours {
        case .null: try check(theirs is NSNull, "null differs")
        case .boolean(let value): try check((theirs as? NSNumber)?.boolValue == value, "a truth value differs")
        case .integer(let value): try check((theirs as? NSNumber)?.int64Value == value, "\(value) differs")
        case .number: try check(theirs is NSNumber, "a number is something else")
        case .string(let value):
            try check((theirs as? String).map { scalars($0) == scalars(value) } == true, "a string differs")
        case .array(let elements):
            guard let others = theirs as? [Any], others.count == elements.count else {
                throw BrokenProperty("an array differs")
            }
            for (element, other) in zip(elements, others) { try compare(element, other) }
        case .object(let members):
            guard let others = theirs as? [String: Any] else { throw BrokenProperty("an object differs") }
            // Keys that are one to Foundation, as ``scalars(_:)`` says or because they are equal as strings.
            let keys = Set(members.map { plain($0.key) })
            try check(keys.count <= members.count && others.count <= members.count, "an object has too many members")
            guard keys.count == members.count, others.count == members.count else { return }
            let known = Dictionary(others.map { (plain($0), $1) }) { first, _ in first }
            for member in members {
                guard let other = known[plain(member.key)] else {
                    throw BrokenProperty("an object lacks a member")
                }
                try compare(member.value, other)
            }
        }
    }
}

/// Strings are compared by scalars, since two spellings of a letter are equal strings; and without U+FEFF, which
/// Foundation loses where it follows an escape.
private func scalars(_ text: String) -> [Unicode.Scalar] { text.unicodeScalars.filter { $0.value != 0xFEFF } }

/// The same as a key.
private func plain(_ text: String) -> String { String(String.UnicodeScalarView(scalars(text))) }

extension JSONValue {
    /// It has a number beyond all doubles: valid JSON (RFC 8259, section 6, sets no bound), refused by Foundation.
    fileprivate var hasNumberBeyondDouble: Bool {
        switch self {
        case .number(let text): Double(text).map { !$0.isFinite } ?? true
        case .array(let elements): elements.contains { $0.hasNumberBeyondDouble }
        case .object(let members): members.contains { $0.value.hasNumberBeyondDouble }
        case .null, .boolean, .integer, .string: false
        }
    }
}
