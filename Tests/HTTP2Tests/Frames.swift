import Attacks

/// Frames as bytes, made by hand, so that tests do not depend on what they test (RFC 9113, section 4; RFC 7541).
enum Frames {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let settings = frame(type: 4)

    static let endStream: UInt8 = 1
    static let endHeaders: UInt8 = 4

    /// One frame.
    static func frame(type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let count = payload.count
        var bytes = [UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF), type, flags]
        bytes += bigEndian(stream)
        return bytes + payload
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    /// Fields without compression: literals with new names that are not indexed.
    static func block(_ fields: [(String, String)]) -> [UInt8] { fields.flatMap { Frame.literal($0, $1) } }

    static func request(
        _ method: String,
        _ path: String,
        stream: UInt32,
        _ fields: [(String, String)] = [],
        ends: Bool = true
    ) -> [UInt8] {
        let pseudo = [(":method", method), (":scheme", "https"), (":path", path), (":authority", "x")]
        return frame(
            type: 1,
            flags: endHeaders | (ends ? endStream : 0),
            stream: stream,
            block(pseudo + fields)
        )
    }

    static func body(_ bytes: [UInt8], stream: UInt32, ends: Bool = true) -> [UInt8] {
        frame(type: 0, flags: ends ? endStream : 0, stream: stream, bytes)
    }

    static func reset(stream: UInt32, code: UInt32 = 8) -> [UInt8] {
        frame(type: 3, stream: stream, bigEndian(code))
    }
}

/// A frame as it came out of a session.
struct ReceivedFrame: Equatable {
    let type: UInt8
    let flags: UInt8
    let stream: UInt32
    let payload: [UInt8]

    /// The error code of RST_STREAM or GOAWAY.
    var errorCode: UInt32? {
        switch type {
        case 3: Self.number(payload[0..<4])
        case 7: Self.number(payload[4..<8])
        default: nil
        }
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    /// Cuts bytes into frames.
    static func all(in bytes: [UInt8]) -> [ReceivedFrame] {
        var frames: [ReceivedFrame] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let start = rest.startIndex
            let count = Int(number(rest[start..<start + 3]))
            let end = start + 9 + count
            frames.append(
                ReceivedFrame(
                    type: rest[start + 3],
                    flags: rest[start + 4],
                    stream: number(rest[start + 5..<start + 9]),
                    payload: Array(rest[start + 9..<end])
                )
            )
            rest = rest[end...]
        }
        return frames
    }
}
