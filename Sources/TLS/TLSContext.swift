internal import COpenSSL

/// What many TLS sessions have in common: certificate, key, versions, ciphers, ALPN.
///
/// It is not changed after it was made, and OpenSSL counts its references atomically, so threads may share it.
@safe package final class TLSContext: Sendable {
    // Written once in init; SSL_CTX is safe for concurrent SSL_new.
    nonisolated(unsafe) let handle: OpaquePointer

    /// The TLS versions that a session may agree on.
    package enum Version: Int32, Sendable {
        /// RFC 5246, with AEAD ciphers and ephemeral keys only.
        case v1_2 = 0x0303
        /// RFC 8446.
        case v1_3 = 0x0304
    }

    /// What a server speaks inside TLS, by the names of RFC 7301's registry; the earlier one is preferred.
    package enum ApplicationProtocol: String, CaseIterable, Sendable {
        /// HTTP/2 (RFC 9113).
        case http2 = "h2"
        /// HTTP/1.1 (RFC 9112).
        case http1 = "http/1.1"
    }

    /// Ciphers for TLS 1.2: forward secret and authenticated ones, which are those that RFC 9113, appendix A,
    /// does not forbid. The ciphers of TLS 1.3 are all of that kind.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    /// For servers: the certificate chain and the key of two PEM files. A client that offers application
    /// protocols, but none of ``ApplicationProtocol``, gets the alert `no_application_protocol` (RFC 7301,
    /// section 3.2).
    package static func server(
        certificatePath: String,
        keyPath: String,
        versions: ClosedRange<Version> = .v1_2 ... .v1_3
    ) throws(TLSError) -> TLSContext {
        let context = try TLSContext(for: .server, versions: versions)
        ERR_clear_error()
        // OpenSSL would ask the terminal for a passphrase.
        unsafe SSL_CTX_set_default_passwd_cb(context.handle) { _, _, _, _ in 0 }
        guard unsafe SSL_CTX_use_certificate_chain_file(context.handle, certificatePath) == 1 else {
            throw TLSError.fromQueue(path: certificatePath)
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(context.handle, keyPath, SSL_FILETYPE_PEM) == 1 else {
            throw TLSError.fromQueue(path: keyPath)
        }
        guard unsafe SSL_CTX_check_private_key(context.handle) == 1 else { throw TLSError.fromQueue(path: keyPath) }

        // One ticket is enough for a client that keeps one connection; two are OpenSSL's habit.
        guard unsafe SSL_CTX_set_num_tickets(context.handle, 1) == 1 else {
            throw TLSError.fromQueue("SSL_CTX_set_num_tickets")
        }
        unsafe SSL_CTX_set_alpn_select_cb(context.handle, selectProtocol, nil)
        return context
    }

    /// For clients: verifies the server's certificate and name against the certificates of a PEM file, which
    /// may be the server's own, or against those that the system trusts (`nil`), and offers `protocols` by ALPN.
    /// Only a measurement may do without the check (`verifiesServer`): then anybody may be the server.
    package static func client(
        authorityPath: String? = nil,
        versions: ClosedRange<Version> = .v1_2 ... .v1_3,
        protocols: [String] = ["h2"],
        verifiesServer: Bool = true
    ) throws(TLSError) -> TLSContext {
        let context = try TLSContext(for: .client, versions: versions)
        ERR_clear_error()
        unsafe SSL_CTX_set_verify(context.handle, verifiesServer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if let authorityPath {
            guard unsafe SSL_CTX_load_verify_locations(context.handle, authorityPath, nil) == 1 else {
                throw TLSError.fromQueue(path: authorityPath)
            }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(context.handle) == 1 else {
                throw TLSError.fromQueue("SSL_CTX_set_default_verify_paths")
            }
        }
        // Each name behind its length (RFC 7301, section 3.1).
        let offered = protocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + $0.utf8 }
        // Unlike every other call, this one answers 0 for success.
        guard unsafe SSL_CTX_set_alpn_protos(context.handle, offered, UInt32(offered.count)) == 0 else {
            throw TLSError.fromQueue("SSL_CTX_set_alpn_protos")
        }
        return context
    }

    /// The side of a connection.
    private enum Side { case server, client }

    private init(for side: Side, versions: ClosedRange<Version>) throws(TLSError) {
        ERR_clear_error()
        let method = unsafe side == .server ? TLS_server_method() : TLS_client_method()
        guard let handle = unsafe SSL_CTX_new(method) else { throw TLSError.fromQueue("SSL_CTX_new") }
        unsafe self.handle = handle
        unsafe COpenSSL_CTX_set_habits(handle)
        let (least, most) = (versions.lowerBound.rawValue, versions.upperBound.rawValue)
        guard unsafe COpenSSL_CTX_set_versions(handle, least, most) == 1 else {
            throw TLSError.fromQueue("SSL_CTX_set_min_proto_version")
        }
        guard unsafe SSL_CTX_set_cipher_list(handle, Self.ciphers) == 1 else {
            throw TLSError.fromQueue("SSL_CTX_set_cipher_list")
        }
    }

    deinit { unsafe SSL_CTX_free(handle) }
}

extension TLSContext.Version: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Picks the protocol that we prefer from those that a client offers, each behind its length, or refuses the
/// handshake.
private func selectProtocol(
    _: OpaquePointer?,
    selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    selectedCount: UnsafeMutablePointer<UInt8>?,
    offered: UnsafePointer<UInt8>?,
    offeredCount: UInt32,
    _: UnsafeMutableRawPointer?
) -> Int32 {
    let bytes = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    for candidate in TLSContext.ApplicationProtocol.allCases {
        var start = 0
        while start < bytes.count {
            let end = start + 1 + Int(unsafe bytes[start])
            guard end <= bytes.count else { break }
            let name = unsafe UnsafeBufferPointer(rebasing: bytes[(start + 1)..<end])
            if unsafe name.elementsEqual(candidate.rawValue.utf8) {
                unsafe selected?.pointee = name.baseAddress
                unsafe selectedCount?.pointee = UInt8(name.count)
                return SSL_TLSEXT_ERR_OK
            }
            start = end
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
