package import Sockets

/// A complete request, as the service sees it while it is called.
///
/// The bytes belong to the stream and are used again afterwards: keep copies. It can neither be copied nor
/// stored, so it cannot outlive the call.
@safe package struct Request: ~Copyable {
    private let stream: StreamPointer
    private let core: UnsafeMutablePointer<SessionCore>

    @unsafe init(_ stream: StreamPointer, _ core: UnsafeMutablePointer<SessionCore>) {
        unsafe self.stream = stream
        unsafe self.core = core
    }

    /// The method.
    package var method: Method { unsafe stream.pointee.method }

    /// The body was longer than ``ServerLimits/bodyBytesMax`` and is not complete: answer 413.
    package var isBodyTooLarge: Bool { unsafe stream.pointee.isBodyTooLarge }

    /// The fields are longer than ``ServerLimits/headerBytesServed``: answer 431.
    package var isHeaderTooLarge: Bool { unsafe stream.pointee.headerBytes > core.pointee.limits.headerBytesServed }

    /// Its fields may be read in two ways: it is answered with this, and no service sees it.
    package var refusal: HTTP1Refusal? { unsafe stream.pointee.refusal }

    /// Bytes of the body.
    package var bodyByteCount: Int { unsafe stream.pointee.byteCount - stream.pointee.bodyOffset }

    /// Where the request comes from.
    package var peer: SocketAddress { unsafe core.pointee.peer }

    /// It came over TLS.
    package var isTLS: Bool { unsafe core.pointee.isTLS }

    /// The field is there, if only empty.
    package func has(_ field: RequestField) -> Bool { unsafe stream.pointee.present & 1 << field.rawValue != 0 }

    /// Calls `use` with the value of a field; with no bytes if it is absent.
    package func with<Result: ~Copyable, Failure: Error>(
        _ field: RequestField,
        _ use: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = unsafe has(field) ? stream.pointee.fields[Int(field.rawValue)] : FieldRange()
        let bytes = unsafe UnsafeBufferPointer(start: stream.pointee.bytes + Int(range.offset), count: Int(range.count))
        return unsafe try use(bytes.span)
    }

    /// Calls `use` with the path and the query, as they were sent.
    package func withPath<Result: ~Copyable, Failure: Error>(
        _ use: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try with(.path, use)
    }

    /// Calls `use` with the body.
    package func withBody<Result: ~Copyable, Failure: Error>(
        _ use: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = unsafe stream.pointee.bytes + stream.pointee.bodyOffset
        let bytes = unsafe UnsafeBufferPointer(start: start, count: bodyByteCount)
        return unsafe try use(bytes.span)
    }

    /// A copy of a field's value; `nil` if it is absent.
    package func bytes(of field: RequestField) -> [UInt8]? {
        guard has(field) else { return nil }
        return with(field) { bytes in
            unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
        }
    }

    /// Appends a field's value to `bytes` and tells where it stands; `nil` if it is absent. Many fields can so share
    /// one buffer that is kept from request to request.
    package func append(_ field: RequestField, to bytes: inout [UInt8]) -> Range<Int>? {
        guard has(field) else { return nil }
        let start = bytes.count
        with(field) { value in
            unsafe value.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        }
        return start..<bytes.count
    }

    /// A copy of the body.
    package var body: [UInt8] {
        withBody { bytes in
            unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
        }
    }

    /// What ``remember(_:)`` stored on this connection, if this request carries the very same `authorization`.
    ///
    /// A client sends the same key with each request; the service need not look it up each time. Whether the key
    /// is still valid is for the service to check, for example by an epoch inside the value.
    package var rememberedContext: UInt64? {
        guard unsafe core.pointee.hasContext, has(.authorization) else { return nil }
        return with(.authorization) { value in
            unsafe core.pointee.authorizationMatches(value) ? core.pointee.context : nil
        }
    }

    /// Stores `context` on this connection for requests with the same `authorization` as this one.
    package func remember(_ context: UInt64) {
        guard let authorization = bytes(of: .authorization) else { return }
        unsafe core.pointee.authorization = authorization
        unsafe core.pointee.context = context
        unsafe core.pointee.hasContext = true
    }
}
