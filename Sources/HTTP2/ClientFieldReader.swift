internal import CNghttp2

/// Decodes the heads of answers, and keeps of them what a generator of load needs.
@safe final class ClientFieldReader {
    private let inflater: OpaquePointer

    /// What one head said.
    struct Fields {
        /// 0 where there is none, as in trailers.
        var status = 0
        /// `idempotency-replayed: true`.
        var isReplayed = false
        /// Seconds of `retry-after`; 0 without it.
        var retryAfterSeconds = 0
    }

    init() throws(HTTP2Error) {
        var inflater: OpaquePointer?
        try HTTP2Error.check(unsafe nghttp2_hd_inflate_new(&inflater), "nghttp2_hd_inflate_new")
        guard let inflater = unsafe inflater else { throw .session(call: "nghttp2_hd_inflate_new", code: 0) }
        unsafe self.inflater = inflater
    }

    deinit { unsafe nghttp2_hd_inflate_del(inflater) }

    /// Decodes a whole header block. Blocks must be given in the order in which they came: they share a table.
    func read(_ block: Span<UInt8>) throws(HTTP2Error) -> Fields {
        var fields = Fields()
        let result = unsafe block.withUnsafeBufferPointer { bytes in unsafe decode(bytes, into: &fields) }
        guard result >= 0 else { throw .session(call: "nghttp2_hd_inflate_hd2", code: Int32(result)) }
        return fields
    }

    private func decode(_ block: UnsafeBufferPointer<UInt8>, into fields: inout Fields) -> Int {
        var offset = 0
        while true {
            var field = unsafe nghttp2_nv()
            var flags: Int32 = 0
            let count = unsafe nghttp2_hd_inflate_hd2(
                inflater,
                &field,
                &flags,
                block.baseAddress.map { unsafe $0 + offset },
                block.count - offset,
                1
            )
            if count < 0 { return count }
            offset += count
            if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 { unsafe take(field, into: &fields) }
            if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                unsafe nghttp2_hd_inflate_end_headers(inflater)
                return 0
            }
            if count == 0, flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) == 0 { return -1 }
        }
    }

    private func take(_ field: nghttp2_nv, into fields: inout Fields) {
        let name = unsafe UnsafeBufferPointer(start: field.name, count: field.namelen)
        let value = unsafe UnsafeBufferPointer(start: field.value, count: field.valuelen)
        switch unsafe (name.count, name.first) {
        case (7, UInt8(ascii: ":")): fields.status = unsafe Self.number(value)
        case (11, UInt8(ascii: "r")) where unsafe Self.equals(name, "retry-after"):
            fields.retryAfterSeconds = unsafe Self.number(value)
        case (20, UInt8(ascii: "i")) where unsafe Self.equals(name, "idempotency-replayed"):
            fields.isReplayed = unsafe Self.equals(value, "true")
        default: break
        }
    }

    private static func equals(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        unsafe bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A short whole number; 0 for what is none.
    private static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var number = 0
        guard bytes.count <= 9 else { return 0 }
        for index in bytes.indices {
            let byte = unsafe bytes[index]
            guard (0x30...0x39).contains(byte) else { return 0 }
            number = number * 10 + Int(byte & 15)
        }
        return number
    }
}
