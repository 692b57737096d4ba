internal import ArgumentParser
internal import Demonstration
internal import Foundation
internal import JSON

/// `bombyx admin`: the operator's commands.
struct Admin: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run an exchange: accounts, keys, deposits, models, fees, halts, checkpoints; watch it.",
        discussion: """
            A client like any other: it finds the server of the state folder by itself, or takes --server, and proves \
            who it is by the operator's key, which it reads from STATE/operator.key or from the file that \
            BOMBYX_KEY_FILE names. A key is never an argument.

            Exit codes: 0 when it is done; 1 when the exchange refused or could not be reached.
            """,
        subcommands: [
            AdminAccount.self, AdminKey.self, AdminDeposit.self, AdminModel.self, AdminFees.self,
            AdminAttest.self, AdminMeasure.self, AdminHalt.self, AdminResume.self, AdminBand.self, AdminLimits.self,
            AdminCheckpoint.self, AdminTop.self, AdminTail.self, AdminAudit.self, AdminSigningKey.self,
            AdminLease.self, AdminSettlement.self, AdminCapital.self,
        ]
    )
}

/// What all of the operator's commands share.
struct AdminOptions: ParsableArguments {
    @Option(help: "The state folder of the server.")
    var stateDir = ".bombyx"

    @Option(help: ArgumentHelp("Address of the server; by default, of the one on the state folder.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("Certificates (PEM) to trust; by default, those of the system.", valueName: "file"))
    var certificate: String?

    @Flag(help: "Print the server's answer as it is, in JSON.")
    var json = false

    /// Does something as the operator and prints the answer: whole as JSON, or what `show` makes of it.
    func run(_ ask: (ExchangeClient) throws -> [UInt8], show: (JSONValue) -> [String]) throws {
        try withClient { client in
            let answer = try ask(client)
            if json {
                say(String(decoding: answer, as: UTF8.self))
            } else {
                for line in show(try JSONValue(answer, limits: .answer)) { say(line) }
            }
        }
    }

    /// Does something as the operator; says what went wrong, if anything does.
    func withClient(_ use: (ExchangeClient) throws -> Void) throws {
        do {
            let client = try ExchangeClient(endpoint(), key: key())
            defer { client.close() }
            try use(client)
        } catch {
            complain("bombyx admin: \(error)")
            throw ExitCode(1)
        }
    }

    private func endpoint() throws -> Endpoint {
        if let server { return try Endpoint(url: server, certificate: certificate) }
        return try Endpoint(StateFolder(path: stateDir).running())
    }

    private func key() throws -> String {
        let named = ProcessInfo.processInfo.environment["BOMBYX_KEY_FILE"] ?? ""
        let file = named.isEmpty ? StateFolder(path: stateDir).operatorKeyPath : named
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw CommandFailure("the operator's key cannot be read from \(file)")
        }
        let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CommandFailure("\(file) holds no key")
        }
        return key
    }
}

/// An account's identifier, as in `a2`.
struct AccountArgument: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        let digits = argument.dropFirst()
        guard argument.first == "a", !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        text = argument
    }
}

/// Pairs of a name and a value, one a line.
func facts(_ pairs: [(String, String)]) -> [String] {
    var table = TextTable("ll")
    for (name, value) in pairs { table.row(name, value) }
    return table.lines(indent: 0)
}

extension JSONValue {
    /// The lines of a page of a list, and that there are more if there are.
    func listed(_ table: TextTable) -> [String] {
        table.lines(indent: 0) + (self["has_more"]?.boolean == true ? ["There are more."] : [])
    }

    /// The member as a person reads it; `–` for `null`.
    func shown(_ key: String) -> String {
        switch self[key] {
        case .string(let text)?: text
        case .integer(let number)?: String(number)
        case .boolean(let isTrue)?: isTrue ? "yes" : "no"
        case .array(let elements)?: elements.compactMap(\.string).joined(separator: ", ")
        default: "–"
        }
    }

    /// The member, an amount of nanoTON, in TON.
    func toncoins(_ key: String) -> String {
        guard let amount = self[key]?.string.flatMap({ Int128($0) }) else { return "–" }
        return Figures.decimal(amount, scale: 9, decimals: 9) + " TON"
    }
}

/// The bytes of a JSON object.
func jsonObject(_ members: [(String, JSONValue?)]) -> [UInt8] {
    var writer = JSONWriter()
    writer.value(.object(members.compactMap { key, value in value.map { JSONValue.Member(key, $0) } }))
    return writer.finish()
}
