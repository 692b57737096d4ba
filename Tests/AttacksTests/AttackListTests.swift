import Attacks
import Testing

/// What attackers say is what it should be: else a server that survives it has shown nothing.
@Suite struct AttackListTests {
    @Test func `Every attack has a name of its own`() {
        let names = (Attack.floods + Attack.slowClients).map(\.description)
        #expect(Set(names).count == names.count, "\(names)")
        #expect(names.count > 40)
    }

    @Test(arguments: Attack.floods.filter(\.speaksHTTP2))
    func `What a flood of HTTP2 says are whole frames of at most 16384 bytes`(flood: Attack) {
        let opening = flood.opening.dropFirst(preface.count)
        let bytes = opening + (0..<3 as Range<UInt32>).flatMap(flood.next)
        let lengths = frames(in: Array(bytes))
        #expect(lengths.allSatisfy { $0 <= 16_384 })
        #expect(lengths.reduce(0) { $0 + 9 + $1 } == bytes.count, "the last frame is whole")
    }

    @Test(arguments: Attack.floods) func `A flood goes on, or opens connections anew`(flood: Attack) {
        let more = flood.next(1_000_000)
        // A connection that says nothing more must have been ended by what it said first.
        let once: Set = [
            "connections that come and go", "a wrong preface", "a handshake of noise", "smuggled requests",
        ]
        #expect(more.isEmpty == once.contains(flood.description))
    }

    @Test(arguments: Attack.slowClients) func `A slow client says at most a frame a second`(client: Attack) {
        #expect(client.pace == .everySecond)
        #expect((0..<200 as Range<UInt32>).allSatisfy { client.next($0).count <= 9 + 8 })
        #expect(!client.endedBy.isEmpty, "else nobody knows when it must have ended")
    }

    @Test func `A client in the clear says nothing in TLS, and one at the port of TLS nothing else`() {
        for attack in Attack.floods + Attack.slowClients {
            #expect(!attack.doors.isEmpty)
            #expect(!attack.doors.contains(.belowTLS) || !attack.speaksHTTP2, "\(attack)")
        }
    }

    private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// The lengths of frames, as far as they are whole.
    private func frames(in bytes: [UInt8]) -> [Int] {
        var lengths: [Int] = []
        var start = 0
        while start + 9 <= bytes.count {
            let length = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
            lengths.append(length)
            start += 9 + length
        }
        return lengths
    }
}
