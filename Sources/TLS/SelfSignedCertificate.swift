internal import COpenSSL
internal import Glibc
internal import Sockets

/// A certificate that the server makes for itself, for use without a certificate authority.
package enum SelfSignedCertificate {
    /// What Apple's clients accept of a certificate's life, in days; others accept more.
    package static let days = 825

    /// Names that every certificate carries besides the given ones.
    private static let localNames = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]

    /// Makes a P-256 key (mode 0600) and a certificate that it signs itself, as PEM files, unless both are there.
    /// Returns whether it made them.
    ///
    /// `names` are further DNS names or IP addresses by which clients will reach the server.
    @discardableResult
    package static func makeIfMissing(
        certificatePath: String,
        keyPath: String,
        names: [String] = []
    ) throws(TLSError) -> Bool {
        if unsafe access(certificatePath, F_OK) == 0, unsafe access(keyPath, F_OK) == 0 { return false }

        ERR_clear_error()
        guard let key = unsafe COpenSSL_new_P256_key() else { throw TLSError.fromQueue("EVP_EC_gen") }
        defer { unsafe EVP_PKEY_free(key) }
        guard let certificate = unsafe X509_new() else { throw TLSError.fromQueue("X509_new") }
        defer { unsafe X509_free(certificate) }

        unsafe try fill(certificate, names: names)
        guard unsafe X509_set_pubkey(certificate, key) == 1 else { throw TLSError.fromQueue("X509_set_pubkey") }
        guard unsafe X509_sign(certificate, key, EVP_sha256()) > 0 else { throw TLSError.fromQueue("X509_sign") }

        let keyText = unsafe try text { unsafe PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
        let certificateText = unsafe try text { unsafe PEM_write_bio_X509($0, certificate) }
        try write(keyText, to: keyPath, mode: 0o600)
        try write(certificateText, to: certificatePath, mode: 0o644)
        return true
    }

    @unsafe private static func fill(_ certificate: OpaquePointer, names: [String]) throws(TLSError) {
        guard unsafe X509_set_version(certificate, 2) == 1 else { throw TLSError.fromQueue("X509_set_version") }

        // A random serial number, as CAs use, so that a new certificate is never taken for the old one.
        let serial = UInt64.random(in: 1...UInt64(Int64.max))
        guard unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1 else {
            throw TLSError.fromQueue("ASN1_INTEGER_set_uint64")
        }
        // An hour of tolerance for clients whose clock is behind.
        let hour = 3_600
        unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -hour)
        unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), days * 24 * hour - hour)

        let name = unsafe X509_get_subject_name(certificate)
        let commonName = Array("Bombyx (self-signed)".utf8)
        let utf8 = MBSTRING_UTF8
        guard unsafe X509_NAME_add_entry_by_txt(name, "CN", utf8, commonName, Int32(commonName.count), -1, 0) == 1
        else { throw TLSError.fromQueue("X509_NAME_add_entry_by_txt") }
        guard unsafe X509_set_issuer_name(certificate, name) == 1 else {
            throw TLSError.fromQueue("X509_set_issuer_name")
        }

        unsafe try add(NID_basic_constraints, "critical,CA:FALSE", to: certificate)
        unsafe try add(NID_key_usage, "critical,digitalSignature", to: certificate)
        unsafe try add(NID_ext_key_usage, "serverAuth", to: certificate)
        let given = names.map {
            (SocketAddress("[\($0)]:0") ?? SocketAddress("\($0):0")) == nil ? "DNS:\($0)" : "IP:\($0)"
        }
        unsafe try add(NID_subject_alt_name, (localNames + given).joined(separator: ","), to: certificate)
    }

    @unsafe private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) throws(TLSError) {
        guard let made = unsafe X509V3_EXT_conf_nid(nil, nil, kind, value) else {
            throw TLSError.fromQueue("X509V3_EXT_conf_nid \(value)")
        }
        defer { unsafe X509_EXTENSION_free(made) }
        guard unsafe X509_add_ext(certificate, made, -1) == 1 else { throw TLSError.fromQueue("X509_add_ext") }
    }

    /// What `write` puts into a memory BIO.
    private static func text(_ write: (OpaquePointer) -> Int32) throws(TLSError) -> [UInt8] {
        guard let memory = unsafe BIO_new(BIO_s_mem()) else { throw TLSError.fromQueue("BIO_new") }
        defer { unsafe BIO_free(memory) }
        guard unsafe write(memory) == 1 else { throw TLSError.fromQueue("PEM_write_bio") }
        var bytes = [UInt8](repeating: 0, count: Int(unsafe COpenSSL_memory_pending(memory)))
        let count = unsafe BIO_read(memory, &bytes, Int32(bytes.count))
        guard count == bytes.count else { throw TLSError.fromQueue("BIO_read") }
        return bytes
    }

    /// Writes the file under another name, makes it durable, and only then gives it its name.
    private static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(TLSError) {
        let temporary = "\(path).new"
        do throws(SystemError) {
            unsafe unlink(temporary)
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
            let file = try FileDescriptor(owning: unsafe open(temporary, flags, mode), from: "open \(temporary)")
            guard unsafe Glibc.write(file.rawValue, bytes, bytes.count) == bytes.count else {
                throw SystemError(call: "write \(temporary)", errno: errno)
            }
            guard fsync(file.rawValue) == 0 else { throw SystemError(call: "fsync \(temporary)", errno: errno) }
            guard unsafe rename(temporary, path) == 0 else { throw SystemError(call: "rename \(path)", errno: errno) }
        } catch {
            throw TLSError.system(error)
        }
    }
}
