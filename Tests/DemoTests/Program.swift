import Foundation
import ProgramTesting
import Testing

/// The program as it was built with these tests, or the one that `BOMBYX_PROGRAM` names, run as a user runs it.
enum Program {
    /// The root of the package.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static var path: String { TestServer.executable }
    static var folder: String { URL(fileURLWithPath: path).deletingLastPathComponent().path }

    /// Without it the tests of the program are skipped, visibly.
    static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// What a command did.
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs a program to its end; `while` is called with its process once it has started.
    static func run(
        _ executable: String,
        _ arguments: [String],
        in folder: Folder,
        while body: (Process) throws -> Void = { _ in }
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        var environment = ProcessInfo.processInfo.environment
        environment["DATABASE_URL"] = nil
        environment["BOMBYX_KEY_FILE"] = nil
        environment["TMPDIR"] = folder.path
        process.environment = environment
        // Files, because a full pipe would stop the program.
        let output = folder.path + "/output.txt"
        let errors = folder.path + "/errors.txt"
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        try body(process)
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8)
        )
    }
}

/// A folder that is removed with the value. Everybody may pass through it, as the database's user must.
final class Folder {
    let path: String

    init() throws {
        path = TestServer.parent + "/bombyx-tests-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The names in it.
    var entries: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
}

/// Waits until `condition` holds, bounded; a test that does not see it fails.
func waitUntil(_ what: String, seconds: Int = 90, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "waited in vain: \(what)")
        usleep(20_000)
    }
}
