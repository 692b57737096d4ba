/// Which modules a target may import: the whole direction of the package in one table.
let arrows: [(target: String, imports: [String])] = [
    ("Units", []),
    ("Exchange", ["Units"]),
    ("Ledger", ["Units"]),
    ("Settlement", ["Units"]),
    ("Cryptography", ["Units", "CSodium", "COpenSSL"]),
    ("JSON", []),
    ("Provenance", ["Units", "Cryptography", "JSON"]),
    ("Engine", ["Units", "Exchange", "Ledger", "Cryptography", "Provenance", "Settlement"]),
    ("TON", ["Cryptography"]),
    ("SettlementAgent", ["Units", "Engine", "Settlement", "TON", "Cryptography", "Provenance"]),
    ("Toncenter", ["TON", "JSON", "Cryptography", "CCurl"] + system),
    ("LocalChain", ["Units", "Cryptography", "TON", "Settlement"]),
    ("SettlementAgent", ["Units", "Engine", "Settlement", "TON", "Cryptography", "Provenance"]),
    ("Vectors", ["Units", "Exchange", "Ledger", "Engine", "JSON"]),
    ("Demonstration", ["Units", "Exchange", "JSON"]),
    ("Measurement", ["JSON", "Demonstration", "Histogram"]),
    ("Attacks", []),
    ("Texts", ["CTexts"]),
    (
        "API",
        [
            "Texts", "Units", "JSON", "Exchange", "Ledger", "Engine", "Cryptography", "Provenance", "Settlement", "TON",
        ]
    ),
    ("Sockets", ["CLinux"] + system),
    ("Log", ["JSON", "Sockets"] + system),
    ("TLS", ["Sockets", "COpenSSL"] + system),
    ("HTTP2", ["Sockets", "TLS", "CNghttp2"] + system),
    ("ChainServer", ["LocalChain", "TON", "JSON", "Cryptography", "HTTP2", "Sockets"]),
    ("Postgres", ["CPQ", "CLinux"] + system),
    (
        "Store",
        ["Texts", "Units", "Exchange", "Ledger", "Engine", "Postgres", "Cryptography", "Provenance", "Settlement"]
            + system
    ),
    ("Marketplace", libraries + ["Logging", "TON", "Settlement", "SettlementAgent"] + system),
    (
        "bombyx",
        libraries + [
            "Marketplace", "Vectors", "Demonstration", "Measurement", "ArgumentParser", "Logging", "Foundation",
            "LocalChain", "ChainServer", "TON", "Toncenter", "Settlement", "SettlementAgent", "Attacks",
        ]
            + system
    ),
]

/// What the operating system gives. The pure targets do without it: no clock, no file, no lock.
private let system = ["Glibc", "Synchronization"]

/// What `Marketplace` joins. No C module is among them: each has its own door.
private let libraries = [
    "Units", "Exchange", "Ledger", "Engine", "Cryptography", "Provenance", "JSON", "Sockets", "TLS", "HTTP2",
    "Postgres", "Store", "API", "Log",
]

/// The doors to C libraries. Tests go through the targets that own them.
private let doors: Set<String> = ["CCurl", "CLinux", "CNghttp2", "CPQ", "COpenSSL", "CSodium", "CTexts"]

func importsAgainstTheDirection(_ file: SourceFile) -> [Breach] {
    file.code.enumerated().compactMap { index, line in
        guard let module = importedModule(line) else { return nil }
        if file.folder == "Tests" {
            return doors.contains(module) ? Breach(file, line: index, "a test imports the C module \(module)") : nil
        }
        guard let arrow = arrows.first(where: { $0.target == file.target }) else {
            return Breach(file, line: index, "\(file.target) has no line in the table `arrows`")
        }
        guard !arrow.imports.contains(module) else { return nil }
        return Breach(file, line: index, "\(file.target) must not import \(module)")
    }
}

/// The module that a line imports: `package import JSON`, `import struct Foundation.Data`.
func importedModule(_ line: String) -> String? {
    let tokens = line.split(separator: " ")
    guard let keyword = tokens.firstIndex(of: "import"), keyword + 1 < tokens.count else { return nil }
    let modifiers = ["package", "public", "internal", "fileprivate", "private", "@testable", "@preconcurrency"]
    guard tokens[..<keyword].allSatisfy({ modifiers.contains(String($0)) }) else { return nil }
    let kinds = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
    let name = kinds.contains(String(tokens[keyword + 1])) ? tokens.last : tokens[keyword + 1]
    return name?.split(separator: ".").first.map(String.init)
}
