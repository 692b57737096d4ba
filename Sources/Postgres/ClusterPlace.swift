internal import Glibc

/// Where a cluster lives: a folder of ours, in which only `data` and `socket` belong to the user who runs the server,
/// so that nothing that we write as root lies where that user could put a link.
package struct ClusterPlace: Equatable, Sendable {
    package let folder: String
    /// Where the socket lies: inside of ``folder``, unless the path would be too long.
    package let socketFolder: String
    /// A sentence for the person who started the program, when the place is not the one to expect.
    package let notice: String?

    var data: String { folder + "/data" }
    var configuration: String { folder + "/conf" }
    var startLog: String { folder + "/start.log" }
    /// Where PostgreSQL writes the number of its process, to be the only one.
    var lockFiles: [String] { [data + "/postmaster.pid", socketFolder + Self.socketName + ".lock"] }

    /// Tells this cluster's processes from all others: they carry it in their command lines.
    var clusterName: String { "bombyx-" + Files.digest(folder) }

    /// Bytes of a socket's path: `sun_path` has 108, one of which is the zero at the end (unix(7)).
    static let socketPathBytesMax = 107

    /// What libpq and the server add to the folder.
    static let socketName = "/.s.PGSQL.5432"

    /// Folders that stand in for the state folder.
    package struct Alternatives: Sendable {
        /// For the data, when the server's user cannot reach the state folder.
        package var data = "/var/lib/bombyx"
        /// For the socket, when its path would be too long.
        package var socket: String

        /// `/run/bombyx` for root; for others what the session gives them, or `/tmp`.
        package init() {
            let session = unsafe getenv("XDG_RUNTIME_DIR").map { unsafe String(cString: $0) } ?? ""
            socket = geteuid() == 0 ? "/run/bombyx" : session.hasPrefix("/") ? session : "/tmp"
        }
    }

    /// Chooses the place for the state folder `state` (absolute, resolved) and a server run by `owner`.
    ///
    /// A place that has data is kept: a folder whose rights changed must not turn into an empty exchange elsewhere.
    static func choose(
        state: String,
        owner: SystemUser,
        _ alternatives: Alternatives
    ) throws(ClusterError) -> ClusterPlace {
        let usual = state + "/postgres"
        let other = alternatives.data + "/" + Files.digest(state)
        let blocking = Files.chain(to: state).first { Files.status($0)?.isSearchable(by: owner) != true }
        let folder: String
        if Files.exists(usual + "/data") {
            if let blocking { throw .unreachable(folder: blocking, user: owner.name) }
            folder = usual
        } else {
            folder = blocking == nil && !Files.exists(other + "/data") ? usual : other
        }

        var sentences: [String] = []
        if folder == other {
            let reason = blocking.map { "the user \(owner.name), who runs it, cannot reach \($0)" } ?? "it began there"
            sentences.append("The database lives in \(other), because \(reason).")
        }
        var socketFolder = folder + "/socket"
        if !suits(socketFolder) {
            socketFolder = alternatives.socket + "/bombyx-" + Files.digest(folder)
            sentences.append(
                "Its socket lies in \(socketFolder), because the path of the usual one is too long for it."
            )
        }
        let notice = sentences.isEmpty ? nil : sentences.joined(separator: " ")
        return ClusterPlace(folder: folder, socketFolder: socketFolder, notice: notice)
    }

    /// Whether a socket can lie there: short enough, and no comma, at which libpq and the server cut lists.
    static func suits(_ folder: String) -> Bool {
        folder.utf8.count + socketName.utf8.count <= socketPathBytesMax && !folder.contains(",")
    }

    /// Makes what is missing. Only `data` is left to `initdb`.
    func make(owner: SystemUser, startedBy user: SystemUser) throws(ClusterError) {
        let parent = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        if !Files.exists(parent) { try Files.makeFolder(parent, mode: 0o755) }
        try Files.makeFolder(folder, mode: user.isRoot ? 0o711 : 0o700)
        try Files.makeFolder(configuration, mode: user.isRoot ? 0o755 : 0o700)

        let socketParent = String(socketFolder[..<(socketFolder.lastIndex(of: "/") ?? socketFolder.startIndex)])
        if !Files.exists(socketParent) { try Files.makeFolder(socketParent, mode: 0o755) }
        try Files.makeFolder(socketFolder, mode: 0o700, owner: user.isRoot ? owner : nil)
        // Below /tmp somebody else may have been first.
        guard let status = Files.status(socketFolder), status.uid == owner.uid, status.mode & 0o077 == 0 else {
            throw .foreignOwner(folder: socketFolder, user: owner.name)
        }
        if let status = Files.status(data), status.uid != owner.uid {
            throw .foreignOwner(folder: data, user: owner.name)
        }
    }
}
