import Attacks
import Glibc
import Sockets
import Testing

@testable import HTTP2

/// Each slow client of the list is ended by the times that the list names, and by no other: `bombyx bench attacks`
/// takes from there how long it may last.
@Suite struct SlowClientTests {
    private static func time(_ timer: Attack.Timer) -> WritableKeyPath<ServerLimits, UInt64> {
        switch timer {
        case .handshake: \.handshakeMilliseconds
        case .idle: \.idleMilliseconds
        case .headers: \.headerMilliseconds
        case .request: \.requestMilliseconds
        case .frame: \.requestStallMilliseconds
        case .answer: \.writeStallMilliseconds
        case .http1Head: \.http1.headMilliseconds
        case .http1Body: \.http1.bodyMilliseconds
        }
    }

    private static let timers: [Attack.Timer] = [
        .handshake, .idle, .headers, .request, .frame, .answer, .http1Head, .http1Body,
    ]

    /// An hour for all but these.
    private static func limits(short: [Attack.Timer]) -> ServerLimits {
        var limits = ServerLimits()
        for timer in timers { limits[keyPath: time(timer)] = short.contains(timer) ? 1_000 : 3_600_000 }
        return limits
    }

    @Test func `Every time of the list has a client`() {
        #expect(Set(Attack.slowClients.flatMap(\.endedBy)) == Set(Self.timers))
    }

    @Test(arguments: Attack.slowClients)
    func `A slow client is ended by its own time alone`(client: Attack) throws {
        let fixture = try ServerFixture(limits: Self.limits(short: client.endedBy)) { _ in LongService() }
        defer { fixture.stop(timeoutMilliseconds: 0) }
        let transport = try ClientTransport(
            to: client.doors.contains(.cleartext) ? fixture.server.cleartext[0] : fixture.server.tls[0],
            tls: nil,
            serverName: "localhost",
            deadline: MonotonicClock.milliseconds() + 10_000
        )
        try transport.send(client.opening)
        var (number, scanner): (UInt32, EndScanner) = (0, EndScanner())
        while !isOver(transport, &scanner, client) {
            try #require(number < 60, "it still stands")
            try transport.send(client.next(number))
            number += 1
        }
    }

    /// Listens for a second.
    private func isOver(_ transport: ClientTransport, _ scanner: inout EndScanner, _ client: Attack) -> Bool {
        let soon = MonotonicClock.milliseconds() + 1_000
        while client.reads {
            switch try? transport.receive(deadline: soon) {
            case .bytes(let bytes):
                if client.speaksHTTP2 { scanner.take(bytes) }
                if scanner.hasEnd { return true }
            case .timedOut: return false
            case .endOfFile, nil: return true
            }
        }
        usleep(1_000_000)
        return transport.hasFailedToSend
    }
}

/// Answers at once, and with more than the kernel keeps of a hundred answers.
private final class LongService: Service {
    private let body = [UInt8](repeating: 0x78, count: 200_000)

    func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        server.respond(to: stream, Response(status: 200, contentType: "text/plain", body: body))
    }
}
