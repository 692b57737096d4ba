import Glibc
import Testing

@testable import TLS

@Suite struct TLSTests {
    @Test(arguments: [TLSContext.Version.v1_2, .v1_3]) func `A handshake agrees on a version and on h2`(
        version: TLSContext.Version
    ) throws {
        let files = try CertificateFiles()
        let client = try TLSContext.client(authorityPath: files.certificate, versions: version...version)
        var pair = try Pair(server: files.server(), client: client)
        try pair.shakeHands()
        #expect(pair.server.version == version)
        #expect(pair.client.hasAgreedOnHTTP2)
        #expect(pair.server.hasAgreedOnHTTP2)
    }

    @Test func `What one side writes, the other reads, also much of it`() throws {
        let files = try CertificateFiles()
        var pair = try Pair(files)
        try pair.shakeHands()
        let text = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try pair.client.write(text.span)
        #expect(try pair.carry(from: pair.client, to: pair.server) == text)
        try pair.server.write(text.span)
        #expect(try pair.carry(from: pair.server, to: pair.client) == text)
    }

    @Test func `It makes no difference how the network cuts the bytes`() throws {
        let files = try CertificateFiles()
        var pair = try Pair(files)
        pair.cutBytes = 1
        try pair.shakeHands()
        try pair.client.write(Array("hello".utf8).span)
        #expect(try pair.carry(from: pair.client, to: pair.server) == Array("hello".utf8))
    }

    @Test(arguments: [["http/1.0"], ["spdy/3", "http/1", "h2c", "h"], ["H2"], ["http/1.1x"]])
    func `A client that offers other protocols only is refused`(protocols: [String]) throws {
        let files = try CertificateFiles()
        let client = try TLSContext.client(authorityPath: files.certificate, protocols: protocols)
        var pair = try Pair(server: files.server(), client: client)
        #expect(throws: TLSError.self) { try pair.shakeHands() }
        // The alert is fatal (2) and says no_application_protocol (120).
        #expect(pair.lastFromServer.suffix(2) == [2, 120])
    }

    @Test(
        arguments: [
            (["http/1.1", "h2"], .http2), (["h2", "http/1.1"], .http2), (["spdy/3", "h2"], .http2),
            (["http/1.1"], .http1), (["http/1.0", "http/1.1"], .http1), ([], nil),
        ] as [([String], TLSContext.ApplicationProtocol?)]
    )
    func `A client that offers h2 among others gets h2, or else HTTP1`(
        protocols: [String],
        agreed: TLSContext.ApplicationProtocol?
    ) throws {
        let files = try CertificateFiles()
        let client = try TLSContext.client(authorityPath: files.certificate, protocols: protocols)
        var pair = try Pair(server: files.server(), client: client)
        try pair.shakeHands()
        #expect(pair.server.agreedProtocol == agreed)
        #expect(pair.client.agreedProtocol == agreed)
        #expect(pair.server.hasAgreedOnHTTP2 == (agreed == .http2))
    }

    @Test(arguments: ["localhost", "127.0.0.1", "::1", "market.example", "10.0.0.9"])
    func `A certificate carries the local names and the given ones`(name: String) throws {
        let files = try CertificateFiles(names: ["market.example", "10.0.0.9"])
        var pair = try Pair(files, serverName: name)
        try pair.shakeHands()
    }

    @Test func `Another name is refused by the client`() throws {
        let files = try CertificateFiles()
        var pair = try Pair(files, serverName: "evil.example")
        #expect(throws: TLSError.self) { try pair.shakeHands() }
    }

    @Test func `Another certificate is refused by the client`() throws {
        let (files, others) = (try CertificateFiles(), try CertificateFiles())
        let client = try TLSContext.client(authorityPath: others.certificate)
        var pair = try Pair(server: files.server(), client: client)
        #expect(throws: TLSError.self) { try pair.shakeHands() }
        let system = try TLSContext.client()
        var other = try Pair(server: files.server(), client: system)
        #expect(throws: TLSError.self) { try other.shakeHands() }
    }

    @Test func `TLS 1_1 is not spoken`() throws {
        let files = try CertificateFiles()
        let server = try TLSSession(accepting: files.server())
        // A ClientHello of TLS 1.1: record 3.1, hello 3.2, one cipher.
        let hello: [UInt8] =
            [22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2] + [UInt8](repeating: 1, count: 32) + [0, 0, 2, 0xC0, 0x13, 1, 0]
        try server.receive(hello.span)
        #expect(throws: TLSError.self) { try server.handshake() }
    }

    @Test func `A goodbye is heard`() throws {
        let files = try CertificateFiles()
        var pair = try Pair(files)
        try pair.shakeHands()
        pair.client.close()
        var bytes: [UInt8] = []
        pair.client.takeCiphertext(into: &bytes)
        try pair.server.receive(bytes.span)
        var buffer = [UInt8](repeating: 0, count: 8)
        var span = buffer.mutableSpan
        #expect(try pair.server.read(into: &span) == .closed)
    }

    @Test func `Garbage is an error, and the session survives being dropped`() throws {
        let files = try CertificateFiles()
        let server = try TLSSession(accepting: files.server())
        try server.receive(Array("GET / HTTP/1.1\r\nhost: x\r\n\r\n".utf8).span)
        #expect(throws: TLSError.self) { try server.handshake() }
    }

    @Test func `A certificate is made once, with a key that only its owner reads`() throws {
        let files = try CertificateFiles()
        let again = try SelfSignedCertificate.makeIfMissing(certificatePath: files.certificate, keyPath: files.key)
        #expect(!again)
        var status = stat()
        #expect(unsafe stat(files.key, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `New connections take a reloaded certificate, and bad files change nothing`() throws {
        let (files, others) = (try CertificateFiles(), try CertificateFiles())
        let box = try ReloadableTLSContext(certificatePath: files.certificate, keyPath: files.key)
        let client = try TLSContext.client(authorityPath: others.certificate)

        #expect(unsafe rename(others.key, files.key) == 0)
        #expect(throws: TLSError.self, "the key does not belong to the certificate") { try box.reload() }
        var before = try Pair(server: box.current, client: client)
        #expect(throws: TLSError.self) { try before.shakeHands() }

        #expect(unsafe link(others.certificate, files.certificate + ".2") == 0)
        #expect(unsafe rename(files.certificate + ".2", files.certificate) == 0)
        try box.reload()
        var after = try Pair(server: box.current, client: client)
        try after.shakeHands()
    }

    @Test func `A missing file is named`() {
        let error = #expect(throws: TLSError.self) {
            try ReloadableTLSContext(certificatePath: "/nowhere/cert.pem", keyPath: "/nowhere/key.pem")
        }
        #expect(error.map { "\($0)".hasPrefix("/nowhere/cert.pem: ") } == true)
    }
}
