import Foundation
import Testing

/// `Deploy/compare` before it measures. `Deploy/compare --quick` shows the rest, by hand: a child of a thread of
/// Dispatch has SIGALRM blocked, and under a test `pgbench -T`, which ends by it, did not end.
@Suite(.serialized) struct CompareTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    private var remains: [String] { folder.entries.filter { $0.hasPrefix("bombyx-") } }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [["--rounds", "0"], ["--rounds"], ["--requests", "10"], ["--what"], ["--program", "/nowhere"]]
    )
    func `Wrong arguments are refused before anything is started`(arguments: [String]) throws {
        let result = try Program.run(Program.root + "/Deploy/compare", arguments, in: folder)
        #expect(result.status == 1)
        #expect(!result.errors.isEmpty)
        #expect(remains.isEmpty)
    }
}
