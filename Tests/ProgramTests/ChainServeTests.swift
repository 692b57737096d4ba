import Foundation
import JSON
import ProgramTesting
import Testing

/// `bombyx chain serve`, asked by curl.
@Suite struct ChainServeTests {
    @Test func `A chain is served, goes on with the clock, and ends when it is told to`() throws {
        let process = Process()
        process.executableURL = URL(filePath: TestServer.executable)
        process.arguments = ["chain", "serve", "--listen", "127.0.0.1:0", "--finality-blocks", "0"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        try #require(line.hasPrefix("chain http://127.0.0.1:") && line.hasSuffix("/api/v3\n"), "\(line)")
        let base = line.dropFirst("chain ".count).dropLast("/api/v3\n".count)

        let address = "0:" + String(repeating: "5", count: 64)
        #expect(try ask(base + "/local/fund", #"{"address":"\#(address)","value":"7000"}"#).status == 200)
        let deadline = Date.now + 10
        var balance: String?
        while balance != "7000", Date.now < deadline {
            let accounts = try ask(base + "/api/v3/accountStates?address=\(address)").json["accounts"]
            balance = accounts?[0]?["balance"]?.string
            usleep(50_000)
        }
        #expect(balance == "7000")
        #expect(try ask(base + "/api/v3/nothing").status == 404)
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    }

    @Test(
        arguments: [
            ["--listen", "nowhere"], ["--block-interval", "0"], ["--block-interval", "3601"],
            ["--finality-blocks", "1001"],
        ]
    )
    func `Wrong arguments are told`(arguments: [String]) throws {
        let error = #expect(throws: TestServer.Failure.self) {
            try TestServer.run(["chain", "serve"] + arguments)
        }
        #expect("\(try #require(error))".contains(arguments[0]))
    }

    private func ask(_ url: some StringProtocol, _ body: String? = nil) throws -> (status: Int, json: JSONValue) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        var arguments = ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "20", "-w", "\n%{http_code}"]
        if let body { arguments += ["-H", "content-type: application/json", "--data-binary", body] }
        process.arguments = arguments + [String(url)]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let lines = said.split(separator: "\n")
        try #require(process.terminationStatus == 0 && lines.count == 2, "\(said)")
        return (try #require(Int(lines[1])), try JSONValue(Array(lines[0].utf8)))
    }
}
