import Glibc
import Sockets
import Testing

@testable import HTTP2

/// Attacks over a real socket, cleartext and TLS: the attacker is cut off, for the right reason, and a client beside
/// it is served.
@Suite struct AttackTests {
    struct Attack: Sendable, CustomStringConvertible {
        let description: String
        /// What the attacker sends again and again; the argument counts from 0.
        let bytes: @Sendable (UInt32) -> [UInt8]
        let ends: Set<SessionEnd>
        /// What comes first, behind the preface and the settings.
        var before: [UInt8] = []
        var reads = true
    }

    private static func stream(_ number: UInt32) -> UInt32 { 2 * number + 1 }

    static let attacks: [Attack] = [
        Attack(
            description: "rapid reset",
            bytes: { Frames.headers(stream: stream($0)) + Frames.reset(stream: stream($0)) },
            ends: [.cancelledStreams]
        ),
        Attack(
            description: "made you reset",
            bytes: { Frames.post().on(stream($0)) + Frames.windowUpdate(stream($0), 0) },
            ends: [.errorResets, .protocolError]
        ),
        Attack(
            description: "empty field names",
            bytes: { Frames.headers(FieldBlocks.get + [0, 0, 0], stream: stream($0)) },
            ends: [.errorResets]
        ),
        Attack(
            description: "too many streams",
            bytes: { Frames.headers(FieldBlocks.post, stream: stream($0), flags: Frames.endHeaders) },
            ends: [.refusedStreams]
        ),
        Attack(
            description: "too many streams, not reading",
            bytes: { Frames.headers(FieldBlocks.post, stream: stream($0), flags: Frames.endHeaders) },
            ends: [.refusedStreams],
            reads: false
        ),
        Attack(
            description: "endless header block",
            bytes: { _ in Frames.continuation(FieldBlocks.literal(("x", "y")), flags: 0) },
            ends: [.protocolError],
            before: Frames.headers(flags: Frames.endStream)
        ),
        Attack(
            description: "endless header block of nothing",
            bytes: { _ in Frames.continuation([], flags: 0) },
            ends: [.protocolError, .idleFrames],
            before: Frames.headers(flags: Frames.endStream)
        ),
        Attack(
            description: "HPACK bomb",
            bytes: {
                Frames.headers(FieldBlocks.get + [UInt8](repeating: 0xBE, count: 16_000), stream: stream($0 + 1))
            },
            ends: [.headers],
            before: Frames.headers(
                FieldBlocks.get + [0x40] + FieldBlocks.string("x-bomb") + [0x7F, 0xA1, 0x1D]
                    + [UInt8](repeating: 0x62, count: 3_872)
            )
        ),
        Attack(
            description: "huge fields",
            bytes: {
                Frames.headers(FieldBlocks.get + FieldBlocks.long(3), stream: stream($0), flags: Frames.endStream)
                    + Frames.continuation(FieldBlocks.long(3), stream: stream($0))
            },
            ends: [.headers]
        ),
        Attack(description: "SETTINGS", bytes: { _ in Frames.settings }, ends: [.idleFrames, .unreadAnswers]),
        Attack(description: "PING", bytes: { _ in Frames.ping() }, ends: [.idleFrames, .unreadAnswers]),
        Attack(
            description: "SETTINGS, not reading",
            bytes: { _ in Frames.settings((1, 0), (1, 4_096)) },
            ends: [.idleFrames, .unreadAnswers],
            reads: false
        ),
        Attack(
            description: "PING, not reading",
            bytes: { _ in Frames.ping() },
            ends: [.idleFrames, .unreadAnswers],
            reads: false
        ),
        Attack(
            description: "empty DATA",
            bytes: { _ in Frames.data([], flags: 0) },
            ends: [.idleFrames],
            before: Frames.post()
        ),
        Attack(
            description: "padding",
            bytes: { _ in Frames.data([255] + Conformance.zeros(255), flags: Frames.padded) },
            ends: [.idleFrames],
            before: Frames.post()
        ),
        Attack(description: "PRIORITY", bytes: { Frames.priority(stream($0)) }, ends: [.idleFrames]),
        Attack(description: "WINDOW_UPDATE", bytes: { _ in Frames.windowUpdate(0, 1) }, ends: [.idleFrames]),
        Attack(description: "unknown frames", bytes: { _ in Frames.frame(type: 0xFA) }, ends: [.idleFrames]),
    ]

