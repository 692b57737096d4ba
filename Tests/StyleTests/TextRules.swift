/// Columns of a line, as an editor shows them.
let columnsMax = 120
/// Lines of a function with its signature: what fits on a screen.
let functionLinesMax = 60
/// Lines of a file.
let fileLinesMax = 400

/// Declared `Sendable` by promise instead of proof. Each file needs a reason in a comment beside it.
let uncheckedSendableFiles: Set<String> = [
    // A lock with a condition, which the library has not; the state is touched under it only.
    "Sources/Marketplace/Monitor.swift",
    // Gives a value of one thread to another, once.
    "Sources/Marketplace/Handover.swift",
    // A simulated world is all on one thread, whatever the product's types ask for.
    "Tests/SimulationTests/SimulatedProcess+Leadership.swift",
]

/// Targets that compute values without memory that the compiler does not check.
let targetsWithoutUnsafe: Set<String> = ["Units", "Exchange", "Ledger", "Engine", "API", "LocalChain", "Provenance"]

func longLines(_ file: SourceFile) -> [Breach] {
    file.lines.enumerated().compactMap { index, line in
        guard line.utf8.count > columnsMax, line.count > columnsMax else { return nil }
        return Breach(file, line: index, "the line has \(line.count) columns, more than \(columnsMax)")
    }
}

func longFile(_ file: SourceFile) -> [Breach] {
    guard file.lines.count > fileLinesMax else { return [] }
    return [Breach(file, line: fileLinesMax, "the file has \(file.lines.count) lines, more than \(fileLinesMax)")]
}

/// Functions by indentation, which the formatter guarantees: a body ends at the first closing brace that
/// stands as far left as its declaration.
func longFunctions(_ file: SourceFile) -> [Breach] {
    file.code.indices.compactMap { start in
        guard declaresFunction(file.code[start]), let end = endOfFunction(from: start, in: file.code) else {
            return nil
        }
        let length = end - start + 1
        guard length > functionLinesMax else { return nil }
        return Breach(file, line: start, "the function has \(length) lines, more than \(functionLinesMax)")
    }
}

private func declaresFunction(_ line: String) -> Bool {
    let tokens = line.split(separator: " ")
    if tokens.contains("func") || tokens.contains("deinit") { return true }
    if tokens.contains("var") && line.hasSuffix("{") { return true }
    return tokens.contains { token in
        ["init(", "init?(", "init<", "subscript(", "subscript<"].contains { token.hasPrefix($0) }
    } && !line.contains("=")
}

private func endOfFunction(from start: Int, in code: [String]) -> Int? {
    let margin = indentation(code[start])
    if isClosed(code[start]) { return start }
    for index in code.indices[(start + 1)...] {
        let line = code[index]
        if line.allSatisfy({ $0 == " " }) || indentation(line) > margin { continue }
        guard indentation(line) == margin else { return nil }
        if line.dropFirst(margin).hasPrefix("}") { return index }
        guard line.dropFirst(margin).hasPrefix(")") || line.dropFirst(margin).hasPrefix("where ") else { return nil }
        if isClosed(line) { return index }
    }
    return nil
}

/// A body that ends on the line where it begins.
private func isClosed(_ line: String) -> Bool {
    line.contains("{") && line.hasSuffix("}")
}

private func indentation(_ line: String) -> Int {
    line.prefix { $0 == " " }.count
}

/// Words that stop a program, hide a type error, put work off or write where nobody looks.
func bannedWords(_ file: SourceFile) -> [Breach] {
    var breaches: [Breach] = []
    for (index, line) in file.code.enumerated() {
        for phrase in ["try!", "as!", "fatalError"] where containsWord(phrase, in: line) {
            breaches.append(Breach(file, line: index, "`\(phrase)` stands here: handle the other case"))
        }
        if containsWord("print(", in: line) && file.target != "bombyx" {
            breaches.append(Breach(file, line: index, "`print` stands here: only the program writes"))
        }
    }
    for (index, line) in file.prose.enumerated() {
        for word in words(line) where ["TODO", "FIXME", "XXX"].contains(word) {
            breaches.append(Breach(file, line: index, "`\(word)` stands here: do it, or open an issue"))
        }
    }
    return breaches
}

/// Whether `phrase` stands in `line` other than as the end of a longer name or as somebody's member.
private func containsWord(_ phrase: String, in line: String) -> Bool {
    var rest = line[...]
    while let range = rest.firstRange(of: phrase) {
        let before = rest[..<range.lowerBound].last
        if !(before.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." } ?? false) { return true }
        rest = rest[range.upperBound...]
    }
    return false
}

func uncheckedSendable(_ file: SourceFile) -> [Breach] {
    guard !uncheckedSendableFiles.contains(file.path) else { return [] }
    return file.code.enumerated().compactMap { index, line in
        guard line.contains("@unchecked") else { return nil }
        return Breach(
            file,
            line: index,
            "`@unchecked Sendable` stands here: prove it, or add the file to `uncheckedSendableFiles` with a reason"
        )
    }
}

func unsafeCode(_ file: SourceFile) -> [Breach] {
    guard file.folder == "Sources", targetsWithoutUnsafe.contains(file.target) else { return [] }
    return file.code.enumerated().compactMap { index, line in
        guard words(line).contains(where: { $0.lowercased().hasPrefix("unsafe") }) else { return nil }
        return Breach(file, line: index, "`unsafe` stands in \(file.target), which computes values only")
    }
}
