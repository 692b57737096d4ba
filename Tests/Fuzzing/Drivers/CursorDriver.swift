import API
import Cryptography

/// Cursors of lists.
enum CursorDriver {
    static func run(_ input: [UInt8]) throws {
        try read(input)
        try write(input)
    }

    /// Text that is accepted is what a list has given: there is no second spelling of a cursor.
    private static func read(_ text: [UInt8]) throws {
        for list in Cursor.List.allCases {
            // The filters are taken from the text, so that what is refused is refused for another reason.
            let bytes = Base64URL.decode(text.span) ?? []
            let filters = bytes.count >= 10 ? number(bytes[2..<10]) : 0
            guard let cursor = try? Cursor(text[...], list: list, filters: filters) else { continue }
            try check(Array(cursor.text.utf8) == text, "a cursor has one spelling")
            try check(cursor.list == list && cursor.filters == filters, "a cursor is of its list and filters")
            try check(cursor.first >= 0 && cursor.second >= 0, "a position is not negative")
            try check((try? Cursor(text[...], list: list, filters: ~filters)) == nil, "other filters are refused")
            for other in Cursor.List.allCases where other != list {
                try check((try? Cursor(text[...], list: other, filters: filters)) == nil, "other lists are refused")
            }
        }
    }

    /// Numbers of any kind come back as they went out, and a changed character is noticed.
    private static func write(_ input: [UInt8]) throws {
        guard input.count >= 27, let list = Cursor.List(rawValue: input[0] % 3 + 1) else { return }
        let cursor = Cursor(
            list: list,
            filters: number(input[1..<9]),
            first: Int64(bitPattern: number(input[9..<17])),
            second: Int64(bitPattern: number(input[17..<25]))
        )
        var text = Array(cursor.text.utf8)
        let decoded = try? Cursor(text[...], list: list, filters: cursor.filters)
        let isPosition = cursor.first >= 0 && cursor.second >= 0
        try check(decoded == (isPosition ? cursor : nil), "a position is read as it was written, and nothing else is")
        let place = Int(input[25]) % text.count
        guard text[place] != input[26] else { return }
        text[place] = input[26]
        let changed = try? Cursor(text[...], list: list, filters: cursor.filters)
        try check(changed == nil, "a cursor with another character is refused")
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
