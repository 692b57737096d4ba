import Testing

@testable import Demonstration

@Suite struct CSVTableTests {
    func table(_ text: String) throws -> CSVTable { try CSVTable(Array(text.utf8), source: "t.csv") }

    @Test(
        arguments: [
            ("Unix line ends", "a,b\n1,2\n3,4\n"),
            ("Windows line ends", "a,b\r\n1,2\r\n3,4\r\n"),
            ("no line end at the end", "a,b\n1,2\n3,4"),
            ("quotes", "\"a\",b\n\"1\",\"2\"\n3,\"4\""),
            ("a byte order mark", "\u{FEFF}a,b\n1,2\n3,4\n"),
            ("empty lines", "a,b\n\n1,2\r\n\r\n3,4\n\n"),
        ]
    )
    func `Files of all systems read the same`(name: String, text: String) throws {
        let table = try table(text)
        #expect(table.header == ["a", "b"])
        #expect(table.rows.map(\.fields) == [["1", "2"], ["3", "4"]])
    }

    @Test func `A quoted field may hold commas, quotes and line ends`() throws {
        let table = try table("a,b\n\"x,\"\"y\"\"\r\nz\",2\n3,4\n")
        #expect(table.rows[0] == CSVTable.Row(line: 2, fields: ["x,\"y\"\r\nz", "2"]))
        #expect(table.rows[1].line == 4)
    }

    @Test(
        arguments: [
            ("a,b\n1\n", 2, "2 fields expected as in the header, found 1"),
            ("a,b\n1,2\n1,2,3\n", 3, "2 fields expected as in the header, found 3"),
            ("a,a\n1,2\n", 1, "a column stands twice in the header"),
            ("a,b\n1,\"2\n3,4\n", 2, "a quote is never closed"),
            ("a,b\n1,2\"\n", 2, "a quote stands inside a field without quotes"),
            ("a,b\n1,\"2\"x\n", 2, "something follows the closing quote of a field"),
        ]
    )
    func `A fault names its line and the rule`(text: String, line: Int, rule: String) {
        #expect(throws: DemonstrationError.badLine(source: "t.csv", line: line, rule: rule)) { try table(text) }
    }

    @Test func `Bytes that are not UTF-8 are a fault`() {
        #expect(throws: DemonstrationError.badLine(source: "t", line: 2, rule: "these bytes are not UTF-8")) {
            try CSVTable(Array("a\n".utf8) + [0xFF, 0x0A], source: "t")
        }
    }

    @Test(arguments: ["", "\n", "a,b\n", "a,b"])
    func `A table without rows is a fault`(text: String) {
        #expect(throws: DemonstrationError.emptyTable(source: "t.csv")) { try table(text) }
    }

    @Test func `Random bytes are refused or read, and never crash`() {
        var random = SeededGenerator(seed: 7, stream: 0)
        let alphabet = Array("a,\"\r\n\u{7F}".utf8) + [0xC3]
        for _ in 0..<20_000 {
            let bytes = (0..<random.below(12)).map { _ in random.pick(alphabet) }
            if let table = try? CSVTable(bytes, source: "t") {
                #expect(table.rows.allSatisfy { $0.fields.count == table.header.count })
            }
        }
    }
}
