import Testing

/// Each rule finds what it forbids and leaves alone what it allows.
@Suite struct RuleTests {
    private func file(_ text: String, path: String = "Sources/Engine/Engine.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    private func function(lines: Int, signature: String = "    func f() {") -> String {
        ([signature] + [String](repeating: "        work()", count: lines - 2) + ["    }"]).joined(separator: "\n")
            + "\n"
    }

    @Test func `A line may have 120 columns, as people count them`() {
        #expect(longLines(file(String(repeating: "é", count: 120))).isEmpty)
        #expect(longLines(file("\n" + String(repeating: "a", count: 121))).map(\.line) == [2])
    }

    @Test func `A file may have 400 lines`() {
        #expect(longFile(file(String(repeating: "\n", count: 400))).isEmpty)
        #expect(longFile(file(String(repeating: "\n", count: 401))).count == 1)
    }

    @Test(
        arguments: [
            "    func f() {", "    @Test func `A name`() {", "    package static func f<T>(_ t: T) -> T {",
            "    init() {",
            "    package init?(_ text: String) {", "    deinit {", "    subscript(i: Int) -> Int {", "    var x: Int {",
            "    func f(\n        a: Int\n    ) {",
        ]
    )
    func `A function may have 60 lines with its signature`(signature: String) {
        let extra = signature.split(separator: "\n").count - 1
        #expect(longFunctions(file(function(lines: 60 - extra, signature: signature))).isEmpty)
        #expect(longFunctions(file(function(lines: 61 - extra, signature: signature))).map(\.line) == [1])
    }

    @Test func `Functions without a body, and short ones in a long type, are left alone`() {
        let requirements = "protocol P {\n" + String(repeating: "    func f()\n", count: 100) + "}\n"
        #expect(longFunctions(file(requirements)).isEmpty)
        let type = "struct S {\n" + String(repeating: function(lines: 3), count: 40) + "}\n"
        #expect(longFunctions(file(type)).isEmpty)
        let text =
            "    func f() {\n        let text = \"\"\"\n    }\n" + String(repeating: "\n", count: 60)
            + "            \"\"\"\n    }\n"
        #expect(longFunctions(file(text)).map(\.line) == [1], "a brace in a string ends nothing")
    }

    @Test(
        arguments: [
            "let x = try! f()", "let x = y as! Int", "fatalError()", "// TO" + "DO: later", "/* FIX" + "ME */",
            "/// XX" + "X", "print(1)", "    if a { print(a) }", #"f("\(a["b"])"); print(1)"#,
        ]
    )
    func `A banned word is found`(line: String) {
        #expect(bannedWords(file(line)).count == 1)
    }

    @Test(
        arguments: [
            #"let x = "try! TO"# + #"DO print( as!""#, "// never try! or fatalError", "footprint(1)", "writer.print(1)",
            "let todo = 1", #"let s = #"a " print("#, "try f()", #"f("\(a["x print("])")"#, "x as? Int", "let xxx = 1",
        ]
    )
    func `What only looks like a banned word is left alone`(line: String) {
        #expect(bannedWords(file(line)).isEmpty)
    }

    @Test func `Only the program prints`() {
        #expect(bannedWords(file("print(1)", path: "Sources/bombyx/Main.swift")).isEmpty)
        #expect(bannedWords(file("print(1)", path: "Tests/JSONTests/A.swift")).count == 1)
    }

    @Test func `An unchecked promise is found, with what to do`() {
        let breaches = uncheckedSendable(file("\nfinal class A: @unchecked Sendable {}"))
        #expect(breaches.map(\.line) == [2])
        #expect(breaches.first?.rule.contains("uncheckedSendableFiles") == true)
        #expect(uncheckedSendable(file("// @unchecked Sendable")).isEmpty)
    }

    @Test func `Unsafe code is found in the pure targets only`() {
        for line in ["unsafe f()", "nonisolated(unsafe) var a = 1", "let p: UnsafePointer<Int>", "x.unsafelyUnwrapped"]
        {
            #expect(unsafeCode(file(line)).count == 1)
            #expect(unsafeCode(file(line, path: "Sources/JSON/A.swift")).isEmpty)
            #expect(unsafeCode(file(line, path: "Sources/Sockets/A.swift")).isEmpty)
            #expect(unsafeCode(file(line, path: "Tests/EngineTests/A.swift")).isEmpty)
        }
        #expect(unsafeCode(file("// unsafe\nlet a = \"unsafe\"")).isEmpty)
    }

    @Test(
        arguments: [
            ("Engine", "import Exchange", 0), ("Engine", "package import Ledger", 0), ("Engine", "import Glibc", 1),
            ("Engine", "import Foundation", 1), ("Engine", "internal import JSON", 1), ("Exchange", "import Engine", 1),
            ("Units", "import Synchronization", 1), ("JSON", "import Units", 1), ("TLS", "internal import COpenSSL", 0),
            ("HTTP2", "import COpenSSL", 1), ("Store", "import CPQ", 1), ("Marketplace", "import Foundation", 1),
            ("bombyx", "import Foundation", 0), ("bombyx", "import CLinux", 1), ("API", "import struct Store.Row", 1),
            ("Marketplace", "@preconcurrency import Logging", 0), ("Unknown", "import Glibc", 1),
            ("Engine", "// import Glibc", 0), ("Engine", "let a = important", 0),
        ]
    )
    func `An import follows the table of directions`(target: String, line: String, count: Int) {
        #expect(importsAgainstTheDirection(file(line, path: "Sources/\(target)/A.swift")).count == count)
    }

    @Test func `Tests reach C libraries through their targets`() {
        #expect(importsAgainstTheDirection(file("import CPQ", path: "Tests/PostgresTests/A.swift")).count == 1)
        #expect(importsAgainstTheDirection(file("import Foundation", path: "Tests/PostgresTests/A.swift")).isEmpty)
    }

    @Test func `Targets point only downwards in the table of directions`() {
        var above: Set<String> = []
        for arrow in arrows.reversed() {
            #expect(above.isDisjoint(with: arrow.imports), "\(arrow.target) imports what imports it")
            above.insert(arrow.target)
        }
    }

    @Test(
        arguments: [
            ("package struct A {}", 1), ("/// A.\npackage struct A {}", 0), ("// A.\npackage struct A {}", 1),
            ("    package mutating func f() {}", 1), ("    /// F.\n    @discardableResult\n    package func f() {}", 0),
            ("@inlinable package func f() {}", 1), ("    package private(set) var a = 1", 0),
            ("package import JSON", 0),
            ("package extension A {}", 0), ("    package init(a: Int) {}", 0), ("    package init?(_ a: Int) {}", 1),
            ("    package static func < (left: Self, right: Self) -> Bool {}", 0), ("struct A {}", 0),
            ("    package var description: String { a }", 0), ("let package = 1", 0), ("public enum A {}", 1),
        ]
    )
    func `What other targets see is documented`(text: String, count: Int) {
        #expect(undocumentedDeclarations(file(text)).count == count)
        #expect(undocumentedDeclarations(file(text, path: "Sources/Sockets/A.swift")).isEmpty)
    }

    @Test func `The root of the package is fixed`() {
        let entries = [
            ".git", "Sources", "README.md", ".build", ".b-tsan", "Package.resolved", "a.pyc", "notes", "Source",
        ]
        let ignored = [".build/", ".b-*/", "Package.resolved", "*.pyc"]
        #expect(unknownEntries(entries, ignored: ignored) == ["notes", "Source"])
    }

    @Test func `A script without its first lines is found`() {
        let good = "#!/usr/bin/env bash\n# Why.\nset -euo pipefail\n"
        #expect(scriptFaults(path: "a", text: good, isExecutable: true).isEmpty)
        #expect(scriptFaults(path: "a", text: good, isExecutable: false).count == 1)
        #expect(scriptFaults(path: "a", text: "#!/bin/sh\nset -e\n", isExecutable: true).count == 2)
    }

    @Test func `Code, strings and comments are told apart`() {
        let text = ##"let a = "x\"y" + #"z"w"# // c"## + "\nlet b = \"\"\"\n  \"q\" // r\n  \"\"\" /* d\n e */ + 1\n"
        let source = file(text)
        #expect(
            source.code.map { $0.split(separator: " ").joined(separator: " ") }
                == [##"let a = " " + #" "#"##, "let b = \"\"\"", "", "\"\"\"", "*/ + 1"]
        )
        #expect(source.prose[0].hasSuffix("// c") && source.prose[4] == " e */ + 1")
        #expect(source.lines.count == 5)
    }
}
