/// A table of comma-separated values (RFC 4180) with one header line: the form of the market data and of traces.
///
/// Strict where a mistake would go unseen: every row has as many fields as the header, quotes are balanced, bytes are
/// UTF-8. Lenient where files of other systems differ: Windows line ends, a byte order mark, no line end at the end,
/// empty lines.
package struct CSVTable: Sendable {
    /// One line: its fields and where it stands.
    package struct Row: Equatable, Sendable {
        /// From 1, the header's line; of a row that spans lines, the first.
        package let line: Int
        package let fields: [String]
    }

    /// The file as the user named it, for errors.
    package let source: String
    package let header: [String]
    package let rows: [Row]

    /// Reads the whole table. Throws ``DemonstrationError/badLine`` or ``DemonstrationError/emptyTable``.
    package init(_ bytes: [UInt8], source: String) throws(DemonstrationError) {
        var reader = CSVReader(bytes, source: source)
        guard let first = try reader.next() else { throw .emptyTable(source: source) }
        guard Set(first.fields).count == first.fields.count else {
            throw .badLine(source: source, line: first.line, rule: "a column stands twice in the header")
        }
        var rows: [Row] = []
        while let row = try reader.next() {
            guard row.fields.count == first.fields.count else {
                throw .badLine(
                    source: source,
                    line: row.line,
                    rule: "\(first.fields.count) fields expected as in the header, found \(row.fields.count)"
                )
            }
            rows.append(row)
        }
        guard !rows.isEmpty else { throw .emptyTable(source: source) }
        self.source = source
        self.rows = rows
        header = first.fields
    }

    /// The position of a column. Throws ``DemonstrationError/badLine`` for line 1 if there is none of this name.
    package func column(_ name: String) throws(DemonstrationError) -> Int {
        if let index = header.firstIndex(of: name) { return index }
        throw .badLine(source: source, line: 1, rule: "the header has no column \(name)")
    }

    /// The error for a row.
    package func fault(_ row: Row, _ rule: String) -> DemonstrationError {
        .badLine(source: source, line: row.line, rule: rule)
    }
}

/// Reads one row after the other.
private struct CSVReader {
    private let bytes: [UInt8]
    private let source: String
    private var position = 0
    private var line = 1

    init(_ bytes: [UInt8], source: String) {
        self.bytes = bytes
        self.source = source
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next row that is not empty; `nil` at the end.
    mutating func next() throws(DemonstrationError) -> CSVTable.Row? {
        while position < bytes.count {
            let first = line
            let fields = try row()
            if fields != [""] { return CSVTable.Row(line: first, fields: fields) }
        }
        return nil
    }

    private mutating func row() throws(DemonstrationError) -> [String] {
        var fields: [String] = []
        while true {
            fields.append(try field())
            guard position < bytes.count else { return fields }
            if bytes[position] == UInt8(ascii: ",") {
                position += 1
                continue
            }
            // Only a line end can stand here: `field` stops at nothing else.
            position += bytes[position] == UInt8(ascii: "\r") ? 2 : 1
            line += 1
            return fields
        }
    }

    private mutating func field() throws(DemonstrationError) -> String {
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return try quotedField() }
        let start = position
        while position < bytes.count, !isFieldEnd(position) {
            if bytes[position] == UInt8(ascii: "\"") { throw fault("a quote stands inside a field without quotes") }
            position += 1
        }
        return try text(Array(bytes[start..<position]))
    }

    private mutating func quotedField() throws(DemonstrationError) -> String {
        let first = line
        var content: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte != UInt8(ascii: "\"") {
                if byte == UInt8(ascii: "\n") { line += 1 }
                content.append(byte)
            } else if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
                content.append(byte)
                position += 1
            } else {
                guard position == bytes.count || isFieldEnd(position) else {
                    throw fault("something follows the closing quote of a field")
                }
                return try text(content)
            }
        }
        throw .badLine(source: source, line: first, rule: "a quote is never closed")
    }

    private func isFieldEnd(_ index: Int) -> Bool {
        switch bytes[index] {
        case UInt8(ascii: ","), UInt8(ascii: "\n"): true
        case UInt8(ascii: "\r"): index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n")
        default: false
        }
    }

    private func text(_ content: [UInt8]) throws(DemonstrationError) -> String {
        guard let text = String(validating: content, as: UTF8.self) else { throw fault("these bytes are not UTF-8") }
        return text
    }

    private func fault(_ rule: String) -> DemonstrationError { .badLine(source: source, line: line, rule: rule) }
}
