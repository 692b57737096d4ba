import Settlement
import Testing
import Units

/// Batches on a chain that does what chains do: it takes a message or loses it, burns ids, and refuses payouts as a
/// whole, while whoever tells of it tells everything twice, and whoever sends loses answers and forgets the last steps.
@Suite struct ExactlyOnceTests {
    /// A wallet with the rules of highload v3, as far as they matter here.
    private struct Wallet {
        var history: [SettlementBatch.Event] = []
        var isKnown = false
        var paid: [Int64: Int] = [:]

        mutating func receive(_ batch: SettlementBatch, at time: UInt64, using numbers: inout Numbers) {
            guard let signed = batch.signed, !isKnown, time >= signed.createdAt,
                time < signed.createdAt + signed.timeout
            else { return }
            isKnown = true
            let (outside, inside) = (numbers.transaction(), numbers.transaction())
            guard numbers.chance(5) else {
                history.append(.outside(outside, sent: 1))
                guard numbers.chance(5) else {
                    for payout in batch.payouts { paid[payout.id, default: 0] += 1 }
                    let sent = batch.payouts.map { SettlementBatch.Sent(address: $0.address, amount: $0.amount) }
                    history.append(.inside(inside, actionCode: 0, sent: sent))
                    return
                }
                history.append(.inside(inside, actionCode: 37, sent: []))
                return
            }
            history.append(.outside(outside, sent: 0))
        }
    }

    @Test func `Everybody is paid exactly once, or waits again`() throws {
        for seed in 1...3_000 as ClosedRange<UInt64> {
            var numbers = Numbers(state: seed)
            var waiting = payouts(Int.random(in: 1...4, using: &numbers))
            var confirmed: Set<Int64> = []
            var paid: [Int64: Int] = [:]
            var time: UInt64 = 1_000
            for round in 0..<200 where !waiting.isEmpty {
                var batch = SettlementBatch(id: Int64(round), payouts: waiting)
                let actions = try run(&batch, time: &time, paid: &paid, using: &numbers)
                for action in actions {
                    switch action {
                    case .confirm(let ids):
                        for id in ids { #expect(confirmed.insert(id).inserted, "seed \(seed)") }
                        waiting = []
                    case .requeue(let ids, _): #expect(ids == waiting.map(\.id), "seed \(seed)")
                    case .alarm(let alarm): #expect(alarm != .contested, "seed \(seed)")
                    case .send, .credit: Issue.record("seed \(seed)")
                    }
                }
                #expect(batch.phase.isFinal && batch.phase != .contested, "seed \(seed)")
            }
            #expect(
                waiting.isEmpty && paid.values.allSatisfy { $0 == 1 } && Set(paid.keys) == confirmed,
                "seed \(seed)"
            )
        }
    }

    /// Runs a batch to its end, and gives what moved money or called somebody.
    private func run(
        _ batch: inout SettlementBatch,
        time: inout UInt64,
        paid: inout [Int64: Int],
        using numbers: inout Numbers
    ) throws -> [SettlementBatch.Action] {
        var wallet = Wallet()
        var told = 0
        let start = time
        var actions = try batch.apply(
            .signed(SettlementBatch.Signed(place: 1, createdAt: time, timeout: 60, value: NanoTON(1)))
        )
        while !batch.phase.isFinal {
            let stored = batch
            time += UInt64.random(in: 1...15, using: &numbers)
            for action in try batch.apply(.tick(now: time, chainTime: time)) where action == .send {
                // The message arrives at once, later, or never; with another signer even twice.
                if numbers.chance(2) { wallet.receive(batch, at: time, using: &numbers) }
                if numbers.chance(9) { wallet.receive(batch, at: time + 2, using: &numbers) }
                if numbers.chance(3) { _ = try batch.apply(.answered(wallet.isKnown ? .refused(36) : .lost)) }
            }
            // A crash forgets that it was sent, never that it was signed.
            if numbers.chance(6) { batch = stored }
            while told < wallet.history.count, numbers.chance(2) {
                actions += try batch.apply(wallet.history[told])
                // Told again, it moves nothing.
                if numbers.chance(3) {
                    #expect(try wallet.history[...told].flatMap { try batch.apply($0) }.isEmpty)
                }
                told += 1
            }
            // The history is scanned as far as it was told.
            if told == wallet.history.count { actions += try batch.apply(.scanned(from: start, to: time)) }
        }
        paid.merge(wallet.paid, uniquingKeysWith: +)
        return actions
    }
}

/// Numbers that a seed gives, the same each time (SplitMix64).
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var number = state
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
    }

    /// Once in so many times.
    mutating func chance(_ times: UInt64) -> Bool { next() % times == 0 }

    mutating func transaction() -> SettlementBatch.TransactionID {
        SettlementBatch.TransactionID(logicalTime: next(), hash: [UInt8(truncatingIfNeeded: next())])
    }
}
