/// What a client does to a server of HTTP that it should not do: what it says first, and again and again.
package struct Attack: Sendable, CustomStringConvertible {
    /// How it comes to the server.
    package enum Door: String, Sendable {
        case cleartext
        /// Inside of TLS.
        case tls = "TLS"
        /// At the port for TLS, without a handshake.
        case belowTLS = "below TLS"
    }

    /// When it says what comes next.
    package enum Pace: Equatable, Sendable {
        /// As soon as the server takes it.
        case atOnce
        /// Once a second.
        case everySecond
        /// Never: it closes the connection when the first is said.
        case never
    }

    /// The server's time that ends a slow client, of what it does not bring to its end.
    package enum Timer: String, Sendable {
        /// Of the handshake, the preface and the first SETTINGS.
        case handshake
        /// Without any request.
        case idle
        /// Of a header block.
        case headers
        /// Of a request.
        case request
        /// Of a frame.
        case frame
        /// Of an answer that is not taken.
        case answer
        /// Of the head of HTTP/1.1, and of its body.
        case http1Head, http1Body
    }

    /// Its name, the field's where it has one.
    package let description: String
    /// What comes first on each connection.
    package let opening: [UInt8]
    /// What comes next; the argument counts from 0.
    package let next: @Sendable (UInt32) -> [UInt8]
    /// When that comes.
    package let pace: Pace
    /// Whether it takes what the server says.
    package let reads: Bool
    /// The doors that it knows.
    package let doors: [Door]
    /// What ends a slow client, one after the other; nothing for a flood, whose end is no matter of time.
    package let endedBy: [Timer]

    init(
        _ description: String,
        opening: [UInt8] = Frame.hello,
        pace: Pace = .atOnce,
        reads: Bool = true,
        doors: [Door] = [.cleartext, .tls],
        endedBy: [Timer] = [],
        next: @escaping @Sendable (UInt32) -> [UInt8] = { _ in [] }
    ) {
        self.description = description
        self.opening = opening
        self.pace = pace
        self.reads = reads
        self.doors = doors
        self.endedBy = endedBy
        self.next = next
    }

    /// Whether the server's answers are frames.
    package var speaksHTTP2: Bool { opening.starts(with: Frame.hello) }

    /// The client's stream with this number, from 0.
    package static func stream(_ number: UInt32) -> UInt32 { 2 * number + 1 }
}
