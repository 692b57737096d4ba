/// Frames of HTTP/2 as bytes, allowed or not (RFC 9113, sections 4 and 6), and blocks of fields (RFC 7541).
package enum Frame {
    /// What a client of HTTP/2 says first (RFC 9113, section 3.4), with empty SETTINGS behind it.
    package static let hello = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + make(.settings)

    /// The types of frames (RFC 9113, section 6); `unknown` is none of them.
    package enum Kind: UInt8, Sendable {
        case data = 0
        case headers = 1
        case priority = 2
        /// RST_STREAM.
        case reset = 3
        case settings = 4
        case ping = 6
        /// GOAWAY.
        case goodbye = 7
        case windowUpdate = 8
        case continuation = 9
        case unknown = 0xFA
    }

    /// The flags of frames.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let endStream = Flags(rawValue: 1)
        package static let endHeaders = Flags(rawValue: 4)
        package static let padded = Flags(rawValue: 8)
        /// HEADERS that are a whole request.
        package static let request: Flags = [.endStream, .endHeaders]
    }

    /// One frame. `stream` 0 is the connection.
    package static func make(_ kind: Kind, _ flags: Flags = [], stream: UInt32 = 0, _ payload: [UInt8] = [])
        -> [UInt8]
    {
        let count = payload.count
        let head = [UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF), kind.rawValue]
        return head + [flags.rawValue] + bigEndian(stream) + payload
    }

    /// SETTINGS with these identifiers and values (section 6.5).
    package static func settings(_ settings: (UInt16, UInt32)...) -> [UInt8] {
        make(.settings, [], settings.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + bigEndian($1) })
    }

    /// RST_STREAM with CANCEL (section 6.4).
    package static func cancel(_ stream: UInt32) -> [UInt8] { make(.reset, stream: stream, bigEndian(8)) }

    /// WINDOW_UPDATE (section 6.9); an increment of 0 is an error.
    package static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        make(.windowUpdate, stream: stream, bigEndian(increment))
    }

    /// Four bytes, the highest first.
    package static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }

    // MARK: Fields

    /// GET of the longest public answer, the whole contract.
    package static let get = pseudoFields(method: 2, path: "/openapi.yaml")
    /// POST of an offer.
    package static let post = pseudoFields(method: 3, path: "/v1/offers")

    /// The method by its index in the static table, `http`, the path, and an authority (RFC 7541, appendix A).
    private static func pseudoFields(method: UInt8, path: String) -> [UInt8] {
        [0x80 | method, 0x86, 0x04] + string(path) + [0x01] + string("localhost")
    }

    /// A field that is not indexed, with a new name (RFC 7541, section 6.2.2).
    package static func literal(_ name: String, _ value: String) -> [UInt8] { [0x00] + string(name) + string(value) }

    /// A field that goes into the dynamic table (section 6.2.1): as the newest, ``indexed`` repeats it.
    package static func remembered(_ name: String, _ value: String) -> [UInt8] { [0x40] + string(name) + string(value) }

    /// The newest field of the dynamic table.
    package static let indexed: UInt8 = 0xBE

    /// A string as it is, its length before it (RFC 7541, sections 5.1 and 5.2).
    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var length: [UInt8] = [127]
        var rest = bytes.count - 127
        while rest >= 128 {
            length.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return length + [UInt8(rest)] + bytes
    }
}
