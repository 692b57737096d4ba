internal import ArgumentParser
internal import Foundation
internal import Log
internal import Marketplace
internal import Sockets
internal import Units

/// `bombyx serve`: the exchange itself.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the exchange.",
        discussion: """
            Without DATABASE_URL in the environment it keeps a private PostgreSQL cluster in the state folder and \
            starts and stops it with the server. With DATABASE_URL (any libpq connection string, several hosts \
            included) it uses that server, whose migrations `bombyx migrate` carries out.

            Of several servers on one database one leads; the others follow it, answer history from the tables, and \
            send their clients to it. One of them takes over when it dies.

            SIGTERM and SIGINT finish what was accepted and stop; SIGHUP reads the TLS certificate again.
            Exit codes: 0 after a stop, 1 when the exchange cannot run, 64 for wrong arguments.
            """
    )

    @Option(help: "Folder of the exchange's state: cluster, certificate, operator key.")
    var stateDir = ".bombyx"

    @Option(help: "Address for HTTP/1.1 and HTTP/2 without TLS; port 0 takes a free one; 'off' for none.")
    var listen = "127.0.0.1:8080"

    @Option(help: "Address for HTTP/1.1 and HTTP/2 over TLS; port 0 takes a free one; 'off' for none.")
    var tlsListen = "127.0.0.1:8443"

    @Option(
        help: "URL at which clients reach this server, told by the servers that follow it; by default an address above."
    )
    var advertise: String?

    @Option(help: "Certificate chain (PEM). Without it a self-signed one is made and kept in the state folder.")
    var tlsCert: String?

    @Option(help: "Key of the certificate (PEM).")
    var tlsKey: String?

    @Option(help: "Threads of the network; by default one for each processor.")
    var ioThreads: Int?

    @Option(help: "Requests that a client may have under way on one connection.")
    var streams: UInt32 = 128

    @Option(help: "Connections of all clients; by default 19000, or as many as the limit of open files allows.")
    var connections: Int?

    @Option(help: "Connections of one IPv4 address or one IPv6 network of 64 bits; by default half of all.")
    var connectionsPerAddress: Int?

    @Option(help: "Streams of events that may be open (GET /v1/stream).")
    var eventStreams = Limits.streamsDefault

    @Option(help: "Streams of events of one API key.")
    var eventStreamsPerKey = Limits.streamsPerKeyDefault

    @Option(help: "Seconds after which a stream with nothing to say gets a heartbeat.")
    var streamHeartbeat = Int(Limits.streamHeartbeatMilliseconds / 1_000)
    @Option(help: "Requests a second of each key, and of each address without one; off for no limit.")
    var rateLimit = "1000"

    @OptionGroup(title: "Logins") var logins: LoginOptions

    @OptionGroup(title: "Settlement") var settlement: SettlementOptions

    @Option(help: "How events are written to the standard error, one a line: text for people, json for programs.")
    var logFormat = EventLog.Format.text

    @Option(help: "The least that is logged: debug (also requests that a client got wrong), info, warning, error.")
    var logLevel = LogEvent.Level.info

    @Option(help: "Folder with swagger-ui for /docs; by default 'data' beside the program or up to two folders above.")
    var dataDir: String?

    @Option(help: "Seconds that a stop may take for the requests under way.")
    var drainTimeout: Int = 10

    /// For tests: the interval that is meant takes hours.
    @Option(help: .hidden)
    var checkpointBatches = Limits.checkpointBatches

    /// For tests: commands that may wait for the engine before orders are refused, of which there are else very many.
    @Option(help: .hidden)
    var waitingMax: Int?

    func validate() throws {
        guard checkpointBatches > 0 else { throw ValidationError("--checkpoint-batches is 1 or more.") }
        if let waitingMax, !(1...65_536).contains(waitingMax) {
            throw ValidationError("--waiting-max is 1 to 65536.")
        }
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together.")
        }
        guard listen != "off" || tlsListen != "off" else {
            throw ValidationError("--listen and --tls-listen cannot both be off.")
        }
        guard (0...3_600).contains(drainTimeout) else { throw ValidationError("--drain-timeout is 0 to 3600.") }
        if let ioThreads, !(1...256).contains(ioThreads) { throw ValidationError("--io-threads is 1 to 256.") }
        guard (1...65_535).contains(streams) else { throw ValidationError("--streams is 1 to 65535.") }
        if let connections, !(1...1_000_000).contains(connections) {
            throw ValidationError("--connections is 1 to 1000000.")
        }
        if let connectionsPerAddress, !(1...(connections ?? 1_000_000)).contains(connectionsPerAddress) {
            throw ValidationError("--connections-per-address is 1 to the number of --connections.")
        }
        guard (0...Limits.streamsMax).contains(eventStreams), (0...Limits.streamsMax).contains(eventStreamsPerKey)
        else {
            throw ValidationError("--event-streams and --event-streams-per-key are 0 to \(Limits.streamsMax).")
        }
        guard (1...300).contains(streamHeartbeat) else { throw ValidationError("--stream-heartbeat is 1 to 300.") }
        // What wallets show as an address of mainnet gets real money sent.
        guard !settlement.isLocal || logins.loginNetwork == .testnet else {
            throw ValidationError("--chain local needs --network testnet.")
        }
        guard rateLimit == "off" || Int64(rateLimit).flatMap({ RateLimit($0) }) != nil else {
            throw ValidationError("--rate-limit is off or a number from 10 to 1000000.")
        }
        if let advertise, !Self.isAddress(advertise) {
            throw ValidationError("--advertise is a URL like https://exchange.example:8443, without a path.")
        }
        for (name, text) in [("--listen", listen), ("--tls-listen", tlsListen)] where text != "off" {
            guard SocketAddress(text) != nil else {
                throw ValidationError("\(name) is an address and a port like 127.0.0.1:8080 or [::1]:8080, or off.")
            }
        }
    }

    func run() throws {
        // Before any thread exists, so that all of them leave these signals to the main thread.
        let signals = StopSignals()
        DescriptorLimit.raise()
        let log = EventLog(format: logFormat, level: logLevel)
        do {
            let exchange = try RunningExchange(self, log)
            defer { exchange.stop() }
            try exchange.supervise(until: signals)
        } catch {
            switch logFormat {
            case .text: complain("bombyx serve: \(error)")
            case .json: log.write(.error, "failed", "\(error)")
            }
            throw ExitCode(1)
        }
    }

    /// The longest address that the leader's row takes.
    static let advertiseBytesMax = 256

    private static func isAddress(_ text: String) -> Bool {
        guard text.utf8.count <= advertiseBytesMax, let url = URLComponents(string: text) else { return false }
        return (url.scheme == "http" || url.scheme == "https") && url.host?.isEmpty == false
            && (url.path.isEmpty || url.path == "/") && url.query == nil && url.fragment == nil && url.user == nil
    }

    /// What streams of events are granted.
    var streamLimits: StreamLimits {
        var limits = StreamLimits()
        limits.total = eventStreams
        limits.perKey = eventStreamsPerKey
        limits.heartbeatMilliseconds = Int64(streamHeartbeat) * 1_000
        return limits
    }

    /// The loops of the network.
    var loops: Int { ioThreads ?? max(1, ProcessInfo.processInfo.activeProcessorCount) }
}

extension EventLog.Format: ExpressibleByArgument {}
extension LogEvent.Level: ExpressibleByArgument {}
