internal import COpenSSL

/// One TLS connection without a socket: ciphertext in, plaintext out, and the other way round.
///
/// It belongs to one thread. The ciphertext passes through two memory BIOs, which keep their largest size:
/// feed and write at most ``chunkBytes`` at a time and take the output in between, so that they stay small.
@safe package final class TLSSession {
    private let ssl: OpaquePointer
    // Both belong to `ssl`, which frees them.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// The handshake is complete.
    package private(set) var isEstablished = false

    /// The largest plaintext of one TLS record (RFC 8446, section 5.1).
    package static let chunkBytes = 16_384

    /// What a read gave. Waiting is not an error.
    package enum Progress: Equatable, Sendable {
        /// This many bytes of plaintext, at least one.
        case bytes(Int)
        /// More ciphertext is needed.
        case needsInput
        /// The peer said that it sends no more (`close_notify`).
        case closed
    }

    /// The server side of a connection.
    package init(accepting context: TLSContext) throws(TLSError) {
        let parts = unsafe try Self.parts(context)
        unsafe (ssl, incoming, outgoing) = unsafe parts
        unsafe SSL_set_accept_state(ssl)
    }

    /// The client side of a connection to `serverName`, a DNS name or an IP address, which the server's
    /// certificate must carry.
    package init(connecting context: TLSContext, serverName: String) throws(TLSError) {
        let parts = unsafe try Self.parts(context)
        unsafe (ssl, incoming, outgoing) = unsafe parts
        unsafe SSL_set_connect_state(ssl)

        let parameters = unsafe SSL_get0_param(ssl)
        // It is an address if it reads as one; server names are never addresses (RFC 6066, section 3).
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) == 1 { return }
        guard unsafe X509_VERIFY_PARAM_set1_host(parameters, serverName, 0) == 1 else {
            throw TLSError.fromQueue("X509_VERIFY_PARAM_set1_host")
        }
        guard unsafe COpenSSL_set_server_name(ssl, serverName) == 1 else {
            throw TLSError.fromQueue("SSL_set_tlsext_host_name")
        }
    }

    deinit { unsafe SSL_free(ssl) }

    private static func parts(
        _ context: TLSContext
    ) throws(TLSError) -> (ssl: OpaquePointer, incoming: OpaquePointer, outgoing: OpaquePointer) {
        ERR_clear_error()
        guard let ssl = unsafe SSL_new(context.handle) else { throw TLSError.fromQueue("SSL_new") }
        guard let incoming = unsafe BIO_new(BIO_s_mem()) else {
            unsafe SSL_free(ssl)
            throw TLSError.fromQueue("BIO_new")
        }
        guard let outgoing = unsafe BIO_new(BIO_s_mem()) else {
            unsafe SSL_free(ssl)
            unsafe BIO_free(incoming)
            throw TLSError.fromQueue("BIO_new")
        }
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        return unsafe (ssl, incoming, outgoing)
    }

    /// Takes what the socket gave. It is decrypted by ``handshake()`` and ``read(into:)``.
    package func receive(_ ciphertext: Span<UInt8>) throws(TLSError) {
        guard ciphertext.count > 0 else { return }
        ERR_clear_error()
        let count = unsafe ciphertext.withUnsafeBufferPointer { bytes in
            unsafe BIO_write(incoming, bytes.baseAddress, Int32(bytes.count))
        }
        guard count == ciphertext.count else { throw TLSError.fromQueue("BIO_write") }
    }

    /// Goes on with the handshake; returns whether it is complete. After an error, ```takeCiphertext(into:)```
    /// may give the alert that tells the peer why.
    package func handshake() throws(TLSError) -> Bool {
        if isEstablished { return true }
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 {
            isEstablished = true
            return true
        }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
        default: throw TLSError.fromQueue("SSL_do_handshake")
        }
    }

    /// Decrypts into the front of `buffer`, which must not be empty.
    package func read(into buffer: inout MutableSpan<UInt8>) throws(TLSError) -> Progress {
        // The error queue belongs to the thread: what another connection left there is not ours.
        ERR_clear_error()
        let result = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
            unsafe SSL_read(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
        }
        if result > 0 { return .bytes(Int(result)) }

        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: throw TLSError.fromQueue("SSL_read")
        }
    }

    /// Encrypts all of `plaintext`, which must not be empty, into the output.
    package func write(_ plaintext: Span<UInt8>) throws(TLSError) {
        var written = 0
        while written < plaintext.count {
            ERR_clear_error()
            let result = unsafe plaintext.withUnsafeBufferPointer { bytes in
                unsafe SSL_write(ssl, bytes.baseAddress! + written, Int32(clamping: bytes.count - written))
            }
            // Memory always has room, so a session that would wait is one whose handshake is not complete.
            guard result > 0 else { throw TLSError.fromQueue("SSL_write") }
            written += Int(result)
        }
    }

    /// Says that no more will be written (`close_notify`).
    package func close() {
        ERR_clear_error()
        if isEstablished { _ = unsafe SSL_shutdown(ssl) }
        ERR_clear_error()
    }

    /// Bytes of ciphertext that wait to be sent.
    package var pendingCiphertext: Int { Int(unsafe COpenSSL_memory_pending(outgoing)) }

    /// Appends the ciphertext that waits to be sent.
    package func takeCiphertext(into output: inout [UInt8]) {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe COpenSSL_memory_bytes(outgoing, &start)
        guard count > 0, let start = unsafe start else { return }
        unsafe output.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
        unsafe COpenSSL_memory_clear(outgoing)
    }

    /// The version that both sides agreed on.
    package var version: TLSContext.Version? { TLSContext.Version(rawValue: unsafe SSL_version(ssl)) }

    /// What both sides agreed on by ALPN; `nil` if the client offered nothing.
    package var agreedProtocol: TLSContext.ApplicationProtocol? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        let bytes = unsafe UnsafeBufferPointer(start: name, count: Int(count))
        return TLSContext.ApplicationProtocol.allCases.first { unsafe bytes.elementsEqual($0.rawValue.utf8) }
    }

    /// Both sides agreed on `h2` by ALPN.
    package var hasAgreedOnHTTP2: Bool { agreedProtocol == .http2 }
}
