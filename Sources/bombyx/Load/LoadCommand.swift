internal import ArgumentParser
internal import Measurement

extension Scenario: ExpressibleByArgument {}
extension ArrivalSchedule.Spacing: ExpressibleByArgument {}

/// `bombyx load`: a server under load, and what it does with it.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put an exchange under load, verify it meanwhile, and report.",
        discussion: """
            Without --url and --state-dir it starts a server of its own on free ports with an empty state folder, and \
            leaves nothing behind. With --state-dir it takes the server that runs there, with --url any server; then \
            it needs the operator's key (--operator-key-file, BOMBYX_KEY_FILE, or the state folder's operator.key), \
            because it opens accounts, pays money in and raises limits. What it has changed stands in the report, and \
            stays: use it on exchanges that are for tests.

            Closed loop: --connections times --streams requests are under way at once. Open loop: --rate requests are \
            sent a second, whatever the answers do, and latency counts from when each should have been sent.

            Scenarios: mixed (orders that rest and trade, cancels, reads), resting (offers and bids that do not \
            trade), offers (offers only), half (half rests, half trades), cancel (each order is cancelled), readers \
            (books and orders), streams (half, beside readers of /v1/stream: --reader-connections times \
            --reader-streams of them follow the book, the trades and the ticker of one model each, check every number \
            and check sum, come back where they are sent away, and must have told every trade in the end).

            Meanwhile a sample of the acknowledged commands is asked back and sent again, and at the end sequence \
            numbers, balances and the database's invariants are compared. Ctrl-C ends the load and still reports.

            Exit codes: 0 when everything that was looked at holds; 1 when something does not, told in words; 2 when \
            the load could not be carried out; 64 for wrong arguments; 130 when it was interrupted and all held.
            """
    )

    @OptionGroup(title: "Server")
    var server: LoadServerOptions

    @OptionGroup(title: "Load")
    var load: LoadOptions

    @Option(help: "Accounts, 2 to 20,000; half of them sell and half buy.")
    var accounts = 1_000

    @Option(help: "Models, 1 to 1,000.")
    var models = 16

    @Option(help: "TON that is paid in for each account that buys, 1 to 1,000,000.")
    var deposit: Int64 = 100_000

    @Option(help: "One command of so many is asked back and sent again; 0 for none. At most 10,000 are.")
    var sample = 1_000

    @Flag(help: "Orders carry no client_order_id.")
    var noClientOrderIds = false

    @Option(help: "Seed of all that is random.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Write the report in JSON; - is the standard output.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Write latency.svg, throughput.svg and lag.svg into it.", valueName: "folder"))
    var plot: String?

    func validate() throws {
        guard (2...20_000).contains(accounts) else { throw ValidationError("--accounts is 2 to 20000.") }
        guard (1...1_000).contains(models) else { throw ValidationError("--models is 1 to 1000.") }
        guard (1...1_000_000).contains(deposit) else { throw ValidationError("--deposit is 1 to 1000000.") }
        guard (0...1_000_000_000).contains(sample) else { throw ValidationError("--sample is 0 to 1000000000.") }
    }

    func run() throws {
        // Before any thread exists, so that all of them leave these signals to the main thread.
        let signals = StopSignals()
        let outcome: LoadOutcome
        do {
            outcome = try LoadRun(self, signals).run()
        } catch {
            complain("bombyx load: \(error)")
            throw ExitCode(2)
        }
        if !outcome.isSound { throw ExitCode(1) }
        if outcome.isInterrupted { throw ExitCode(130) }
    }
}

/// Which server a load is for.
struct LoadServerOptions: ParsableArguments {
    @Option(help: "Address of the server, http:// or https://.")
    var url: String?

    @Option(help: "The state folder of a running server.")
    var stateDir: String?

    @Option(help: ArgumentHelp("Certificates (PEM) to trust; by default, those of the system.", valueName: "file"))
    var ca: String?

    @Flag(help: "Trust any certificate.")
    var insecure = false

    @Option(help: ArgumentHelp("File with the operator's key.", valueName: "file"))
    var operatorKeyFile: String?

    @Flag(help: "Over TLS, where the address does not say.")
    var tls = false

    @Option(help: ArgumentHelp("One more argument of the load's own server; may be repeated.", valueName: "argument"))
    var serve: [String] = []

    func validate() throws {
        guard url == nil || !tls else { throw ValidationError("--url says by itself whether TLS is used.") }
        guard serve.isEmpty || url == nil && stateDir == nil else {
            throw ValidationError("--serve is for the load's own server, not for one that runs.")
        }
        guard ca == nil || !insecure else { throw ValidationError("--ca and --insecure exclude each other.") }
        guard url != nil || ca == nil && !insecure else {
            throw ValidationError("--ca and --insecure are for a server that is named by --url.")
        }
    }
}

/// How much is asked of it.
struct LoadOptions: ParsableArguments {
    @Option(help: "What is asked for.")
    var scenario = Scenario.mixed

    @Option(help: "Connections, 1 to 20,000.")
    var connections = 32

    @Option(help: "Requests under way at once on each connection, 1 to 1,024.")
    var streams = 32

    @Option(help: "With the scenario streams: connections of their readers, 1 to 1,000.")
    var readerConnections = 8

    @Option(help: "With the scenario streams: streams on each of those, 1 to 100.")
    var readerStreams = 16

    @Option(help: "Threads of the generator, 1 to 64.")
    var threads = 1

    @Option(help: "Requests in all, 1 to 1,000,000,000; the load ends with the last.")
    var requests: Int?

    @Option(help: "Seconds, 1 to 86,400; 10 unless --requests is given.")
    var duration: Int?

    @Option(help: "Open loop: requests a second, 1 to 10,000,000.")
    var rate: Double?

    @Option(help: "Open loop: time between two requests.")
    var arrivals = ArrivalSchedule.Spacing.poisson

    @Option(help: "Seconds in which the load grows, 0 to 3,600; they do not count.")
    var ramp = 0

    func validate() throws {
        guard (1...20_000).contains(connections) else { throw ValidationError("--connections is 1 to 20000.") }
        guard (1...1_024).contains(streams) else { throw ValidationError("--streams is 1 to 1024.") }
        guard (1...64).contains(threads), threads <= connections else {
            throw ValidationError("--threads is 1 to 64, and at most --connections.")
        }
        guard (1...1_000).contains(readerConnections) else {
            throw ValidationError("--reader-connections is 1 to 1000.")
        }
        guard (1...100).contains(readerStreams) else { throw ValidationError("--reader-streams is 1 to 100.") }
        if let requests, !(1...1_000_000_000).contains(requests) {
            throw ValidationError("--requests is 1 to 1000000000.")
        }
        if let duration, !(1...86_400).contains(duration) { throw ValidationError("--duration is 1 to 86400.") }
        if let rate, !(1...10_000_000).contains(rate) { throw ValidationError("--rate is 1 to 10000000.") }
        guard (0...3_600).contains(ramp) else { throw ValidationError("--ramp is 0 to 3600.") }
    }

    var pace: LoadPlan.Pace { rate.map { .open(perSecond: $0, arrivals) } ?? .closed }

    /// In nanoseconds; `nil` where only requests are counted.
    var durationNanoseconds: UInt64? {
        (duration ?? (requests == nil ? 10 : nil)).map { UInt64($0) * 1_000_000_000 }
    }
}
