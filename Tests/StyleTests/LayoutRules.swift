import Foundation

/// What may lie in the root of the package. A new folder is a decision, not an accident.
let rootEntries: Set<String> = [
    "Package.swift", "README.md", "openapi.yaml", "Sources", "Tests", "Migrations", "Deploy", ".swift-format",
    ".gitignore", ".ci",
]

/// Entries of the root that are neither known nor named by `.gitignore`.
func unknownEntries(_ entries: [String], ignored: [String]) -> [String] {
    entries.filter { entry in
        entry != ".git" && !rootEntries.contains(entry) && !ignored.contains { matches(entry, pattern: $0) }
    }
}

/// The part of `.gitignore`'s language that ours uses: a name, or a name with one star, with a slash behind or not.
private func matches(_ entry: String, pattern: String) -> Bool {
    let name = pattern.hasSuffix("/") ? String(pattern.dropLast()) : pattern
    guard let star = name.firstIndex(of: "*") else { return entry == name }
    return entry.hasPrefix(name[..<star]) && entry.hasSuffix(name[name.index(after: star)...])
}

/// A shell script stops at the first error, also in a pipe and at a name without a value.
func scriptFaults(path: String, text: String, isExecutable: Bool) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var faults: [String] = []
    if lines.first != "#!/usr/bin/env bash" { faults.append("\(path): does not begin with #!/usr/bin/env bash") }
    if !lines.contains("set -euo pipefail") { faults.append("\(path): does not say set -euo pipefail") }
    if !isExecutable { faults.append("\(path): is not executable") }
    return faults
}

/// The package that holds this file.
struct PackageTree: Sendable {
    let root: URL

    init() {
        root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// Every Swift file under `Sources` and `Tests`.
    func swiftFiles() throws -> [SourceFile] {
        try files(under: ["Sources", "Tests"]).filter { $0.hasSuffix(".swift") }.map { path in
            SourceFile(path: path, text: try text(path))
        }
    }

    /// Paths from the root of the files below `folders`; a folder that is missing has none. Links are not followed.
    func files(under folders: [String]) throws -> [String] {
        let paths = folders.flatMap { folder in
            (FileManager.default.enumerator(atPath: root.appending(path: folder).path)?.compactMap { $0 as? String }
                ?? [])
                .map { "\(folder)/\($0)" }
        }
        return try paths.filter { path in
            try root.appending(path: path).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
        }.sorted()
    }

    func entries(of folder: String = "") throws -> [String] {
        let path = root.appending(path: folder).path
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appending(path: path).path)
    }
}
