package import Postgres

/// One rule that money, orders and journal obey, as the database finds it.
package struct Invariant: Hashable, Sendable {
    /// A sentence.
    package let name: String
    /// Rows that break it: 0 when all is well.
    package let violations: Int64

    /// Runs every rule of the view `ledger.invariants`, in order. Reads all tables; no writer waits for it.
    ///
    /// `connection` may take long to answer: set its `statementDeadline` to what a full reading needs.
    package static func check(_ connection: Connection) throws(StoreError) -> [Invariant] {
        try stored { () throws(PostgresError) in
            var results: [Invariant] = []
            for row in try connection.execute("SELECT name, violations FROM ledger.invariants") {
                results.append(Invariant(name: try row.text(0), violations: try row.int8(1)))
            }
            return results
        }
    }
}
