import Foundation
import JSON
import Testing

@testable import TON

/// A chain that runs the real code of contracts: `Harness/chain.py`, in a process of its own.
///
/// `Deploy/test` installs what it needs. Where that is not installed the tests say so; they fail if `BOMBYX_CONTRACTS`
/// is set, which `Deploy/test` does.
final class ChainProcess {
    private let process = Process()
    private let questions = Pipe()
    private let answers = Pipe()
    private var unread = Data()

    /// The root of the package.
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Harness/chain.py")

    private static func path(_ variable: String, _ standard: String) -> String {
        ProcessInfo.processInfo.environment[variable] ?? root.appending(path: standard).path
    }

    private static let python = path("BOMBYX_CONTRACTS_PYTHON", ".build/python/bin/python")
    private static let emulator = path("BOMBYX_CONTRACTS_EMULATOR", ".build/emulator")

    /// Whether everything is installed, or must be.
    static let isThere: Bool = {
        let files = [python, emulator + "/pytvm/engine/libemulator-linux-x86_64.so"]
        if files.allSatisfy(FileManager.default.fileExists) { return true }
        let text = "The code of contracts is NOT run: Deploy/test installs \(files.joined(separator: " and ")).\n"
        FileHandle.standardError.write(Data(text.utf8))
        return ProcessInfo.processInfo.environment["BOMBYX_CONTRACTS"] != nil
    }()

    /// Runs another script of the folder to its end, and gives what it says if it fails.
    static func failure(of name: String) throws -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: python)
        process.arguments = [script.deletingLastPathComponent().appending(path: name).path]
        process.standardOutput = output
        try process.run()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? nil : String(decoding: said, as: UTF8.self)
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// A chain without accounts whose clock shows `now`, in seconds since 1970.
    init(now: UInt64 = 1_800_000_000) throws {
        process.executableURL = URL(filePath: Self.python)
        process.arguments = [Self.script.path, Self.emulator]
        process.standardInput = questions
        process.standardOutput = answers
        try process.run()
        _ = try answer()
        try ask(["op": "reset", "now": now])
    }

    deinit {
        try? questions.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Asks, and gives the answer; throws what the chain complains of.
    @discardableResult
    private func ask(_ question: [String: any Sendable]) throws -> JSONValue {
        let line = try JSONSerialization.data(withJSONObject: question) + Data([0x0A])
        try questions.fileHandleForWriting.write(contentsOf: line)
        return try answer()
    }

    private func answer() throws -> JSONValue {
        while unread.firstIndex(of: 0x0A) == nil {
            let bytes = answers.fileHandleForReading.availableData
            guard !bytes.isEmpty else { throw Failure(description: "the chain has ended: is everything installed?") }
            unread += bytes
        }
        let end = unread.firstIndex(of: 0x0A) ?? unread.endIndex
        let line = Array(unread[..<end])
        unread = Data(unread[(end + 1)...])
        let json = try JSONValue(line, limits: JSONLimits(depthMax: 8, bytesMax: 1 << 24))
        guard json["ok"]?.boolean == true else { throw Failure(description: json["error"]?.string ?? "no answer") }
        return json
    }

    /// What a transaction did, or why there was none.
    struct Step {
        let account: Address
        /// Whether there was a transaction. A refused message costs nothing.
        let isAccepted: Bool
        let exitCode: Int64?
        let actionCode: Int64?
        let isAborted: Bool
        /// Actions that were left out without a word.
        let skipped: Int64
        let sent: Int64
        /// What came with the message from another contract.
        let value: Coins?
        let comment: String?
        let isBounced: Bool
        let messageHash: String

        init(_ json: JSONValue) throws {
            account = try json.address("account")
            isAccepted = try #require(json["accepted"]?.boolean as Bool?)
            exitCode = json["exit_code"]?.integer
            actionCode = json["action_code"]?.integer
            isAborted = json["aborted"]?.boolean ?? false
            skipped = json["skipped"]?.integer ?? 0
            sent = json["sent"]?.integer ?? 0
            value = json["value"] == nil ? nil : try json.coins("value")
            comment = json["comment"]?.string
            isBounced = json["bounced"]?.boolean ?? false
            messageHash = try json.text("message_hash")
        }
    }

    func set(now: UInt64) throws { try ask(["op": "time", "now": now]) }

    /// The code of a contract, which is not ours and is taken only with its hash.
    func code(_ known: ContractCode) throws -> Cell {
        let hash = known.hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let cell = try ask(["op": "code", "hash": hash]).cell("boc")
        #expect(known.matches(cell), "hash and depth")
        return cell
    }

    func fund(_ address: Address, _ value: UInt64) throws {
        try ask(["op": "fund", "address": address.description, "value": String(value)])
    }

    func balance(_ address: Address) throws -> Coins {
        try ask(["op": "account", "address": address.description]).coins("balance")
    }

    func state(_ address: Address) throws -> String {
        try ask(["op": "account", "address": address.description]).text("state")
    }

    /// Sends the bytes that we would send, and follows everything that comes of it.
    func send(_ message: ExternalMessage) throws -> [Step] {
        let bag = Data(try message.bag()).base64EncodedString()
        let steps = try ask(["op": "send", "boc": bag]).list("steps").map(Step.init)
        #expect(steps[0].messageHash == (try message.cell().hex), "the chain has read our message")
        return steps
    }

    /// The first number that a method of a contract gives, in hexadecimal.
    func ask(_ address: Address, _ method: String, _ stack: [Int64] = []) throws -> String {
        let question: [String: any Sendable] = [
            "op": "ask", "address": address.description, "method": method, "stack": stack.map { String($0) },
        ]
        return try #require(try ask(question).list("stack").first?.string)
    }
}
