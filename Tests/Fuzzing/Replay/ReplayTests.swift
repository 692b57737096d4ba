import Foundation
import FuzzDrivers
import Testing

/// The inputs that the fuzzers have found, once more: none of them may break a property again.
@Suite struct ReplayTests {
    /// `Tests/Fuzzing`.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// A corpus with fewer files is not the one that was committed.
    private static let filesMin = 10

    private func corpus(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = Self.folder.appending(path: "Corpora/\(target.rawValue)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `Every input of the corpus keeps the properties of its target`(target: FuzzTarget) throws {
        let corpus = try corpus(of: target)
        #expect(corpus.count >= Self.filesMin)
        for input in corpus {
            #expect(throws: Never.self, "\(target)/\(input.name)") { try target.run(input.bytes) }
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `So do the inputs from which the corpora began, also when they are cut short`(target: FuzzTarget) throws {
        for (number, seed) in target.seeds.enumerated() {
            for count in stride(from: seed.count, through: 0, by: -max(1, seed.count / 40)) {
                #expect(throws: Never.self, "\(target), seed \(number), \(count) bytes") {
                    try target.run(Array(seed.prefix(count)))
                }
            }
        }
    }

    @Test func `A fuzzer of requests begins with those that are understood`() {
        for seed in FuzzTarget.request.seeds where !RequestDriver.isUnderstood(seed) {
            Issue.record("\(String(decoding: seed, as: UTF8.self))")
        }
    }

    @Test func `The corpora stay small`() throws {
        var files = 0
        var bytes = 0
        for target in FuzzTarget.allCases {
            for input in try corpus(of: target) {
                files += 1
                bytes += input.bytes.count
                #expect(input.bytes.count <= FuzzTarget.bytesMax, "\(target)/\(input.name)")
            }
        }
        #expect(files <= 400 && bytes <= 300_000, "\(files) files, \(bytes) bytes")
    }
}
