/// Targets whose declarations are read by people who did not write them.
let documentedTargets: Set<String> = [
    "Units", "Exchange", "Ledger", "Engine", "API", "JSON", "LocalChain", "ChainServer",
    "Provenance", "Toncenter", "SettlementAgent",
]

/// Every type and function that other targets see says what it is, in a comment of three slashes before it.
/// A field may do without where its name, its type and the documentation of what it belongs to say all.
func undocumentedDeclarations(_ file: SourceFile) -> [Breach] {
    guard file.folder == "Sources", documentedTargets.contains(file.target) else { return [] }
    return file.code.indices.compactMap { index in
        guard let name = declaredName(file.code[index]), !explainsItself(name) else { return nil }
        guard !hasDocumentation(before: index, in: file) else { return nil }
        return Breach(file, line: index, "`\(name)` is seen by other targets and has no doc comment")
    }
}

/// What a `package` or `public` line declares: `func apply`, `struct Order`. Imports and extensions declare nothing.
private func declaredName(_ line: String) -> String? {
    let tokens = line.split(separator: " ").drop { $0.hasPrefix("@") || $0 == "nonisolated" }
    guard let access = tokens.first, ["package", "public"].contains(access) || access.hasPrefix("package(set)") else {
        return nil
    }
    let modifiers = [
        "static", "mutating", "consuming", "borrowing", "nonmutating", "indirect", "final", "override", "private(set)",
        "internal(set)", "lazy", "unsafe", "nonisolated", "required", "convenience", "internal",
    ]
    let rest = tokens.dropFirst().drop { modifiers.contains(String($0)) }
    guard let kind = rest.first, kind != "import", kind != "extension" else { return nil }
    if ["init", "subscript"].contains(where: kind.hasPrefix) { return rest.joined(separator: " ") }
    return rest.prefix(2).joined(separator: " ")
}

/// Fields, subscripts, operators, initializers that take the fields, and what the standard library asks for.
private func explainsItself(_ name: String) -> Bool {
    if let symbol = name.split(separator: " ").dropFirst().first?.first, name.hasPrefix("func "), !symbol.isLetter {
        return symbol != "`"
    }
    return ["let ", "var ", "subscript(", "init(", "init?(rawValue", "func hash(into"].contains { name.hasPrefix($0) }
}

private func hasDocumentation(before index: Int, in file: SourceFile) -> Bool {
    var above = index - 1
    // Attributes may stand between the comment and the declaration, on lines of their own.
    while above >= 0, file.code[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
    return above >= 0 && file.lines[above].drop(while: { $0 == " " }).hasPrefix("///")
}
