import Foundation
import ProgramTesting
import Testing

/// `Deploy/mainnet.md` is what an operator types where money is real: the program knows every command of it.
@Suite struct MainnetPageTests {
    private struct Line: CustomStringConvertible {
        let words: [String]
        let options: [String]
        var description: String { (["bombyx"] + words + options).joined(separator: " ") }

        /// The words before the first option name the command; of those behind it only options are looked at.
        init(_ text: String) {
            let all = text.split(separator: " ").map(String.init).dropFirst()
            words = Array(all.prefix { !$0.hasPrefix("-") })
            options = all.dropFirst(words.count).filter { $0.hasPrefix("--") && $0.count > 2 }
        }
    }

    private let text: String
    private let help: HelpPages

    init() throws {
        help = HelpPages(try ScratchFolder())
        text = try String(contentsOfFile: Shell.root + "/Deploy/mainnet.md", encoding: .utf8)
    }

    /// What the program says of its commands, each asked once.
    private final class HelpPages {
        private let folder: ScratchFolder
        private var pages: [[String]: Shell] = [:]

        init(_ folder: ScratchFolder) { self.folder = folder }

        func page(_ words: [String]) throws -> Shell {
            if let known = pages[words] { return known }
            let shell = try Shell([TestServer.executable] + words + ["--help"], in: folder.path)
            pages[words] = shell
            return shell
        }

        /// The longest part of `words` that is a command: what is left are its arguments.
        func command(of words: [String]) throws -> (page: Shell, arguments: [String]) {
            var count = words.count
            while count > 0 {
                let page = try page(Array(words.prefix(count)))
                let usage = "USAGE: bombyx " + words.prefix(count).joined(separator: " ")
                if page.status == 0, page.output.contains(usage) { return (page, Array(words.dropFirst(count))) }
                count -= 1
            }
            throw TestServer.Failure("\(words) is no command")
        }
    }

    private var blocks: [String] {
        text.components(separatedBy: "```sh\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }
    }

    /// Commands of the blocks, and those within the text.
    private var lines: [Line] {
        let inBlocks = blocks.flatMap { $0.split(separator: "\n") }
        let inText = text.matches(of: /`(bombyx [^`]+)`/).map(\.output.1)
        return (inBlocks + inText).map { Line(String($0)) }
    }

    @Test func `The program knows every command and every option of the page`() throws {
        #expect(blocks.flatMap { $0.split(separator: "\n") }.allSatisfy { $0.hasPrefix("bombyx ") })
        for line in lines {
            let (page, arguments) = try help.command(of: line.words)
            for option in line.options {
                let isKnown = page.output.contains(option + " ") || page.output.contains(option + "\n")
                #expect(isKnown, "\(line): \(option)")
            }
            for argument in arguments { #expect(argument.wholeMatch(of: /[auwhs][0-9]+|operator/) != nil, "\(line)") }
        }
        let commands = Set(lines.map { $0.words.prefix(2).joined(separator: " ") })
        for command in ["wallet new", "wallet deploy", "wallet balance", "settle status", "settle hold"] {
            #expect(commands.contains(command), "\(command)")
        }
    }

    @Test func `Metrics and reasons of the page are those that there are`() throws {
        let metrics = try String(contentsOfFile: Shell.root + "/Deploy/metrics.md", encoding: .utf8)
        for name in text.matches(of: /`(bombyx_[a-z_]+)`/).map(\.output.1) {
            #expect(metrics.contains("| `\(name)` |"), "\(name)")
        }
        let contract = try String(contentsOfFile: Shell.root + "/openapi.yaml", encoding: .utf8)
        let schema = contract.components(separatedBy: "    SettlementHoldReason:\n").last ?? ""
        let rows = text.matches(of: /\n\| `([a-z]+)` \|/).map { String($0.output.1) }
        #expect(rows.count == 4)
        for reason in rows { #expect(schema.prefix(600).contains(reason), "\(reason)") }
    }
}
