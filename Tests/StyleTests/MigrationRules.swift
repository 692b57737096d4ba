/// A migration: the name of its folder, and its files with their texts.
struct MigrationFolder {
    let name: String
    let files: [String: String]
}

/// Faults in the names and files of all migrations: `NNNN-name`, numbered from 1 without gaps, `up.sql` and
/// `check.sql` and nothing else.
func layoutFaults(_ migrations: [MigrationFolder]) -> [String] {
    var faults: [String] = []
    for (index, migration) in migrations.sorted(by: { $0.name < $1.name }).enumerated() {
        let parts = migration.name.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let isNumber = parts[0].utf8.count == 4 && parts[0].utf8.allSatisfy { (0x30...0x39).contains($0) }
        let isNamed =
            parts.count == 2 && !parts[1].isEmpty && parts[1].allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }
        if !isNumber || !isNamed {
            faults.append("\(migration.name): a migration's folder is named NNNN-name, in small letters")
        } else if Int(parts[0]) != index + 1 {
            faults.append("\(migration.name): migrations are numbered from 1 without gaps; this is number \(index + 1)")
        }
        if Set(migration.files.keys) != ["up.sql", "check.sql"] {
            faults.append("\(migration.name): holds exactly up.sql and check.sql")
        }
    }
    return faults
}

/// Tables, views and columns of a migration that have no COMMENT ON. A check of the text, so that a missing comment
/// is found without a server; the migration's check finds what this cannot read.
func missingComments(_ sql: String) -> [String] {
    let statements = statements(of: sql)
    let comments = Set(statements.compactMap(comment))
    return statements.flatMap(commentable).filter { !comments.contains($0) }
}

/// The words of each statement: in small letters, parentheses and commas standing alone, without comments and strings.
private func statements(of sql: String) -> [[String]] {
    var plain = ""
    var isQuoted = false
    for line in sql.split(separator: "\n", omittingEmptySubsequences: false) {
        var previous: Character = " "
        for character in line {
            if character == "'" { isQuoted.toggle() }
            if isQuoted { continue }
            if previous == "-" && character == "-" {
                plain.removeLast()
                break
            }
            if "(),;".contains(character) {
                plain += " \(character) "
            } else if character != "\"" && character != "'" {
                plain.append(character)
            }
            previous = character
        }
        plain += "\n"
    }
    return plain.lowercased().split(separator: ";").map { statement in
        statement.split { $0.isWhitespace }.map(String.init)
    }
}

/// What a `COMMENT ON … IS` statement is about: `table x`, `column x.y`.
private func comment(_ words: [String]) -> String? {
    guard words.starts(with: ["comment", "on"]), let end = words.firstIndex(of: "is") else { return nil }
    return words[2..<end].filter { $0 != "materialized" }.joined(separator: " ")
}

/// What a statement makes that needs a comment, in the words that the comment has.
private func commentable(_ words: [String]) -> [String] {
    let noise: Set<String> = ["or", "replace", "unlogged", "materialized", "if", "not", "exists", "only"]
    let terse = words.prefix(10).filter { !noise.contains($0) } + words.dropFirst(10)
    if terse.starts(with: ["create", "view"]), terse.count > 2 { return ["view \(terse[2])"] }
    if terse.starts(with: ["alter", "table"]), let add = terse.firstIndex(of: "column"), terse[add - 1] == "add" {
        return add + 1 < terse.count ? ["column \(terse[2]).\(terse[add + 1])"] : []
    }
    guard terse.starts(with: ["create", "table"]), terse.count > 3, !terse.contains("partition") || terse[3] == "("
    else {
        return []
    }
    return ["table \(terse[2])"] + columns(terse).map { "column \(terse[2]).\($0)" }
}

/// The first word of each definition between the outermost parentheses, but for constraints.
private func columns(_ words: [String]) -> [String] {
    let constraints: Set<String> = ["constraint", "primary", "unique", "foreign", "check", "exclude", "like"]
    var columns: [String] = []
    var depth = 0
    var isFirst = false
    for word in words {
        if word == "(" {
            depth += 1
            isFirst = depth == 1
        } else if word == ")" {
            depth -= 1
            if depth == 0 { break }
        } else if depth == 1 && word == "," {
            isFirst = true
        } else if isFirst {
            isFirst = false
            if !constraints.contains(word) { columns.append(word) }
        }
    }
    return columns
}
