import Foundation
import ProgramTesting
import Testing

/// `bombyx admin top` in a terminal.
@Suite struct TerminalTests {
    private static let opening = "\u{1B}[?1049h\u{1B}[?25l"
    private static let closing = "\u{1B}[?25h\u{1B}[?1049l"
    /// Every picture begins at the top left and clears what is below it.
    private static let home = "\u{1B}[H"
    private static let end = "\u{1B}[J"

    private func top(_ server: TestServer, _ arguments: [String] = []) throws -> PseudoTerminal {
        let command = [TestServer.executable, "admin", "top", "--state-dir", server.folder] + arguments
        return try PseudoTerminal(command, rows: 30, columns: 100)
    }

    /// The last whole picture of what was read, line by line.
    private func picture(_ text: String) -> [String] {
        let pictures = text.components(separatedBy: Self.home).filter { $0.contains(Self.end) }
        let last = pictures.last?.components(separatedBy: Self.end).first ?? ""
        // The terminal itself puts a return before each line feed.
        return last.components(separatedBy: "\r\r\n").map { $0.replacing("\u{1B}[K", with: "") }
    }

    @Test func `The screen follows the book and the size of the window, and leaves the terminal as it was`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        func offer(_ price: Int64) throws {
            let body = Scenario.offer(price: price, lots: 5)
            #expect(try scenario.client.call("POST", "/v1/offers", key: worker.key, body).status == 201)
        }
        try offer(20_000_000)
        let terminal = try top(server, ["Qwen/Qwen3-32B"])
        #expect(terminal.isSane)
        let first = terminal.read(until: "20000000")
        #expect(first.contains(Self.opening), "\(first)")
        #expect(!terminal.isSane, "keys come at once")
        try offer(19_000_000)
        let second = terminal.read(until: "19000000") + terminal.read(until: Self.end)
        #expect(picture(second).count { $0.hasPrefix("offer") } == 2, "\(second)")
        terminal.resize(rows: 4, columns: 17)
        // The picture that is on its way may be of the old size.
        _ = terminal.read(until: Self.end)
        let small = picture(terminal.read(until: Self.end))
        #expect(small.count == 4 && small.allSatisfy { $0.count <= 17 }, "\(small)")
        terminal.resize(rows: 30, columns: 100)
        let large = terminal.read(until: "last trades")
        #expect(large.contains("as of sequence"), "\(large)")
        // Ctrl-C, as a key.
        terminal.type("\u{3}")
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.output.hasSuffix(Self.closing), "the screen of before is there again")
        #expect(terminal.isSane)
    }

    @Test(arguments: ["q", "\u{4}", "SIGINT", "SIGTERM", "SIGHUP"])
    func `However it is ended, the terminal is as it was`(how: String) throws {
        let server = try TestServer()
        defer { server.remove() }
        _ = try Scenario(server)
        let terminal = try top(server, ["--interval", "60"])
        #expect(terminal.read(until: Self.end).contains(Self.opening))
        let signals = ["SIGINT": SIGINT, "SIGTERM": SIGTERM, "SIGHUP": SIGHUP]
        if let signal = signals[how] { terminal.send(signal) } else { terminal.type(how) }
        #expect(terminal.waitForEnd() == 0, "\(how)")
        #expect(terminal.output.hasSuffix(Self.closing) && terminal.isSane, "\(how)")
    }

    @Test func `A server that goes away ends it with words and a sane terminal`() throws {
        let server = try TestServer()
        defer { server.remove() }
        _ = try Scenario(server)
        let terminal = try top(server)
        #expect(terminal.read(until: Self.end).contains(Self.opening))
        #expect(server.terminate() == 0)
        #expect(terminal.waitForEnd(seconds: 30) > 0)
        #expect(terminal.output.hasSuffix(Self.closing) && terminal.isSane)
    }
}
