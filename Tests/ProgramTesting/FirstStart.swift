internal import Foundation

/// A state folder as a first start leaves it. It is made once and copied for each server of a test: to make a cluster,
/// its tables and the keys takes seconds.
enum FirstStart {
    private static let template = Result { try make() }

    /// Makes `folder`, which must not be there, a copy.
    static func copy(to folder: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // The cluster's files are another user's.
        process.arguments = ["cp", "-a", "--", try template.get(), folder]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw TestServer.Failure("\(folder) could not be copied") }
    }

    private static func make() throws -> String {
        let server = try TestServer(isFirstStart: true)
        guard server.terminate() == 0 else { throw TestServer.Failure("the first start failed: \(server.logText)") }
        server.removeLog()
        atexit {
            if case .success(let folder) = FirstStart.template { try? FileManager.default.removeItem(atPath: folder) }
        }
        return server.folder
    }
}
