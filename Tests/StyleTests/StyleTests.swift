import Testing

/// The rules, applied to this package. `RuleTests` shows that each of them can fail.
@Suite struct StyleTests {
    let tree = PackageTree()
    /// Read once for all rules.
    private static let swiftFiles = Result { try PackageTree().swiftFiles() }

    private func expectNone(
        _ breaches: [some CustomStringConvertible],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for breach in breaches { Issue.record(Comment(rawValue: breach.description), sourceLocation: sourceLocation) }
    }

    @Test(
        arguments: [
            ("columns", longLines), ("lines of a file", longFile), ("lines of a function", longFunctions),
            ("words", bannedWords), ("unchecked Sendable", uncheckedSendable), ("unsafe code", unsafeCode),
            ("imports", importsAgainstTheDirection), ("documentation", undocumentedDeclarations),
        ] as [(String, @Sendable (SourceFile) -> [Breach])]
    )
    func `Every Swift file keeps the rule of`(name: String, rule: @Sendable (SourceFile) -> [Breach]) throws {
        let files = try Self.swiftFiles.get()
        #expect(files.contains { $0.path == "Tests/StyleTests/StyleTests.swift" }, "the files are found")
        expectNone(files.flatMap(rule))
    }

    @Test func `Files that may say unchecked Sendable exist and need it`() throws {
        let needed = try Self.swiftFiles.get().filter { file in file.code.contains { $0.contains("@unchecked") } }
        expectNone(uncheckedSendableFiles.subtracting(needed.map(\.path)).sorted())
    }

    @Test func `The root of the package holds what it must and nothing else`() throws {
        let ignored = try tree.text(".gitignore").split(separator: "\n").map(String.init)
        expectNone(unknownEntries(try tree.entries(), ignored: ignored))
    }

    @Test func `Shell scripts stop at the first error`() throws {
        let scripts = try tree.files(under: ["Deploy", ".ci"]).filter { try tree.text($0).hasPrefix("#!") }
        expectNone(
            try scripts.flatMap { path in
                scriptFaults(path: path, text: try tree.text(path), isExecutable: tree.isExecutable(path))
            }
        )
        #expect(scripts.contains("Deploy/run") && scripts.contains("Deploy/test") && scripts.contains(".ci/run"))
    }

    @Test func `Migrations are numbered, complete and commented`() throws {
        let migrations = try tree.entries(of: "Migrations").map { name in
            let files = try tree.entries(of: "Migrations/\(name)").map { file in
                (file, try tree.text("Migrations/\(name)/\(file)"))
            }
            return MigrationFolder(name: name, files: Dictionary(uniqueKeysWithValues: files))
        }
        expectNone(layoutFaults(migrations))
        for migration in migrations {
            let missing = missingComments(migration.files["up.sql"] ?? "")
            expectNone(missing.map { "Migrations/\(migration.name)/up.sql: COMMENT ON \($0) is missing" })
        }
    }
}
