internal import Foundation
internal import Glibc
internal import HTTP2
internal import Postgres
internal import Sockets

/// nghttp2's own load generator and server: measures that we did not make ourselves.
struct Nghttp2Tools {
    private let h2load: String
    private let nghttpd: String

    /// Finds both; throws a sentence with what to install.
    init() throws {
        guard let h2load = Self.find("h2load"), let nghttpd = Self.find("nghttpd") else {
            throw CommandFailure(
                "h2load and nghttpd are needed: install Debian's packages nghttp2-client and nghttp2-server"
            )
        }
        self.h2load = h2load
        self.nghttpd = nghttpd
    }

    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        // Debian puts nghttpd where only root looks.
        return (path.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/sbin"])
            .map { $0 + "/" + name }
            .first { $0.hasPrefix("/") && FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// A load as h2load understands it.
    struct Load {
        var requests: Int
        var connections: Int
        var inFlight: Int
    }

    /// Longer than any load takes; h2load itself waits for ever.
    private static let patience = Duration.seconds(1_800)

    /// Posts the file `body` to `url`, or gets what is there without one, again and again, and returns what h2load
    /// says. The key is an argument of h2load and so in the list of processes: it is one of an exchange that lives for
    /// this measurement only.
    func run(_ load: Load, url: String, body: String?, key: String?, in folder: String) throws -> H2LoadReport {
        var arguments = [
            "-n", String(load.requests), "-c", String(load.connections), "-m", String(load.inFlight), "-t", "1",
        ]
        if let body { arguments += ["-d", body, "-H", "content-type: application/json"] }
        if let key { arguments += ["-H", "authorization: Bearer " + key] }
        arguments.append(url)
        let file = folder + "/h2load.txt"
        let child = try start(h2load, arguments, output: file)
        guard let exit = child.wait(for: Self.patience) else {
            child.send(SIGKILL)
            throw CommandFailure("h2load does not end")
        }
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        guard exit == .code(0), let report = H2LoadReport(text) else {
            throw CommandFailure("h2load ended with \(exit) and said:\n\(text.suffix(800))")
        }
        return report
    }

    /// A running nghttpd; whoever starts it stops it.
    struct Reference {
        fileprivate let child: ChildProcess
        let url: String
        var pid: Int32 { child.pid }

        func stop() {
            child.send(SIGTERM)
            if child.wait(for: .seconds(5)) == nil { child.send(SIGKILL) }
        }
    }

    /// As many bytes as a short acknowledgement has.
    static let shortAnswer = 81

    /// Serves a file of so many bytes on a free port, with `threads` workers; over TLS with the certificate if there is
    /// one.
    func serve(
        bytes: Int = shortAnswer,
        threads: Int,
        streams: Int,
        certificate: (path: String, key: String)?,
        in folder: String
    ) throws -> Reference {
        let documents = folder + "/documents"
        try FileManager.default.createDirectory(atPath: documents, withIntermediateDirectories: true)
        let answer = String(repeating: "x", count: bytes)
        try answer.write(toFile: documents + "/answer", atomically: true, encoding: .utf8)
        // nghttpd does not tell which port it took: one that was free a moment ago is given to it.
        let port = try Listener(on: .loopback(port: 0)).address.port
        var arguments = ["-a", "127.0.0.1", "-d", documents, "-n", String(threads), "-m", String(streams)]
        if let certificate {
            arguments += [String(port), certificate.key, certificate.path]
        } else {
            arguments += ["--no-tls", String(port)]
        }
        let file = folder + "/nghttpd.txt"
        let child = try start(nghttpd, arguments, output: file)
        let base = (certificate == nil ? "http" : "https") + "://127.0.0.1:\(port)"
        let endpoint = try Endpoint(url: base, certificate: certificate?.path)
        let deadline = ContinuousClock.now + .seconds(10)
        while !Self.answers(endpoint, bytes) {
            guard child.exit == nil, ContinuousClock.now < deadline else {
                child.send(SIGKILL)
                let said = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
                throw CommandFailure("nghttpd does not answer; it said: \(said.suffix(400))")
            }
            pause(milliseconds: 20)
        }
        return Reference(child: child, url: base + "/answer")
    }

    private static func answers(_ endpoint: Endpoint, _ bytes: Int) -> Bool {
        guard let client = try? ExchangeClient(endpoint, key: nil) else { return false }
        defer { client.close() }
        return (try? client.bytes("GET", "/answer"))?.count == bytes
    }

    private func start(_ path: String, _ arguments: [String], output: String) throws -> ChildProcess {
        let file = unsafe open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CommandFailure("\(output) cannot be written") }
        defer { close(file) }
        return try ChildProcess(
            ChildProcess.Command(path: path, arguments: arguments, deathSignal: SIGTERM),
            output: file
        )
    }
}
