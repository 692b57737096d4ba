internal import ArgumentParser
internal import Engine
internal import Foundation
internal import Store
internal import Vectors

/// `bombyx verify`: proofs that can be made again by anybody.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check what was written down against the exchange's own rules.",
        subcommands: [VerifyExchange.self, VerifyMarkets.self],
        defaultSubcommand: VerifyExchange.self
    )
}

/// `bombyx verify exchange`, or just `bombyx verify`.
struct VerifyExchange: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exchange",
        abstract: "Check everything that an exchange has written down (the default).",
        discussion: """
            Carries out the whole journal again and compares what follows with every column of every table; checks the \
            hash chain, the checkpoints and the rules of ledger.invariants. Where the start of the journal was \
            dropped, it begins at the oldest checkpoint, unless exported files give the rest. Works beside a running \
            server.
            Exit codes: 0 when all is well; 1 and the first difference when not; 2 when it cannot run.
            """
    )

    @Option(help: "An exported file with batches that were dropped; several in order.", completion: .file())
    var file: [String] = []

    @OptionGroup var database: DatabaseOptions

    func run() throws {
        try Proof(name: "verify", database: database, files: file).run(from: .beginning, checksInvariants: true)
    }
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
