import Foundation
import HTTP2
import PostgresTesting
import ProgramTesting
import TLS
import Testing

/// `bombyx serve` and `bombyx migrate` as an operator meets them.
@Suite(.serialized) struct ServeTests {
    @Test func `SIGHUP reads the certificate again, and a bad one leaves the old in place`() throws {
        let server = try TestServer()
        defer { server.remove() }
        _ = try server.connect(tls: true)
        let renewed = server.folder + "/renewed.pem"
        let key = server.folder + "/renewed-key.pem"
        try SelfSignedCertificate.makeIfMissing(certificatePath: renewed, keyPath: key)
        let certificatePath = server.certificate
        let keyPath = server.folder + "/tls-key.pem"
        try replace(certificatePath, by: renewed)
        try replace(keyPath, by: key)
        kill(server.pid, SIGHUP)
        try wait(for: "read the certificate again", in: server)
        // The client trusts the file that is there now, and nothing else.
        #expect(try server.connect(tls: true).call("GET", "/healthz").status == 200)

        try Data("no certificate".utf8).write(to: URL(fileURLWithPath: keyPath))
        kill(server.pid, SIGHUP)
        try wait(for: "kept the old certificate", in: server)
        #expect(try server.connect(tls: true).call("GET", "/healthz").status == 200)
    }

    @Test func `With DATABASE_URL the migrations are the operator's to run, and then the server uses that database`()
        throws
    {
        let url = try TestCluster.shared().connectionString()
        let environment = ["DATABASE_URL": url]
        let refused = try run(["serve", "--listen", "127.0.0.1:0", "--tls-listen", "off"], environment)
        #expect(refused.status == 1 && refused.text.contains("bombyx migrate"), "\(refused.text)")
        let plan = try run(["migrate", "--dry-run"], environment)
        #expect(plan.status == 0 && plan.text.contains("would apply"), "\(plan.text)")
        let migrated = try run(["migrate"], environment)
        #expect(migrated.status == 0 && migrated.text.contains("up to date"), "\(migrated.text)")

        let server = try TestServer(environment: environment)
        defer { server.remove() }
        #expect(try server.connect().call("GET", "/readyz").status == 200)
        #expect(!FileManager.default.fileExists(atPath: server.folder + "/postgres"), "no cluster of its own")
        #expect(server.terminate() == 0)
        try server.start()
        #expect(try server.connect().call("GET", "/readyz").status == 200, "a stop gives the leadership back")
    }

    @Test func `What cannot work is said in one sentence, and leaves nothing behind`() throws {
        let folder = "/var/tmp/bombyx-test-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cases: [(arguments: [String], status: Int32, text: String)] = [
            (["--listen", "nowhere"], 64, "--listen is an address and a port"),
            (["--tls-cert", "/x.pem"], 64, "go together"),
            (["--connections", "0"], 64, "--connections is 1 to"),
            (["--connections", "10", "--connections-per-address", "11"], 64, "--connections-per-address is 1 to"),
            (["--advertise", "exchange.example:8443"], 64, "--advertise is a URL"),
            (["--advertise", "https://exchange.example/v1"], 64, "--advertise is a URL"),
            (["--tls-cert", "/no/such.pem", "--tls-key", "/no/such.pem"], 1, "--tls-cert and --tls-key"),
        ]
        for row in cases {
            let result = try run(["serve", "--state-dir", folder] + row.arguments, [:])
            #expect(result.status == row.status && result.text.contains(row.text), "\(row): \(result.text)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/postgres"), "no database was made for nothing")
        let verify = try run(["verify", "markets", "/no/such.json"], [:])
        #expect(verify.status == 2 && verify.text.contains("cannot read /no/such.json"), "\(verify.text)")
    }

    private func replace(_ file: String, by other: String) throws {
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: other, toPath: file)
    }

    private func wait(for text: String, in server: TestServer) throws {
        let deadline = Date().addingTimeInterval(10)
        while Date() < deadline {
            if server.logText.contains(text) { return }
            usleep(20_000)
        }
        Issue.record("the server never said \"\(text)\": \(server.logText)")
    }

    /// Runs the program to its end, in a folder of its own.
    private func run(
        _ arguments: [String],
        _ environment: [String: String]
    ) throws -> (status: Int32, text: String) {
        let folder = URL(fileURLWithPath: "/var/tmp/bombyx-test-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: TestServer.executable)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
