internal import ArgumentParser
internal import Cryptography
internal import Foundation
internal import JSON
internal import Provenance
internal import Units

/// `bombyx ticket`: what a worker checks before it serves an app.
struct TicketCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ticket",
        abstract: "Tickets of leases.",
        subcommands: [Verify.self]
    )

    /// `bombyx ticket verify`.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check offline that a ticket is the exchange's, and say what it grants.",
            discussion: """
                Give every key that the exchange has for tickets; the ticket names the one that signed it.
                Exit codes: 0 when the ticket is good; 1 and the reason when not; 2 when it cannot be read.
                """
        )

        @Argument(help: "The file with the ticket, or - for the standard input.", completion: .file())
        var file: String

        @Option(help: ArgumentHelp("A public key of the exchange: \(PublicKeyArgument.help)", valueName: "key"))
        var key: [PublicKeyArgument]

        @Flag(help: "Print what was found in JSON.")
        var json = false

        func run() throws {
            let bytes = try ProofInput.read(file, upTo: Ticket.textBytesMax + 2, for: "bombyx ticket verify")
            let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            do {
                let ticket = try Ticket.verify(text, keys: key.map(\.bytes))
                if json {
                    let members = [("valid", JSONValue.boolean(true)), ("ticket", ticket.json)]
                    say(String(decoding: jsonObject(members), as: UTF8.self))
                } else {
                    say("The ticket is good: the exchange has signed it.")
                    for line in facts(ticket.facts) { say(line) }
                }
            } catch {
                if json {
                    let members = [("valid", JSONValue.boolean(false)), ("reason", .string("\(error)"))]
                    say(String(decoding: jsonObject(members), as: UTF8.self))
                } else {
                    complain("bombyx ticket verify: \(error)")
                }
                throw ExitCode(1)
            }
        }
    }
}

/// A time in milliseconds since 1970, for people.
func timeText(milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
        .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}

/// A digest, or a dash where there is none.
private func shown(_ digest: Digest256) -> String { digest == .zero ? "–" : digest.hex }

private func optional(_ digest: Digest256) -> JSONValue { digest == .zero ? .null : .string(digest.hex) }

private func optional(_ text: String) -> JSONValue { text.isEmpty ? .null : .string(text) }

extension Ticket {
    /// What the ticket grants, a line each.
    fileprivate var facts: [(String, String)] {
        let tokenWeights = [weights.prompt, weights.cached, weights.completion, weights.reasoning].map(String.init)
        return [
            ("lease", "\(lease.text), of trade \(trade.text) between bid \(bid.text) and offer \(offer.text)"),
            ("worker", "\(worker.text), key \(shown(workerKey))"), ("app", "\(app.text), key \(shown(appKey))"),
            ("endpoint", endpoint.isEmpty ? "–" : endpoint), ("model", model),
            ("revision", revision.isEmpty ? "–" : revision), ("weights", "SHA-256 \(shown(weightsHash))"),
            ("attestation", "SHA-256 \(shown(attestation))"),
            ("quantity", "\(lots.count) lots: \(tokens.count) adjusted tokens"),
            ("token weights", tokenWeights.joined(separator: ", ") + " (prompt, cached, completion, reasoning)"),
            ("price", "\(price.nanoTONPerMTok) nanoTON for 1,000,000 adjusted tokens"),
            ("fees", "app \(appFee.count), worker \(workerFee.count), in 1/10,000"),
            ("opened", timeText(milliseconds: openedAt)),
            ("deadline", timeText(milliseconds: deadline) + ", later by outages of the exchange"),
            ("step", "\(step.count) adjusted tokens; disputes within \(disputeWindow) ms"),
        ]
    }

    /// The ticket in JSON.
    fileprivate var json: JSONValue {
        let members: [(String, JSONValue)] = [
            ("lease_id", .string(lease.text)), ("trade_id", .string(trade.text)), ("bid_id", .string(bid.text)),
            ("offer_id", .string(offer.text)), ("worker_account", .string(worker.text)),
            ("app_account", .string(app.text)), ("worker_key", optional(workerKey)), ("app_key", optional(appKey)),
            ("model", .string(model)), ("revision", optional(revision)), ("weights_sha256", optional(weightsHash)),
            ("attestation_sha256", optional(attestation)),
            (
                "weights",
                .object([
                    .init("prompt", .integer(weights.prompt)), .init("cached", .integer(weights.cached)),
                    .init("completion", .integer(weights.completion)), .init("reasoning", .integer(weights.reasoning)),
                ])
            ),
            ("price_nanoton_per_mtok", .string(String(price.nanoTONPerMTok))), ("quantity_lots", .integer(lots.count)),
            ("app_fee_bp", .integer(appFee.count)), ("worker_fee_bp", .integer(workerFee.count)),
            ("opened_ms", .integer(openedAt)), ("deadline_ms", .integer(deadline)),
            ("step_tokens", .integer(step.count)), ("dispute_window_ms", .integer(disputeWindow)),
            ("endpoint", optional(endpoint)),
        ]
        return .object(members.map { JSONValue.Member($0.0, $0.1) })
    }
}
