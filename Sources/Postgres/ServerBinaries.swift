internal import Glibc

/// An installed PostgreSQL server.
package struct ServerBinaries: Equatable, Sendable {
    /// The folder of `postgres` and `initdb`.
    package let folder: String
    package let major: Int

    /// The oldest major version that bombyx runs on.
    package static let majorMin = 15

    /// The best of what is installed: the newest, or the one of `major`, because data belongs to one major version.
    /// Looks into Debian's folders, then into PATH, then asks `pg_config`.
    package static func find(major: Int? = nil) throws(ClusterError) -> ServerBinaries? {
        if let found = best(of: inDebianFolders(), major: major) { return found }
        var others: [ServerBinaries] = []
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        for folder in path.split(separator: ":") {
            if let binaries = try ask(String(folder)) { others.append(binaries) }
        }
        for folder in path.split(separator: ":") where Files.isExecutable("\(folder)/pg_config") {
            let answer = try run("\(folder)/pg_config", "--bindir").split(separator: "\n").first ?? ""
            if let binaries = try ask(String(answer)) { others.append(binaries) }
        }
        return best(of: others, major: major)
    }

    /// The newest that is new enough and, if `major` is given, of that version.
    static func best(of candidates: [ServerBinaries], major: Int?) -> ServerBinaries? {
        candidates.filter { $0.major >= majorMin && (major == nil || $0.major == major) }.max { $0.major < $1.major }
    }

    /// The major version in what `postgres --version` prints: `postgres (PostgreSQL) 15.18 (Debian …)`.
    static func major(in versionLine: String) -> Int? {
        guard let mark = versionLine.firstRange(of: "(PostgreSQL) ") else { return nil }
        return Int(versionLine[mark.upperBound...].prefix { $0.isASCII && $0.isNumber })
    }

    private static func inDebianFolders() -> [ServerBinaries] {
        Files.names(in: "/usr/lib/postgresql").compactMap { name in
            let folder = "/usr/lib/postgresql/\(name)/bin"
            guard let major = Int(name), isComplete(folder) else { return nil }
            return ServerBinaries(folder: folder, major: major)
        }
    }

    private static func isComplete(_ folder: String) -> Bool {
        Files.isExecutable(folder + "/postgres") && Files.isExecutable(folder + "/initdb")
    }

    private static func ask(_ folder: String) throws(ClusterError) -> ServerBinaries? {
        guard folder.hasPrefix("/"), isComplete(folder) else { return nil }
        guard let major = major(in: try run(folder + "/postgres", "--version")) else { return nil }
        return ServerBinaries(folder: folder, major: major)
    }

    private static func run(_ path: String, _ argument: String) throws(ClusterError) -> String {
        let command = ChildProcess.Command(path: path, arguments: [argument], user: nil, deathSignal: SIGKILL)
        return try ChildProcess.run(command, deadline: .seconds(5)).output
    }
}
