import Engine
import Testing
import Units

@testable import EngineTesting

/// Commands whose bytes were damaged, but not so much that the decoder refuses them.
@Suite struct CommandFuzzing {
    @Test(arguments: EngineProperties.seeds)
    func `What the decoder accepts, the engine carries out, as the reference engine does`(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        var market = RandomMarket(seed: seed, kind: seed % 2 == 0 ? .lively : .wide)
        var twins = EngineTwins(requestsMax: 50)
        for step in 1...400 {
            var command = market.next()
            if random.chance(40) { command = damaged(command, &random) }
            do {
                try twins.beginBatch(at: market.nextTime())
                market.hear(try twins.apply(command, isChecked: step % 20 == 0))
                if step % 100 == 0 { try twins.compareStates() }
            } catch {
                Issue.record("seed \(seed), step \(step): \(error)")
                return
            }
        }
    }

    /// Another command that the decoder accepts, if one comes up soon.
    private func damaged(_ command: Command, _ random: inout SplitMix64) -> Command {
        var bytes: [UInt8] = []
        command.encode(into: &bytes)
        for _ in 0..<20 {
            var other = bytes
            for _ in 0..<random.number(1...3) {
                let index = Int(random.number(0...Int64(bytes.count - 1)))
                other[index] = random.pick([0, 1, 0x7F, 0x80, 0xFF, other[index] ^ (1 << UInt8(random.number(0...7)))])
            }
            var offset = 0
            guard let command = try? Command.decode(other.span, at: &offset), offset == other.count else { continue }
            // The reference engine knows nothing of keys.
            guard command.key == KeyID(0) else { continue }
            switch command.action {
            case .createOwnKey, .revokeKey, .setKeyLimits, .login, .linkLogin, .unlinkLogin, .lease, .settlement:
                continue
            default: return command
            }
        }
        return command
    }
}
