/// Header blocks by hand (RFC 7541), so that a case says which bytes it sends.
enum FieldBlocks {
    /// GET /, with fields of the static table and a literal for `:authority`.
    static let get: [UInt8] = [0x82, 0x86, 0x84] + authority
    /// The same as POST.
    static let post: [UInt8] = [0x83, 0x86, 0x84] + authority
    /// The same as HEAD, which the static table does not have.
    static let head: [UInt8] = [0x02, 4] + Array("HEAD".utf8) + [0x86, 0x84] + authority

    private static let authority: [UInt8] = [0x01, 9] + Array("localhost".utf8)

    /// Literals without indexing, each with a new name.
    static func literal(_ fields: (String, String)...) -> [UInt8] { Frames.block(fields) }

    /// Fields that fill `count` times about 4,000 bytes.
    static func long(_ count: Int) -> [UInt8] {
        Frames.block((0..<count).map { ("x-dummy\($0)", String(repeating: "x", count: 4_000)) })
    }

    /// A string as it is.
    static func string(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    /// A string in Huffman's code, padded by ones (RFC 7541, section 5.2).
    static func huffman(_ text: String) -> [UInt8] {
        let bits = text.utf8.flatMap(code)
        let padded = bits + [Bool](repeating: true, count: (8 - bits.count % 8) % 8)
        let bytes = stride(from: 0, to: padded.count, by: 8).map { start in
            padded[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
        return [0x80 | UInt8(bytes.count)] + bytes
    }

    /// The code of a character that field names use (RFC 7541, appendix B).
    private static func code(_ character: UInt8) -> [Bool] {
        let fiveBits = Array("012aceiost".utf8)
        let sixBits = Array(" %-./3456789=A_bdfghlmnpru".utf8)
        let (value, count): (Int, Int)
        if let index = fiveBits.firstIndex(of: character) {
            (value, count) = (index, 5)
        } else if let index = sixBits.firstIndex(of: character) {
            (value, count) = (0x14 + index, 6)
        } else if let index = Array("jkqvwxyz".utf8).firstIndex(of: character) {
            (value, count) = (0x74 + index, 7)
        } else {
            preconditionFailure("a character of 5, 6 or 7 bits")
        }
        return (0..<count).map { value >> (count - 1 - $0) & 1 == 1 }
    }
}

// Frames as the cases write them.
extension Frames {
    static let ack: UInt8 = 1
    static let padded: UInt8 = 8
    static let priority: UInt8 = 0x20

    /// HEADERS; by default it is a whole request.
    static func headers(
        _ block: [UInt8] = FieldBlocks.get,
        stream: UInt32 = 1,
        flags: UInt8 = endHeaders | endStream
    ) -> [UInt8] {
        frame(type: 1, flags: flags, stream: stream, block)
    }

    /// HEADERS of POST whose body follows.
    static func post(_ fields: [UInt8] = []) -> [UInt8] { headers(FieldBlocks.post + fields, flags: endHeaders) }

    static func data(_ bytes: [UInt8] = Array("test".utf8), stream: UInt32 = 1, flags: UInt8 = endStream) -> [UInt8] {
        frame(type: 0, flags: flags, stream: stream, bytes)
    }

    static func continuation(_ block: [UInt8], stream: UInt32 = 1, flags: UInt8 = endHeaders) -> [UInt8] {
        frame(type: 9, flags: flags, stream: stream, block)
    }

    /// PRIORITY; a weight of 256 is the byte 255.
    static func priority(_ stream: UInt32, on dependency: UInt32 = 0, weight: UInt8 = 255) -> [UInt8] {
        frame(type: 2, stream: stream, bigEndian(dependency) + [weight])
    }

    /// SETTINGS with one or more parameters.
    static func settings(_ values: (UInt16, UInt32)...) -> [UInt8] {
        frame(type: 4, values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + bigEndian($1) })
    }

    static func ping(_ payload: [UInt8] = pingPayload, flags: UInt8 = 0) -> [UInt8] {
        frame(type: 6, flags: flags, payload)
    }

    static let pingPayload = Array("h2spec\0\0".utf8)

    static func goaway(_ code: UInt32, stream: UInt32 = 0, data: [UInt8] = []) -> [UInt8] {
        frame(type: 7, stream: stream, bigEndian(0) + bigEndian(code) + data)
    }

    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        frame(type: 8, stream: stream, bigEndian(increment))
    }
}
