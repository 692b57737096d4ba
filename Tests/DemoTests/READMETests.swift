import Foundation
import JSON
import Testing

/// What the README tells people to type.
@Suite(.serialized) struct READMETests {
    let text: String

    init() throws { text = try String(contentsOfFile: Program.root + "/README.md", encoding: .utf8) }

    /// Blocks of code by the words behind their fence.
    var blocks: [(kind: String, code: String)] {
        var blocks: [(String, String)] = []
        var open: (kind: String, lines: [String])?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append((block.kind, block.lines.joined(separator: "\n")))
                    open = nil
                } else {
                    open = (String(line.dropFirst(3)), [])
                }
            } else {
                open?.lines.append(String(line))
            }
        }
        return blocks
    }

    @Test func `Commands outside of the tour are those that other tests run`() {
        let tested = [
            "Deploy/run", "Deploy/test", "Deploy/compare", ".build/release/bombyx demo",
            ".build/release/bombyx bench match", ".build/release/bombyx bench engine",
            ".build/release/bombyx bench json", ".build/release/bombyx bench journal",
            ".build/release/bombyx bench requests", ".build/release/bombyx bench projector",
            ".build/release/bombyx bench capacity --orders 1000000",
            ".build/release/bombyx bench streams", ".build/release/bombyx bench receipts",
            ".build/release/bombyx bench settlement", ".build/release/bombyx bench overload",
            ".build/release/bombyx bench attacks",
            ".build/release/bombyx load", ".build/release/bombyx load --rate 20000 --plot plots",
            "bombyx ticket verify ticket.txt --key KEY", "bombyx bundle verify bundle.json --key KEY --json",
            "bombyx journal export --before 100001 journal-1.bxjf",
            "bombyx journal drop --before 100001 --file journal-1.bxjf",
        ]
        for block in blocks where block.kind == "sh" {
            for line in block.code.split(separator: "\n") {
                let command = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
                #expect(tested.contains(command))
            }
        }
        #expect(blocks.count { $0.kind == "sh tour" } >= 6)
    }

    @Test func `Every file that the README names is there`() {
        for name in ["Deploy/run", "Deploy/test", "Deploy/compare", "Sources/bombyx/Resources/README.md"] {
            #expect(text.contains(name))
            #expect(FileManager.default.fileExists(atPath: Program.root + "/" + name), "\(name)")
        }
    }

    @Test(.enabled(if: Program.isBuilt), .timeLimit(.minutes(5)))
    func `The tour goes as the README says`() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path + "/.build", withIntermediateDirectories: false)
        let link = folder.path + "/.build/release"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Program.folder)
        let serverFolder = try Folder()
        let arguments = [
            "serve", "--state-dir", folder.path + "/.bombyx", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0",
        ]
        let served = try Program.run(Program.path, arguments, in: serverFolder) { server in
            defer { server.terminate() }
            let factsFile = folder.path + "/.bombyx/serve.json"
            try waitUntil("the server is ready") {
                try #require(server.isRunning)
                return FileManager.default.fileExists(atPath: factsFile)
            }
            let facts = try JSONValue(Array(Data(contentsOf: URL(fileURLWithPath: factsFile))))
            let http = try #require(facts["http"]?.string)
            let https = try #require(facts["https"]?.string)
            let script = blocks.filter { $0.kind == "sh tour" }.map(\.code).joined(separator: "\n")
                .replacingOccurrences(of: "127.0.0.1:8080", with: http)
                .replacingOccurrences(of: "127.0.0.1:8443", with: https)
                .replacingOccurrences(of: "curl -sS", with: "curl --fail-with-body -sS")
            let tour = try Program.run("/bin/bash", ["-euo", "pipefail", "-c", script], in: folder)
            #expect(tour.status == 0, "\(tour.errors)\n\(tour.output)")
            try check(tour.output)
        }
        #expect(served.status == 0, "\(served.errors)")
    }

    private func check(_ output: String) throws {
        // What the README shows of the answer, piece by piece; the dots stand for the rest.
        let shown = try #require(blocks.first { $0.kind == "json" }).code.replacingOccurrences(of: "\n ", with: "")
        for piece in shown.split(separator: "…,") {
            #expect(output.contains(piece.trimmingCharacters(in: .whitespaces)), "\(piece)")
        }
        for piece in [
            #""offers":[{"price_nanoton_per_mtok":"20000000","quantity_lots":380,"order_count":1}]"#,
            #""available_nanoton":"24997592800""#, #""best_offer_nanoton_per_mtok":"20000000""#,
            "| release |     24997592800", "event: book\n", "event: balances\n", "no balance is negative",
            "openapi: 3.1.0", "# TYPE ",
        ] {
            #expect(output.contains(piece), "\(piece)")
        }
    }
}
