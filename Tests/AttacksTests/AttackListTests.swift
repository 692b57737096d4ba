import Attacks
import Testing

/// What attackers say is what it should be: else a server that survives it has shown nothing.
@Suite struct AttackListTests {
    /// What is known to be done to servers of HTTP, and the attacks that do it.
    private static let known: [(what: String, attacks: [String])] = [
        ("rapid reset (CVE-2023-44487)", ["rapid reset", "rapid reset, not reading"]),
        (
            "MadeYouReset: errors that the server resets (CVE-2025-8671)",
            [
                "made you reset", "made you reset, not reading",
            ]
        ),
        ("streams beyond the limit", ["too many streams", "too many streams, not reading"]),
        ("CONTINUATION flood (CVE-2024-27316)", ["an endless header block", "an endless header block of nothing"]),
        ("HPACK bomb (CVE-2016-6581)", ["HPACK bomb"]),
        ("header lists that are too large", ["huge fields", "endless HTTP/1.1 fields"]),
        ("0-length headers (CVE-2019-9516)", ["empty field names"]),
        (
            "SETTINGS flood (CVE-2019-9515)",
            [
                "SETTINGS", "SETTINGS, not reading", "SETTINGS of table sizes, not reading",
            ]
        ),
        ("PING flood (CVE-2019-9512)", ["PING", "PING, not reading"]),
        ("PRIORITY: resource loop (CVE-2019-9513)", ["PRIORITY"]),
        ("empty frames (CVE-2019-9518)", ["empty DATA", "padding"]),
        ("WINDOW_UPDATE flood", ["WINDOW_UPDATE"]),
        ("frames of unknown types", ["unknown frames", "long unknown frames"]),
        ("zero window, slow read (CVE-2016-1546)", ["no window"]),
        ("data dribble (CVE-2019-9511)", ["a window of a byte a second"]),
        (
            "internal data buffering (CVE-2019-9517)",
            ["nothing read", "requests, not reading", "bodies whose answers are not taken"]
        ),
        (
            "slow POST",
            [
                "a body that does not come", "a slow frame", "a slow frame of a body", "a slow body",
                "a slow HTTP/1.1 body",
            ]
        ),
        ("endless POST", ["a body without an end"]),
        (
            "slowloris",
            [
                "half a header block", "a slow header block", "a slow CONTINUATION", "a slow preface",
                "half an HTTP/1.1 head", "a slow HTTP/1.1 head",
            ]
        ),
        ("connections that are held", ["an idle connection", "an idle session", "half a handshake"]),
        ("connections anew", ["connections that come and go", "a wrong preface", "a handshake of noise"]),
        ("request smuggling (RFC 9112, section 11.2)", ["smuggled requests", "HTTP/1.1 requests in a row"]),
    ]

    @Test func `Every attack that is known is in the list, by a name of its own, and every one there is known`() {
        let names = (Attack.floods + Attack.slowClients).map(\.description)
        #expect(Set(names).count == names.count, "\(names)")
        for (what, attacks) in Self.known {
            #expect(!attacks.isEmpty && Set(attacks).isSubset(of: names), "\(what): \(Set(attacks).subtracting(names))")
        }
        let known = Self.known.flatMap(\.attacks)
        #expect(Set(names).subtracting(known).isEmpty, "\(Set(names).subtracting(known))")
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
