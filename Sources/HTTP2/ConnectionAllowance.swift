/// How many connections a server takes: the one rule that joins what the operator wants, what the process may open, and
/// what one address may have.
package struct ConnectionAllowance: Hashable, Sendable {
    /// Connections of all loops (``ServerLimits/connectionsMax``).
    package let total: Int
    /// Connections of one address (``ServerLimits/connectionsPerAddressMax``): half of all by default.
    package let perAddress: Int

    /// What is allowed where the process has `places` descriptors for clients. Without a wish it is the default of
    /// ``ServerLimits``, or as many as there are places; `nil` if more are wished than there are places, or none.
    package init?(total wished: Int?, perAddress: Int?, places: Int) {
        if let wished, !(1...max(1, places)).contains(wished) { return nil }
        total = wished ?? max(1, min(ServerLimits().connectionsMax, places))
        self.perAddress = min(total, max(1, perAddress ?? total / 2))
    }
}
