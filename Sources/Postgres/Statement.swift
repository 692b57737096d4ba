/// One SQL statement with `$1` … for its parameters.
package struct Statement: Hashable, Sendable {
    /// The name under which a session keeps it prepared; empty for a statement that is planned each time.
    package let name: String
    package let sql: String

    /// A statement that runs once, or seldom.
    package init(_ sql: String) {
        self.name = ""
        self.sql = sql
    }

    /// A statement that each connection prepares when it first runs it. The name is unique in the program; the
    /// parameters have the same types each time.
    package init(prepared name: String, _ sql: String) {
        precondition(!name.isEmpty, "a prepared statement has a name")
        self.name = name
        self.sql = sql
    }
}
