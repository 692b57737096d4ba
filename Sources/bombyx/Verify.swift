internal import ArgumentParser
internal import Engine
internal import Foundation
internal import Vectors

/// `bombyx verify`: proofs that can be made again by anybody.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check what was written down against the exchange's own rules.",
        subcommands: [VerifyMarkets.self]
    )
}

/// `bombyx verify markets`: market files played on the engine.
struct VerifyMarkets: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "markets",
        abstract: "Play the markets of a file on the engine and print the first difference of each.",
        discussion: """
            A market file is a JSON array of markets: commands, and every event, transfer and final balance that must \
            follow from them.
            Exit codes: 0 when nothing differs; 1 when something does; 2 when the file cannot be read.
            """
    )

    @Argument(help: "A market file.", completion: .file(extensions: ["json"]))
    var file: String

    func run() throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            complain("bombyx verify: cannot read \(file)")
            throw ExitCode(2)
        }
        let markets: [TestMarket]
        do {
            markets = try TestMarket.read(Array(data))
        } catch {
            complain("bombyx verify: \(file): \(error)")
            throw ExitCode(2)
        }
        var equal = 0
        for market in markets {
            var engine = Engine()
            do {
                if let difference = try market.firstDifference(on: &engine) {
                    say("\(difference)")
                } else {
                    equal += 1
                }
            } catch {
                complain("bombyx verify: \(file): \(error)")
                throw ExitCode(2)
            }
        }
        say("\(equal) of \(markets.count) markets go as they are written")
        if equal != markets.count { throw ExitCode(1) }
    }
}
