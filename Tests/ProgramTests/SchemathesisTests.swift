import Foundation
import ProgramTesting
import Testing

/// Schemathesis against a running server: requests that the contract allows and requests that it forbids.
@Suite struct SchemathesisTests {
    private static let fuzzer = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Schema/fuzz.py")
        .path

    /// `BOMBYX_SCHEMA_EXAMPLES` is how many requests of either kind each operation gets, `BOMBYX_SEED` begins them.
    @Test func `Every answer over HTTP2 is one that openapi.yaml declares, whatever is asked`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let app = try scenario.party("app", deposit: 1_000_000_000_000)
        let folder = try ScratchFolder()
        try folder.write(app.key + "\n", to: "app.key")
        let given = ProcessInfo.processInfo.environment
        let fuzzing = try Shell(
            [Shell.root + "/.build/python/bin/python", Self.fuzzer],
            in: folder.path,
            environment: [
                "BOMBYX_URL": "https://\(server.https)", "BOMBYX_CA": server.certificate,
                "BOMBYX_OPENAPI": Shell.root + "/openapi.yaml", "BOMBYX_KEY_FILE": server.folder + "/operator.key",
                "BOMBYX_ACCOUNT_KEY_FILE": folder.path + "/app.key",
                "BOMBYX_EXAMPLES": given["BOMBYX_SCHEMA_EXAMPLES"] ?? "4", "BOMBYX_SEED": given["BOMBYX_SEED"] ?? "1",
            ]
        )
        #expect(fuzzing.status == 0, "Deploy/test fetches Schemathesis: \(fuzzing.output)\n\(fuzzing.errors)")
        #expect(fuzzing.output.contains("200: ") && fuzzing.output.contains("422: "), "\(fuzzing.output)")
        #expect(server.isRunning, "\(server.logText)")
    }
}
