internal import CNghttp2
internal import Glibc

/// Turns an answer into what nghttp2 takes, without copying names, status, length or content.
enum ResponseHead {
    private static let noCopy = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
    private static let noCopyOfName = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)

    /// Submits `response` and leaves its content in `stream`, from where it is read when it is sent. Returns
    /// nghttp2's code. An answer that `goesOn` has no length, and its content is the first piece.
    static func submit(
        _ response: consuming Response,
        on stream: StreamPointer,
        date: UnsafePointer<UInt8>,
        goesOn: Bool = false,
        to session: OpaquePointer
    ) -> Int32 {
        let isHead = unsafe stream.pointee.method == .head
        let length = response.body.count
        let (fields, location) = (response.fields, response.location)
        let valueBytes = fields.reduce(location.count) { $0 + $1.value.count }
        let (status, contentType, mayHaveContent) = (response.status, response.contentType, response.mayHaveContent)
        let hasContent = mayHaveContent && !isHead && (length > 0 || goesOn)
        if goesOn {
            unsafe stream.pointee.pieces.append(response.body)
        } else if hasContent {
            unsafe stream.pointee.answer = response.body
        }

        return unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: 5 + fields.count) { pairs in
            unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: valueBytes + 1) { values in
                let digits = unsafe stream.pointee.digits
                unsafe writeStatus(status, to: digits)
                unsafe pairs[0] = pair(":status", digits, 3)
                unsafe pairs[1] = pair("date", date, DateField.count)
                var count = 2
                if contentType.utf8CodeUnitCount > 0 {
                    let (start, bytes) = unsafe (contentType.utf8Start, contentType.utf8CodeUnitCount)
                    unsafe pairs[count] = pair("content-type", start, bytes)
                    count += 1
                }
                if mayHaveContent, !goesOn {
                    let digitCount = unsafe writeLength(length, to: digits + 3)
                    unsafe pairs[count] = pair("content-length", digits + 3, digitCount)
                    count += 1
                }
                var offset = 0
                if !location.isEmpty {
                    unsafe append("location", location, to: pairs, at: &count, keepingIn: values, at: &offset)
                }
                for field in fields {
                    unsafe append(field.name, field.value, to: pairs, at: &count, keepingIn: values, at: &offset)
                }

                // An answer that ends before the request does is told so by the content's end.
                guard unsafe hasContent || !stream.pointee.hasEnded else {
                    return unsafe nghttp2_submit_response(session, stream.pointee.id, pairs.baseAddress, count, nil)
                }
                var provider = unsafe nghttp2_data_provider()
                unsafe provider.source.ptr = UnsafeMutableRawPointer(stream)
                unsafe provider.read_callback = ServerCallbacks.readAnswer
                return unsafe nghttp2_submit_response(session, stream.pointee.id, pairs.baseAddress, count, &provider)
            }
        }
    }

    /// nghttp2 copies these values: they live no longer than the call.
    private static func append(
        _ name: StaticString,
        _ value: [UInt8],
        to pairs: UnsafeMutableBufferPointer<nghttp2_nv>,
        at count: inout Int,
        keepingIn values: UnsafeMutableBufferPointer<UInt8>,
        at offset: inout Int
    ) {
        let start = unsafe values.baseAddress! + offset
        unsafe value.withUnsafeBufferPointer { bytes in
            if let first = bytes.baseAddress { unsafe start.update(from: first, count: bytes.count) }
        }
        offset += value.count
        unsafe pairs[count] = pair(name, start, value.count)
        unsafe pairs[count].flags = noCopyOfName
        count += 1
    }

    private static func pair(_ name: StaticString, _ value: UnsafePointer<UInt8>, _ count: Int) -> nghttp2_nv {
        unsafe nghttp2_nv(
            name: UnsafeMutablePointer(mutating: name.utf8Start),
            value: UnsafeMutablePointer(mutating: value),
            namelen: name.utf8CodeUnitCount,
            valuelen: count,
            flags: noCopy
        )
    }

    private static func writeStatus(_ status: Int, to digits: UnsafeMutablePointer<UInt8>) {
        let status = (100...999).contains(status) ? status : 500
        unsafe digits[0] = UInt8(0x30 + status / 100)
        unsafe digits[1] = UInt8(0x30 + status / 10 % 10)
        unsafe digits[2] = UInt8(0x30 + status % 10)
    }

    private static func writeLength(_ length: Int, to digits: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 1
        var rest = length
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        rest = length
        for index in stride(from: count - 1, through: 0, by: -1) {
            unsafe digits[index] = UInt8(0x30 + rest % 10)
            rest /= 10
        }
        return count
    }
}