    @Test(arguments: attacks, [false, true])
    func `An attacker is cut off, and a client beside it is served`(attack: Attack, overTLS: Bool) throws {
        let fixture = try ServerFixture { _ in QuickService() }
        defer { fixture.stop() }
        let neighbour = try fixture.connect()
        let attacker = try fixture.transport(overTLS: overTLS)
        try attacker.send(Frames.preface + Frames.settings + attack.before)
        let deadline = MonotonicClock.milliseconds() + 30_000
        var number: UInt32 = 0
        var isOpen = true
        while isOpen, MonotonicClock.milliseconds() < deadline {
            var bytes: [UInt8] = []
            for _ in 0..<200 where bytes.count < 65_536 {
                bytes += attack.bytes(number)
                number += 1
            }
            isOpen = push(bytes, through: attacker, reads: attack.reads, deadline: deadline)
            #expect(try neighbour.request(ClientRequest("GET", "/"), timeoutMilliseconds: 20_000).status == 200)
        }
        #expect(!isOpen, "after \(number) rounds")
        fixture.wait { counters in attack.ends.contains { counters[$0] == 1 } }
        fixture.wait { $0.connectionsOpen == 1 }
    }

    /// Returns whether the connection still stands.
    private func push(_ bytes: [UInt8], through attacker: ClientTransport, reads: Bool, deadline: UInt64) -> Bool {
        do {
            try attacker.send(bytes)
            if attacker.hasFailedToSend { return false }
            while reads || attacker.unsentByteCount > 0 {
                let soon = MonotonicClock.milliseconds() + (attacker.unsentByteCount > 0 ? 1_000 : 1)
                switch try attacker.receive(deadline: min(soon, deadline)) {
                case .bytes: continue
                case .timedOut: return true
                case .endOfFile: return false
                }
            }
            return true
        } catch {
            return false
        }
    }

    @Test func `A client that asks on and on and does not read is stopped`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop(timeoutMilliseconds: 0) }
        let attacker = try fixture.transport()
        try attacker.send(Frames.preface + Frames.settings((4, 0x7FFF_FFFF)) + Frames.windowUpdate(0, 0x7FFF_0000))
        let body = [UInt8](repeating: 7, count: 16_000)
        let sentMax = 256 * 1_048_576
        var sent = 0
        var stream: UInt32 = 1
        while sent < sentMax {
            let bytes = Frames.post().on(stream) + Frames.data(body, stream: stream)
            stream += 2
            sent += bytes.count
            // The server reads no more, or has had enough.
            guard let _ = try? attacker.send(bytes), !attacker.hasFailedToSend else { break }
            // What the kernel does not take for half a second, it does not take at all.
            guard attacker.unsentByteCount > 0 else { continue }
            usleep(500_000)
            guard let _ = try? attacker.send([]), !attacker.hasFailedToSend, attacker.unsentByteCount == 0 else {
                break
            }
        }
        #expect(sent < sentMax)
        #expect(try fixture.connect(overTLS: true).request(ClientRequest("GET", "/peer")).status == 200)
    }

    @Test func `Connections that come and go leave nothing behind`() throws {
        let fixture = try ServerFixture(loops: 2) { _ in EchoService() }
        defer { fixture.stop() }
        for round in 0..<300 {
            let transport = try fixture.transport()
            if round % 3 == 1 { try transport.send(Frames.preface) }
            if round % 3 == 2 { try transport.send(Array("nonsense, nonsense, nonsense\r\n\r\n".utf8)) }
            transport.close()
        }
        fixture.wait { $0.connectionsAccepted == 300 && $0.connectionsOpen == 0 }
        #expect(try fixture.connect().request(ClientRequest("GET", "/peer")).status == 200)
    }
}

/// Answers GET at once and keeps all else waiting.
final class QuickService: Service {
    func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        if request.method == .get { server.respond(to: stream, ConformanceService.answer) }
    }
}
