import Foundation
import JSON
import Testing

/// `Deploy/compare` with the program as it was built with these tests, in the size that measures nothing.
@Suite(.serialized, .enabled(if: Program.isBuilt && Compare.hasTools)) struct CompareTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    private var remains: [String] { folder.entries.filter { $0.hasPrefix("bombyx-") } }

    @Test(.timeLimit(.minutes(10)))
    func `A quick comparison measures everything and leaves nothing behind`() throws {
        let json = folder.path + "/compare.json"
        let arguments = ["--quick", "--skip-nginx", "--program", Program.path, "--json", json]
        let result = try Program.run(Compare.path, arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)\n\(result.output)")
        #expect(remains.isEmpty)
        let report = try JSONValue(Array(try Data(contentsOf: URL(fileURLWithPath: json))))
        #expect(report["quick"]?.boolean == true)
        // What both clusters promise is part of what is compared.
        #expect(report["machine"]?["postgresql_fsync"]?.string == "on")
        #expect(report["machine"]?["postgresql_synchronous_commit"]?.string == "on")
        let names = try #require(report["figures"]?.elements).compactMap { $0["name"]?.string }
        for name in Compare.names {
            #expect(names.contains(name), "\(name) in \(names)")
            #expect(result.output.contains(name))
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `An interrupted comparison leaves nothing behind`() throws {
        let arguments = ["--quick", "--skip-nginx", "--program", Program.path, "--json", folder.path + "/compare.json"]
        let result = try Program.run(Compare.path, arguments, in: folder) { process in
            try waitUntil("the servers run") {
                try #require(process.isRunning)
                let work = folder.entries.first { $0.hasPrefix("bombyx-compare") } ?? ""
                return FileManager.default.fileExists(atPath: "\(folder.path)/\(work)/postgres/data/postmaster.pid")
            }
            process.terminate()
        }
        #expect(result.status == 143)
        #expect(remains.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/compare.json"))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [["--rounds", "0"], ["--rounds"], ["--requests", "10"], ["--what"], ["--program", "/nowhere"]]
    )
    func `Wrong arguments are refused before anything is started`(arguments: [String]) throws {
        let result = try Program.run(Compare.path, arguments, in: folder)
        #expect(result.status == 1)
        #expect(!result.errors.isEmpty)
        #expect(remains.isEmpty)
    }
}

/// What the comparison needs and names.
enum Compare {
    static let path = Program.root + "/Deploy/compare"

    /// Without these it would install packages, which no test does; `Deploy/test` has installed them.
    static var hasTools: Bool {
        let folders = ["/usr/bin", "/usr/sbin"]
        return ["h2load", "nghttpd", "curl"].allSatisfy { name in
            folders.contains { FileManager.default.isExecutableFile(atPath: $0 + "/" + name) }
        }
    }

    static let names = [
        "disk", "nghttpd", "bombyx", "nghttpd_tls", "bombyx_tls", "pgbench_bare", "pgbench_textbook", "bombyx_single",
        "pgbench_bare_single", "pgbench_textbook_single", "bombyx_sustained", "pgbench_bare_sustained",
        "pgbench_textbook_sustained", "bombyx/nghttpd", "bombyx_tls/nghttpd_tls", "bombyx/pgbench_bare",
        "bombyx/pgbench_textbook", "bombyx_single_p50/disk_write", "bombyx_single_p99/disk_write",
    ]
}
