internal import ArgumentParser
internal import Cryptography
internal import JSON
internal import Provenance
internal import Units

/// `bombyx bundle`: what an auditor checks of an answer.
struct BundleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Proof bundles of receipts.",
        subcommands: [Verify.self]
    )

    /// `bombyx bundle verify`.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check offline what a proof bundle says, with nothing but the log's public key.",
            discussion: """
                Checks who signed the receipt, its amount, that the log's entry commits to it, that the log has the \
                entry and has signed so, and, where the bundle has an older checkpoint, that the log has only grown.
                Of an anchor on TON, checks that it is of this log and covers the entry, and says which transaction \
                of which wallet to look up: that it is on the chain only the chain shows.
                Exit codes: 0 when all is well; 1 and the first thing that is wrong when not; 2 when the file cannot \
                be read.
                """
        )

        @Argument(help: "The file with the bundle, or - for the standard input.", completion: .file())
        var file: String

        @Option(help: ArgumentHelp("The public key of the log: \(PublicKeyArgument.help)", valueName: "key"))
        var key: PublicKeyArgument

        @Flag(help: "Print what was checked in JSON.")
        var json = false

        func run() throws {
            let bytes = try ProofInput.read(file, upTo: Limits.proofBundleBytesMax, for: "bombyx bundle verify")
            let bundle: ProofBundle
            do {
                bundle = try ProofBundle(json: bytes)
            } catch {
                if json {
                    let members = [("valid", JSONValue.boolean(false)), ("reason", .string("\(error)"))]
                    say(String(decoding: jsonObject(members), as: UTF8.self))
                } else {
                    complain("bombyx bundle verify: \(error)")
                }
                throw ExitCode(1)
            }
            let report = bundle.verify(publicKey: key.bytes)
            if json {
                say(String(decoding: report.json, as: UTF8.self))
            } else {
                report.show(bundle.signed.receipt)
            }
            if !report.isValid { throw ExitCode(1) }
        }
    }
}

extension ProofBundle.Report {
    fileprivate func show(_ receipt: Receipt) {
        for check in checks { say("\(check.outcome.rawValue): \(check.finding)") }
        if let failure {
            complain("bombyx bundle verify: \(failure.finding)")
            return
        }
        say("The bundle is good.")
        let lines = facts([
            ("request", "SHA-256 \(receipt.request.hex)"), ("response", "SHA-256 \(receipt.response.hex)"),
            ("weights", "SHA-256 \(receipt.weights.hex)"), ("attestation", "SHA-256 \(receipt.attestation.hex)"),
            (
                "tokens",
                "\(receipt.usage.prompt) prompt (\(receipt.usage.cached) cached), "
                    + "\(receipt.usage.completion) completion (\(receipt.usage.reasoning) reasoning)"
            ),
            ("job", "\(timeText(milliseconds: receipt.startedAt)) to \(timeText(milliseconds: receipt.endedAt))"),
        ])
        for line in lines { say(line) }
    }

    fileprivate var json: [UInt8] {
        let checks = checks.map { check in
            JSONValue.object([
                .init("check", .string(check.name.rawValue)), .init("outcome", .string(check.outcome.rawValue)),
                .init("finding", .string(check.finding)),
            ])
        }
        return jsonObject([
            ("valid", .boolean(isValid)), ("reason", failure.map { .string($0.finding) }), ("checks", .array(checks)),
        ])
    }
}
