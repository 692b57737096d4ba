internal import ArgumentParser
internal import Demonstration
internal import Glibc
internal import Units

/// `bombyx demo`: real supply meets real demand.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch an exchange at work: real prices of providers, real requests of users.",
        discussion: """
            Starts a server of its own on free ports with an empty state folder, and is then a client over TLS and \
            HTTP/2 like any other. Each of 365 real listings becomes an offer, each request of a real trace a bid; \
            what the data does not say is assumed, printed, and can be set. Apps pay in on a local chain inside of the \
            server, and workers are paid there what they have earned. In the end every figure that the demo counted is \
            compared with what the server, its database and the chain say.

            Other data: --trace takes a CSV file with the columns ContextTokens and GeneratedTokens, such as the Azure \
            LLM inference traces; --data-dir a folder with offers.csv, models.csv and demand.csv.

            Exit codes: 0 when every invariant held; 1 when one did not; 2 when the demo could not run; 64 for wrong \
            arguments; 130 when it was interrupted. Whatever happens, the server is stopped and the folder removed.
            """
    )

    @Option(help: "At most so many bids; by default, one for each request of the trace.")
    var orders: Int?

    @Option(help: ArgumentHelp("A trace to take the requests from.", valueName: "file"))
    var trace: String?

    @Option(help: "What one toncoin costs in dollars.", transform: Self.rate)
    var tonUsd = ExchangeRate.roundDefault

    @Option(help: "Lots of each offer; by default, so many that all together are half again the demand.")
    var depth: Int64?

    @Option(help: "Decides all that is drawn at random: the same seed plans the same market.")
    var seed: UInt64 = 2023

    @Option(help: ArgumentHelp("Folder with offers.csv, models.csv and demand.csv.", valueName: "folder"))
    var dataDir: String?

    @Option(help: "Connections that bids are sent over, 1 to 256.")
    var connections = 4

    @Option(help: "Bids under way at once on each connection, 1 to 128.")
    var inFlight = 32

    @Flag(help: "300 bids over two connections: a few seconds in all.")
    var short = false

    @Flag(help: "Kill the server (SIGKILL) when half of the bids are acknowledged, start it again and go on.")
    var crash = false

    @Flag(help: "Keep the state folder and say how to look at it.")
    var keep = false

    @Flag(help: "Print the report in JSON.")
    var json = false

    func validate() throws {
        if let orders, orders < 1 { throw ValidationError("--orders is at least 1.") }
        if let depth, !(1...Limits.orderLotsMax).contains(depth) {
            throw ValidationError("--depth is 1 to \(Limits.orderLotsMax).")
        }
        guard (1...256).contains(connections) else { throw ValidationError("--connections is 1 to 256.") }
        guard (1...128).contains(inFlight) else { throw ValidationError("--in-flight is 1 to 128.") }
    }

    func run() throws {
        // Before any thread exists, so that all of them leave these signals to the one that waits for them.
        let signals = StopSignals()
        let outcome: Outcome
        do {
            outcome = try DemoRun(self, plan: plan(), signals: signals).run()
        } catch {
            complain("bombyx demo: \(error)")
            throw ExitCode(2)
        }
        if !outcome.isSound { throw ExitCode(1) }
    }

    private func plan() throws -> Plan {
        let files = MarketFiles(folder: dataDir)
        let settings = Plan.Settings(
            rate: tonUsd,
            depth: depth.map { Lots($0) },
            seed: seed,
            orders: short ? min(orders ?? 300, 300) : orders,
            fees: FeeRates(maker: BasisPoints(10), taker: BasisPoints(30))
        )
        return try Plan(market: files.market(), trace: files.trace(trace), settings: settings)
    }

    /// How bids are sent.
    var load: Outcome.Load {
        Outcome.Load(
            connections: short ? min(connections, 2) : connections,
            inFlight: short ? min(inFlight, 16) : inFlight
        )
    }

    private static func rate(_ text: String) throws -> ExchangeRate {
        guard let usd = USD(text), let rate = ExchangeRate(usd) else {
            throw ValidationError("--ton-usd is a price in dollars above 0 with at most nine decimals, as in 3.25.")
        }
        return rate
    }
}
