import Foundation

/// A Swift file, with its text and the same text without what is not code.
struct SourceFile: Sendable {
    /// From the root of the package, as in `Sources/JSON/JSONReader.swift`.
    let path: String
    let lines: [String]
    /// The lines with comments and the contents of strings blanked: what the compiler acts on.
    let code: [String]
    /// The lines with the contents of strings blanked, comments kept: what people wrote.
    let prose: [String]

    init(path: String, text: String) {
        self.path = path
        lines = Self.lines(of: Array(text.utf8))
        code = Self.lines(of: masked(text, keepingComments: false))
        prose = Self.lines(of: masked(text, keepingComments: true))
    }

    /// `Sources` or `Tests`.
    var folder: String { component(0) }
    /// The target that the file belongs to.
    var target: String { component(1) }

    private func component(_ index: Int) -> String {
        let components = path.split(separator: "/")
        return index < components.count ? String(components[index]) : ""
    }

    private static func lines(of bytes: [UInt8]) -> [String] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A breach of a rule: where, and what to do.
struct Breach: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let rule: String

    init(_ file: SourceFile, line index: Int, _ rule: String) {
        path = file.path
        line = index + 1
        self.rule = rule
    }

    init(path: String, _ rule: String) {
        self.path = path
        line = 1
        self.rule = rule
    }

    var description: String { "\(path):\(line): \(rule)" }
}

/// Blanks the contents of strings, and comments unless `keepingComments`. Line breaks stay.
func masked(_ text: String, keepingComments: Bool) -> [UInt8] {
    var masker = Masker(bytes: Array(text.utf8), keepingComments: keepingComments)
    return masker.run()
}

/// Follows Swift's lexical structure as far as strings and comments go.
private struct Masker {
    var bytes: [UInt8]
    let keepingComments: Bool
    var index = 0
    /// What comments, identifiers in backticks and strings begin with.
    private static let beginnings = Array("/`\"#".utf8)

    mutating func run() -> [UInt8] {
        while index < bytes.count {
            // Most bytes begin nothing.
            guard Self.beginnings.contains(bytes[index]) else {
                index += 1
                continue
            }
            if starts(with: "//") {
                blank(until: { $0.bytes[$0.index] == 0x0A }, isKept: keepingComments)
            } else if starts(with: "/*") {
                blank(until: { $0.starts(with: "*/") }, isKept: keepingComments)
            } else if bytes[index] == UInt8(ascii: "`") {
                skipIdentifier()
            } else if !skipString() {
                index += 1
            }
        }
        return bytes
    }

    private func starts(with word: String) -> Bool {
        bytes[index...].starts(with: word.utf8)
    }

    private mutating func blank(until isEnd: (Masker) -> Bool, isKept: Bool = false) {
        while index < bytes.count, !isEnd(self) {
            if !isKept && bytes[index] != 0x0A { bytes[index] = 0x20 }
            index += 1
        }
    }

    private mutating func skipIdentifier() {
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "`"), bytes[index] != 0x0A { index += 1 }
        index += 1
    }

    /// Blanks a string of any kind that begins here: `"…"`, `"""…"""`, with number signs around them or not.
    private mutating func skipString() -> Bool {
        var quote = index
        while quote < bytes.count, bytes[quote] == UInt8(ascii: "#") { quote += 1 }
        guard quote < bytes.count, bytes[quote] == UInt8(ascii: "\"") else { return false }
        let signs = String(repeating: "#", count: quote - index)
        index = quote
        let quotes = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        index += quotes.utf8.count
        while index < bytes.count, !starts(with: quotes + signs) {
            let isEscape = starts(with: "\\" + signs)
            let isInterpolation = isEscape && starts(with: "\\" + signs + "(")
            blankOne()
            guard isEscape else { continue }
            for _ in signs.utf8 { blankOne() }
            blankOne()
            if isInterpolation { blankInterpolation() }
        }
        index += quotes.utf8.count + signs.utf8.count
        return true
    }

    private mutating func blankOne() {
        guard index < bytes.count else { return }
        if bytes[index] != 0x0A { bytes[index] = 0x20 }
        index += 1
    }

    /// Blanks up to the parenthesis that closes an interpolation; strings may stand in it, in any depth.
    private mutating func blankInterpolation() {
        var depth = 1
        while index < bytes.count, depth > 0 {
            if skipString() { continue }
            if bytes[index] == UInt8(ascii: "(") { depth += 1 }
            if bytes[index] == UInt8(ascii: ")") { depth -= 1 }
            blankOne()
        }
    }
}

/// The words of a line of code: letters, digits and underscores that stand together.
func words(_ line: String) -> [Substring] {
    line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
}
