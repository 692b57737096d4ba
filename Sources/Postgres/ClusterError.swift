internal import Glibc

/// Why the private cluster cannot be run. Each case has a sentence that says what to do.
package enum ClusterError: Error, Equatable, Sendable {
    /// No PostgreSQL server of a version that we support is installed.
    case serverNotFound
    /// The folder's data belongs to another major version than any that is installed.
    case versionNotFound(major: Int, data: String)
    /// Another process holds the state folder. The id is 0 if it could not be read.
    case folderInUse(folder: String, pid: Int32)
    /// The data is there, but the user who must run the server cannot reach it any more.
    case unreachable(folder: String, user: String)
    /// The data belongs to another user than the one who would run the server.
    case foreignOwner(folder: String, user: String)
    /// The user has no name, which PostgreSQL insists on.
    case userHasNoName(uid: UInt32)
    /// A server that an earlier process left behind does not stop.
    case predecessorDoesNotStop(pid: Int32)
    /// `initdb` failed; the text is what it said.
    case initializationFailed(String)
    /// The server ended, or did not accept a connection in time; the text is the end of its log.
    case startFailed(String, log: String)
    /// The running server refused what we asked of it.
    case database(PostgresError)
    /// A system call failed.
    case system(call: String, path: String, errno: Int32)
}

extension ClusterError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .serverNotFound:
            "no PostgreSQL server \(ServerBinaries.majorMin) or newer was found in /usr/lib/postgresql, in PATH, "
                + "or by pg_config: install the Debian package postgresql, or set DATABASE_URL"
        case .versionNotFound(let major, let data):
            "\(data) was made by PostgreSQL \(major), which is not installed: "
                + "install the Debian package postgresql-\(major)"
        case .folderInUse(let folder, let pid):
            "another bombyx\(pid == 0 ? "" : " (process \(pid))") uses the folder \(folder): "
                + "stop it, or choose another folder with --state-dir"
        case .unreachable(let folder, let user):
            "the database is in \(folder), which the user \(user) can no longer reach: "
                + "give that user the right to search (x) every folder on the way"
        case .foreignOwner(let folder, let user):
            "\(folder) does not belong to the user \(user), who would run the database: "
                + "start bombyx as the user who started it first"
        case .userHasNoName(let uid): "the user id \(uid) has no name in the system, and PostgreSQL needs one"
        case .predecessorDoesNotStop(let pid):
            "the PostgreSQL server that an earlier bombyx left behind (process \(pid)) does not stop"
        case .initializationFailed(let output): "initdb failed: \(output)"
        case .startFailed(let reason, let log): "PostgreSQL did not start: \(reason). Its log ends:\n\(log)"
        case .database(let error): "the private PostgreSQL: \(error)"
        case .system(let call, let path, let number):
            "\(call) \(path): \(unsafe String(cString: strerror(number)))"
        }
    }
}
