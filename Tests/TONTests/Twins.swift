import LocalChain
import Testing

@testable import Cryptography
@testable import TON

/// A chain that runs the real code of contracts and the local one, which are told the same: whatever they do not agree
/// on is an issue.
final class Twins {
    let real: ChainProcess
    var local: LocalChain
    /// Whose balances are compared, and what the chains may differ by, in nanoTON: fees are a model, and what is stored
    /// is charged only by the real chain.
    private var known: [Address: UInt64] = [:]
    private(set) var now: UInt64

    init(now: UInt64 = 1_800_000_000) throws {
        real = try ChainProcess(now: now)
        local = LocalChain(LocalChain.Settings(start: now, finalityBlocks: 0))
        self.now = now
    }

    func wait(_ seconds: UInt64) throws {
        now += seconds
        local.advance(seconds: seconds)
        try real.set(now: now)
        // Rent of the real chain, which it takes when an account is touched.
        if seconds > 0 { for address in known.keys { known[address, default: 0] += 2_000 + seconds * 2 } }
    }

    func fund(_ address: Address, _ value: UInt64) throws {
        try real.fund(address, value)
        #expect(try local.fund(address, Coins(value)))
        local.makeBlock()
        allow(address, local.isActive(address) ? 60_000 : 0)
    }

    private func allow(_ address: Address, _ difference: UInt64) { known[address, default: 0] += difference }

    /// Sends a message to both, and gives what came of it: `refused 36`, or for each transaction what the account did.
    @discardableResult
    func send(_ message: ExternalMessage, _ name: String = "") throws -> String {
        let first = local.history.count
        let answer = try local.send(try message.bag())
        local.makeBlock()
        let steps = try real.send(message)
        let done = local.history[first...]
        if case .refused(let code) = answer {
            #expect(done.isEmpty && steps.count == 1 && !steps[0].isAccepted, "\(name): \(steps)")
            // Without having been asked, code has no exit code.
            #expect(code == steps[0].exitCode || code == nil && steps[0].exitCode == 0, "\(name): \(steps)")
            try compareBalances(name)
            return "refused \(code.map(String.init) ?? "unasked")"
        }
        #expect(done.count == steps.count, "\(name): \(done.map(\.text)) \(steps)")
        for (own, step) in zip(done, steps) {
            compare(own, step, name)
            allow(own.account, local.isActive(own.account) ? 60_000 : 0)
        }
        try compareBalances(name)
        return done.map(\.text).joined(separator: " ")
    }

    private func compare(_ own: ChainTransaction, _ step: ChainProcess.Step, _ name: String) {
        #expect(own.account == step.account && step.isAccepted, "\(name): \(own.text) \(step)")
        #expect(own.outcome.exitCode == step.exitCode, "\(name): \(own.text) \(step)")
        #expect(own.outcome.actionCode == step.actionCode, "\(name): \(own.text) \(step)")
        #expect(own.outcome.isAborted == step.isAborted, "\(name): \(own.text) \(step)")
        #expect(Int64(own.outcome.skipped) == step.skipped, "\(name): \(own.text) \(step)")
        #expect(Int64(own.outgoing.count) == step.sent, "\(name): \(own.text) \(step)")
        guard let value = step.value else { return }
        #expect(own.incoming.isBounced == step.isBounced, "\(name): \(own.text) \(step)")
        // What a wallet sends itself may be all that it has, which depends on gas.
        let (one, other) = (own.incoming.value.nanoTON, value.nanoTON)
        let allowed: UInt128 = own.incoming.source == own.account ? 60_000 : 0
        #expect(max(one, other) - min(one, other) <= allowed, "\(name): \(own.text) \(step)")
        #expect(Comment.text(in: own.incoming.body) == step.comment, "\(name): \(own.text) \(step)")
    }

    private func compareBalances(_ name: String) throws {
        for (address, allowed) in known {
            let (own, other) = (local.balance(address).nanoTON, try real.balance(address).nanoTON)
            let difference = UInt64(max(own, other) - min(own, other))
            #expect(difference <= allowed, "\(name): \(address) \(own) \(other), allowed \(allowed)")
        }
    }

    /// Whether the wallet knows a query id, in both readings.
    func compareProcessed(_ id: QueryID, at address: Address, _ name: String = "") throws {
        for cleaning in [false, true] {
            let answer = try real.ask(address, "processed?", [Int64(id.rawValue), cleaning ? -1 : 0])
            let own = local.isProcessed(id, at: address, cleaning: cleaning)
            #expect(own == (answer == "-1"), "\(name): \(id) \(cleaning) \(answer)")
        }
    }
}

extension ChainTransaction {
    /// Exit code and action code, `-` without one, and what was sent and left out: `0/0>3`, `0/0>0!1`.
    var text: String {
        let codes = [outcome.exitCode, outcome.actionCode].map { $0.map(String.init) ?? "-" }
        let skipped = outcome.skipped > 0 ? "!\(outcome.skipped)" : ""
        return codes.joined(separator: "/") + ">\(outgoing.count)" + skipped
    }
}
