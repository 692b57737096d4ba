/// The contents of the cluster's configuration files and the connection strings that go with them. Pure.
struct ClusterConfiguration: Equatable {
    let place: ClusterPlace
    /// Who runs the server.
    let owner: SystemUser
    /// Who started the program.
    let user: SystemUser

    /// `pg_hba.conf`: whoever comes through the socket is who the kernel says, and nobody comes otherwise.
    var authentication: String {
        """
        # Written by bombyx at each start.
        # The kernel says who is at the other end of the socket; pg_ident.conf says whom that user may become.
        local all \(ClusterRole.allCases.map(\.rawValue).joined(separator: ",")) peer map=bombyx

        """
    }

    /// `pg_ident.conf`: the user who started the program, and the one who runs the server, may become any role.
    var identities: String {
        let names = user == owner ? [user.name] : [user.name, owner.name]
        let lines = names.flatMap { name in ClusterRole.allCases.map { "bombyx \(Self.quoted(name)) \($0.rawValue)" } }
        return "# Written by bombyx at each start: map, user of the system, role.\n"
            + lines.joined(separator: "\n") + "\n"
    }

    /// What the server is started with, beside the commented `postgresql.conf`: what depends on the place.
    var arguments: [String] {
        let settings = [
            "config_file=\(place.configuration)/postgresql.conf",
            "hba_file=\(place.configuration)/pg_hba.conf",
            "ident_file=\(place.configuration)/pg_ident.conf",
            "unix_socket_directories=\(Self.quoted(place.socketFolder))",
        ]
        // The name first: it must be found in a command line that is read only so far.
        return ["-c", "cluster_name=\(place.clusterName)", "-D", place.data] + settings.flatMap { ["-c", $0] }
    }

    /// A connection string for libpq. It insists that the server runs as `owner`, so that nobody can pose as it.
    func connectionString(_ role: ClusterRole, database: String) -> String {
        let host = Self.libpqQuoted(place.socketFolder)
        return "host=\(host) port=5432 user=\(role.rawValue) dbname=\(Self.libpqQuoted(database)) "
            + "requirepeer=\(Self.libpqQuoted(owner.name))"
    }

    /// In double quotes, as `pg_ident.conf` and lists of folders want it.
    static func quoted(_ text: String) -> String {
        "\"" + text.replacingAll("\"", with: "\"\"") + "\""
    }

    /// In single quotes, as libpq's connection strings want it.
    static func libpqQuoted(_ text: String) -> String {
        "'" + text.replacingAll("\\", with: "\\\\").replacingAll("'", with: "\\'") + "'"
    }
}

/// The roles of a cluster's database.
package enum ClusterRole: String, CaseIterable, Sendable {
    /// The superuser, for migrations and nothing else.
    case owner = "bombyx"
    /// What the running server connects as.
    case server = "bombyx_server"
    /// Reads everything, changes nothing.
    case auditor = "bombyx_auditor"
}
