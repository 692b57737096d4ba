import Glibc
import Sockets
import TLS
import Testing

@testable import HTTP2

/// A server on free ports with a certificate of its own, and clients for it.
final class ServerFixture: Sendable {
    let server: Server
    private let authority: TLSContext
    var clientContext: TLSContext { authority }
    private let directory: String
    var certificatePath: String { "\(directory)/cert.pem" }

    init(
        loops: Int = 1,
        limits: ServerLimits = ServerLimits(),
        makeService: @escaping @Sendable (LoopServer) -> any Service
    ) throws {
        directory = try Self.makeDirectory()
        let (certificate, key) = ("\(directory)/cert.pem", "\(directory)/key.pem")
        try SelfSignedCertificate.makeIfMissing(certificatePath: certificate, keyPath: key)
        authority = try TLSContext.client(authorityPath: certificate)
        let configuration = ServerConfiguration(
            cleartext: [.loopback(port: 0)],
            tls: [.loopback(port: 0)],
            certificate: try ReloadableTLSContext(certificatePath: certificate, keyPath: key),
            loops: loops,
            limits: limits
        )
        server = try Server(configuration, makeService: makeService)
    }

    deinit {
        for name in ["cert.pem", "key.pem"] { unsafe unlink("\(directory)/\(name)") }
        unsafe rmdir(directory)
    }

    private static func makeDirectory() throws -> String {
        let path = "/tmp/http2-tests-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try #require(unsafe mkdir(path, 0o700) == 0)
        return path
    }

    func connect(overTLS: Bool = false) throws -> ClientConnection {
        try ClientConnection(
            to: overTLS ? server.tls[0] : server.cleartext[0],
            tls: overTLS ? authority : nil,
            serverName: "localhost",
            timeoutMilliseconds: 10_000
        )
    }

    /// A connection without a session.
    func transport(overTLS: Bool = false) throws -> ClientTransport {
        try ClientTransport(
            to: overTLS ? server.tls[0] : server.cleartext[0],
            tls: overTLS ? authority : nil,
            serverName: "localhost",
            deadline: MonotonicClock.milliseconds() + 10_000
        )
    }

    func stop(timeoutMilliseconds: UInt64 = 10_000) {
        let failure = server.drain(timeoutMilliseconds: timeoutMilliseconds)
        #expect(failure == nil)
    }

    /// Waits, at most ten seconds, until the counters are as they should be.
    func wait(_ isGood: (ServerCounters) -> Bool) {
        let deadline = MonotonicClock.milliseconds() + 10_000
        while !isGood(server.counters), MonotonicClock.milliseconds() < deadline { usleep(1_000) }
        #expect(isGood(server.counters), "\(server.counters)")
    }
}

/// Answers at once.
final class EchoService: Service {
    func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        let isPeer = request.bytes(of: .path) == Array("/peer".utf8)
        let body = isPeer ? Array("\(request.peer.hostDescription) \(request.isTLS)".utf8) : request.body
        server.respond(to: stream, Response(status: 200, contentType: "text/plain", body: body))
    }
}

/// An answer on its way through a mailbox.
struct LateAnswer: Sendable {
    let stream: StreamReference
}

/// Requests that wait for another thread.
final class LateAnswers: Sendable {
    private let waiting = Lock<(streams: [StreamReference], isStopping: Bool)>(([], false))

    func add(_ stream: StreamReference) { waiting.withLock { $0.streams.append(stream) } }

    func stop() { waiting.withLock { $0.isStopping = true } }

    /// `nil` when it is stopped.
    func takeAll() -> [StreamReference]? {
        let (taken, isStopping) = waiting.withLock { waiting in
            defer { waiting.streams = [] }
            return waiting
        }
        if taken.isEmpty, isStopping { return nil }
        if taken.isEmpty { usleep(100) }
        return taken
    }

    func waitForOne() -> StreamReference? {
        let deadline = MonotonicClock.milliseconds() + 10_000
        while MonotonicClock.milliseconds() < deadline {
            if let stream = takeAll()?.first { return stream }
        }
        return nil
    }
}

/// Answers when it is told to.
final class LateService: Service {
    private let late: LateAnswers

    init(_ late: LateAnswers) { self.late = late }

    func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        if request.bytes(of: .path) == Array("/now".utf8) {
            server.respond(to: stream, Response(status: 200))
        } else {
            late.add(stream)
        }
    }

    func receive(_ message: any Sendable, on server: LoopServer) {
        guard let answer = message as? LateAnswer else { return }
        server.respond(to: answer.stream, Response(status: 200, body: Array("late".utf8)))
    }
}
