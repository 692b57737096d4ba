internal import CPQ

/// A connection string in the form in which another program that uses libpq takes it without showing it: in the
/// environment, which only its own user may read, and not among the arguments, which everybody may.
package struct ClientEnvironment: Equatable, Sendable {
    /// A variable such as `PGPASSWORD`.
    package struct Variable: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    package let variables: [Variable]
    /// What libpq has no variable for, as keyword=value pairs; nothing of it is secret.
    package let openSettings: String

    /// Throws ``PostgresError/connectionFailed(_:)`` when libpq does not understand the string.
    package init(_ connectionString: String) throws(PostgresError) {
        let text = try ConnectionString(connectionString).text
        var variables: [Variable] = []
        var settings: [String] = []
        guard let options = unsafe PQconninfoParse(text, nil) else {
            throw .connectionFailed("the connection string is not understood")
        }
        defer { unsafe PQconninfoFree(options) }
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            let name = unsafe String(cString: keyword)
            if let value = unsafe option.pointee.val.map({ unsafe String(cString: $0) }) {
                if let variable = unsafe option.pointee.envvar {
                    variables.append(Variable(name: unsafe String(cString: variable), value: value))
                } else if name != "sslpassword" {
                    // The password of a client key has no variable either: the other program asks for it.
                    settings.append(name + "=" + ClusterConfiguration.libpqQuoted(value))
                }
            }
            unsafe option += 1
        }
        self.variables = variables
        openSettings = settings.joined(separator: " ")
    }
}
