import Attacks
import Glibc
import Sockets
import Testing

@testable import HTTP2

/// Attacks over a real socket, cleartext and TLS: the attacker is cut off, for the right reason, and a client beside
/// it is served.
@Suite struct AttackTests {
    /// What ends a session, by the name of the flood. Floods without a line here are no fault of one connection, or are
    /// only held back.
    private static let ends: [String: Set<SessionEnd>] = [
        "rapid reset": [.cancelledStreams],
        "rapid reset, not reading": [.cancelledStreams],
        "made you reset": [.errorResets, .protocolError],
        "made you reset, not reading": [.errorResets, .protocolError],
        "too many streams": [.refusedStreams],
        "too many streams, not reading": [.refusedStreams],
        "bodies whose answers are not taken": [.idleFrames, .refusedStreams],
        "empty field names": [.errorResets],
        "an endless header block": [.protocolError],
        "an endless header block of nothing": [.protocolError, .idleFrames],
        "HPACK bomb": [.headers],
        "huge fields": [.headers],
        "SETTINGS": [.idleFrames, .unreadAnswers],
        "SETTINGS, not reading": [.idleFrames, .unreadAnswers],
        "SETTINGS of table sizes, not reading": [.idleFrames, .unreadAnswers],
        "PING": [.idleFrames, .unreadAnswers],
        "PING, not reading": [.idleFrames, .unreadAnswers],
        "empty DATA": [.idleFrames],
        "padding": [.idleFrames],
        "PRIORITY": [.idleFrames],
        "WINDOW_UPDATE": [.idleFrames],
        "unknown frames": [.idleFrames],
        "long unknown frames": [.idleFrames],
    ]

    private static let floods = Attack.floods.filter { ends[$0.description] != nil }

    @Test func `Every end belongs to a flood`() { #expect(Self.floods.count == Self.ends.count) }

    @Test(arguments: floods, [false, true])
    func `An attacker is cut off, and a client beside it is served`(flood: Attack, overTLS: Bool) throws {
        let ends = try #require(Self.ends[flood.description])
        let fixture = try ServerFixture { _ in QuickService() }
        defer { fixture.stop() }
        let neighbour = try fixture.connect()
        let attacker = try fixture.transport(overTLS: overTLS)
        try attacker.send(flood.opening)
        let deadline = MonotonicClock.milliseconds() + 30_000
        var number: UInt32 = 0
        var isOpen = true
        while isOpen, MonotonicClock.milliseconds() < deadline {
            var bytes: [UInt8] = []
            for _ in 0..<200 where bytes.count < 65_536 {
                bytes += flood.next(number)
                number += 1
            }
            isOpen = push(bytes, through: attacker, reads: flood.reads, deadline: deadline)
            #expect(try neighbour.request(ClientRequest("GET", "/"), timeoutMilliseconds: 20_000).status == 200)
        }
        #expect(!isOpen, "after \(number) rounds")
        fixture.wait { counters in ends.contains { counters[$0] == 1 } }
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
