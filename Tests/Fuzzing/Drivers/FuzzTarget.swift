/// A part of the server that reads bytes of strangers, as a function of those bytes.
///
/// The fuzzers of `Deploy/check` call ``run(_:)`` with inputs that they invent, and the tests call it with those that
/// were kept in `Tests/Fuzzing/Corpora`. Nothing here touches a socket, a file or a clock.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// A client's side of an HTTP/2 connection, for a session of the server.
    case http2
    /// The first bytes of a connection, which choose its protocol, and requests of HTTP/1.
    case http1
    /// A JSON document.
    case json
    /// A requirement, in either of its forms.
    case requirement
    /// Where the next page of a list begins.
    case cursor
    /// Commands as the journal keeps them.
    case command
    /// A receipt, and what else the log is made of.
    case receipt
    /// A ticket, as bytes and as text.
    case ticket
    /// A signed note, and the checkpoint in it.
    case note
    /// A proof bundle.
    case bundle
    /// A bag of cells, as chains and wallets give it.
    case bag
    /// A request of any route, with its fields and its body.
    case request

    /// Bytes of an input that are looked at; what a longer one has beyond them is not.
    package static let bytesMax = 4_096

    /// Reads `input` and checks what must hold whatever it is; a trap is a failure too.
    package func run(_ input: [UInt8]) throws {
        let input = Array(input.prefix(Self.bytesMax))
        switch self {
        case .http2: try HTTP2Driver.run(input)
        case .http1: try HTTP1Driver.run(input)
        case .json: try JSONDriver.run(input)
        case .requirement: try RequirementDriver.run(input)
        case .cursor: try CursorDriver.run(input)
        case .command: try CommandDriver.run(input)
        case .receipt: try ReceiptDriver.run(input)
        case .ticket: try TicketDriver.run(input)
        case .note: try NoteDriver.run(input)
        case .bundle: try BundleDriver.run(input)
        case .bag: try BagDriver.run(input)
        case .request: try RequestDriver.run(input)
        }
    }
}

/// What does not hold for an input.
package struct BrokenProperty: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Throws unless `condition` holds.
func check(_ condition: Bool, _ property: @autoclosure () -> String) throws {
    guard condition else { throw BrokenProperty(property()) }
}
