internal import ArgumentParser
internal import Attacks

/// `bombyx bench attacks`: what attackers cost the server, and those beside them.
struct BenchAttacks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attacks",
        abstract: "What floods, smugglers and slow clients cost the server and who is beside them.",
        discussion: """
            Every attack that HTTP/2 and HTTP/1.1 are known for, one after the other, in the clear and over TLS: each \
            for --seconds, on --connections connections that are opened anew whenever the server ends them. Then all \
            slow clients at once, --slow-connections of each kind and door, until the server has ended every one of \
            them. Beside all that two clients ask /healthz \(AttackRun.asksPerSecond) times a second, one in the \
            clear and one over TLS, and two others \(AttackRun.newcomersPerSecond) times, each time on a new \
            connection.

            The attackers take all of one processor. They have no key, as strangers have none.

            Exit codes: 0 when every question was answered, in each attack the 99th percentile of each client's times \
            stayed within --health-limit, memory grew by no more than \(AttackReport.growthMax >> 20) MiB since the \
            start, the descriptors were back to what they had been after each attack, and every slow client was cut \
            off within the server's own time for what it does and \(AttackReport.toleranceMilliseconds / 1_000) s; 1 \
            otherwise; 2 when it could not be measured; 64 for wrong arguments; 130 when it was interrupted.
            """
    )

    @Option(help: "Seconds of each flood at each door, 1 to 3,600.")
    var seconds = 3

    @Option(help: "Connections of a flood, 1 to 1,000.")
    var connections = 16

    @Option(help: "Connections of each kind of slow client at each door, 0 (none are tried) to 100.")
    var slowConnections = 8

    @Option(help: "Milliseconds that the 99th percentile of /healthz may take, 1 to 60,000.")
    var healthLimit = 100

    @Option(help: "Only the floods whose names have these words in them.")
    var only: String?

    @Flag(help: "Print the report in JSON.")
    var json = false

    /// Those that are tried.
    var floods: [Attack] {
        guard let only else { return Attack.floods }
        return Attack.floods.filter { $0.description.contains(only) }
    }

    func validate() throws {
        guard (1...3_600).contains(seconds) else { throw ValidationError("--seconds is 1 to 3600.") }
        guard (1...1_000).contains(connections) else { throw ValidationError("--connections is 1 to 1000.") }
        guard (0...100).contains(slowConnections) else { throw ValidationError("--slow-connections is 0 to 100.") }
        guard floods.count > 0 else {
            throw ValidationError("--only is a part of \(Attack.floods.map(\.description).joined(separator: "; ")).")
        }
        guard (1...60_000).contains(healthLimit) else { throw ValidationError("--health-limit is 1 to 60000.") }
    }

    func run() throws {
        try Bench.measure { server in try AttackRun(self, server).run() }
    }
}
