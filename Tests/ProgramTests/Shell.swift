import Foundation
import ProgramTesting

/// A program of the system and what it said.
struct Shell {
    let status: Int32
    let output: String
    let errors: String

    /// The root of the package.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized.path

    /// Runs a program of the search path to its end; both streams go through files, so that neither can hold it up.
    init(_ command: [String], in folder: String, environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let streams = try ["out", "err"].map { name in
            let path = folder + "/" + UUID().uuidString + "." + name
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw TestServer.Failure("cannot write \(path)")
            }
            return path
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: streams[0])
        process.standardError = FileHandle(forWritingAtPath: streams[1])
        try process.run()
        process.waitUntilExit()
        status = process.terminationStatus
        let texts = try streams.map { try String(decoding: Data(contentsOf: URL(fileURLWithPath: $0)), as: UTF8.self) }
        output = texts[0]
        errors = texts[1]
    }
}

/// A folder that is gone when the value is.
final class ScratchFolder {
    let path = "/var/tmp/bombyx-test-\(UUID().uuidString.prefix(8))"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file into it.
    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }
}
