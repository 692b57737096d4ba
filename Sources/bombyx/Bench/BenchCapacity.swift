internal import ArgumentParser
internal import Units

/// `bombyx bench capacity`: how large a full book is.
struct BenchCapacity: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capacity",
        abstract: "Memory of the server with many resting orders, and the time of a restart from the tables.",
        discussion: """
            Places offers through the interface that differ in price and capability, waits until the tables show all, \
            and reads the memory of the server. Then the server is asked to stop, and started again; then it is \
            killed, and started again. A start is over when /readyz answers with 200.

            Exit codes: 0 when every order rests after each start; 1 when one does not; 2 when it could not be \
            measured; 64 for wrong arguments; 130 when it was interrupted.
            """
    )

    @Option(help: "Offers that rest at once, 1 to 10,000,000.")
    var orders = 100_000

    @Option(help: "Accounts that they belong to, 1 to 12; each has 256 capability classes.")
    var accounts = 8

    @Option(help: "Connections that they are sent over, 1 to 256.")
    var connections = 4

    @Option(help: "Offers under way at once on each connection, 1 to 128.")
    var inFlight = 128

    @Flag(help: "Print the report in JSON.")
    var json = false

    func validate() throws {
        guard (1...Int(Limits.openOrdersPerAccountMax)).contains(orders) else {
            throw ValidationError("--orders is 1 to \(Limits.openOrdersPerAccountMax).")
        }
        guard (1...CapacityOffers.accountsMax).contains(accounts) else {
            throw ValidationError("--accounts is 1 to \(CapacityOffers.accountsMax).")
        }
        guard (1...256).contains(connections) else { throw ValidationError("--connections is 1 to 256.") }
        guard (1...128).contains(inFlight) else { throw ValidationError("--in-flight is 1 to 128.") }
    }

    func run() throws {
        try Bench.measure { server in try CapacityRun(self, server).run() }
    }
}
