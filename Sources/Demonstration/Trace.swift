/// Requests that somebody really made: how much context each had and how much text it was answered with.
package struct Trace: Sendable {
    /// The file as the user named it.
    package let source: String
    package let requests: [Request]

    /// One request.
    package struct Request: Equatable, Sendable {
        /// Where it stands in the file, from 1.
        package let line: Int
        package let contextTokens: Int64
        package let generatedTokens: Int64
    }

    /// Reads a trace of the form of the Azure LLM inference traces: the columns `ContextTokens` and `GeneratedTokens`,
    /// others are ignored. Throws ``DemonstrationError`` with the line of the first fault.
    package init(_ table: CSVTable) throws(DemonstrationError) {
        let context = try table.column("ContextTokens")
        let generated = try table.column("GeneratedTokens")
        source = table.source
        var requests: [Request] = []
        requests.reserveCapacity(table.rows.count)
        for row in table.rows {
            requests.append(
                Request(
                    line: row.line,
                    contextTokens: try table.count(row, context),
                    generatedTokens: try table.count(row, generated)
                )
            )
        }
        self.requests = requests
    }
}
