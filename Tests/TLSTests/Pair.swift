import Glibc
import Testing

@testable import TLS

/// A certificate and its key in a folder of their own.
final class CertificateFiles {
    let certificate: String
    let key: String
    private let directory: String

    init(names: [String] = []) throws {
        directory = "/tmp/tls-tests-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        certificate = "\(directory)/cert.pem"
        key = "\(directory)/key.pem"
        try #require(unsafe mkdir(directory, 0o700) == 0)
        let made = try SelfSignedCertificate.makeIfMissing(certificatePath: certificate, keyPath: key, names: names)
        try #require(made)
    }

    deinit {
        for path in [certificate, key] { unsafe unlink(path) }
        unsafe rmdir(directory)
    }

    func server() throws -> TLSContext { try TLSContext.server(certificatePath: certificate, keyPath: key) }
}

/// Two ends of one connection, without a network.
struct Pair {
    let server: TLSSession
    let client: TLSSession
    /// The network cuts what it carries into pieces of this size.
    var cutBytes = Int.max
    /// What the server said last.
    var lastFromServer: [UInt8] = []

    init(_ files: CertificateFiles, serverName: String = "localhost") throws {
        let client = try TLSContext.client(authorityPath: files.certificate)
        try self.init(server: files.server(), client: client, serverName: serverName)
    }

    init(server: TLSContext, client: TLSContext, serverName: String = "localhost") throws {
        self.server = try TLSSession(accepting: server)
        self.client = try TLSSession(connecting: client, serverName: serverName)
    }

    /// Completes the handshake on both sides, or throws what one of them says.
    mutating func shakeHands() throws {
        for _ in 0..<10_000 {
            let clientIsDone = try client.handshake()
            try move(from: client, to: server)
            do {
                let serverIsDone = try server.handshake()
                lastFromServer = try move(from: server, to: client)
                if clientIsDone, serverIsDone { return }
            } catch {
                server.takeCiphertext(into: &lastFromServer)
                throw error
            }
        }
        Issue.record("the handshake does not end")
    }

    @discardableResult
    private func move(from: TLSSession, to: TLSSession) throws -> [UInt8] {
        var bytes: [UInt8] = []
        from.takeCiphertext(into: &bytes)
        var start = 0
        while start < bytes.count {
            let end = start + min(cutBytes, bytes.count - start)
            try to.receive(bytes.span.extracting(start..<end))
            if end < bytes.count { _ = try to.handshake() }
            start = end
        }
        return bytes
    }

    /// Carries what one side has written, and gives what the other reads.
    func carry(from: TLSSession, to: TLSSession) throws -> [UInt8] {
        var bytes: [UInt8] = []
        from.takeCiphertext(into: &bytes)
        var plaintext: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = start + min(cutBytes, bytes.count - start)
            try to.receive(bytes.span.extracting(start..<end))
            start = end
            plaintext += try read(to)
        }
        return plaintext
    }

    private func read(_ session: TLSSession) throws -> [UInt8] {
        var plaintext: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            var span = buffer.mutableSpan
            guard case .bytes(let count) = try session.read(into: &span) else { return plaintext }
            plaintext += buffer[..<count]
        }
    }
}
