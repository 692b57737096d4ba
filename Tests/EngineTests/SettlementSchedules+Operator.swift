import Engine
import Settlement
import Units

@testable import EngineTesting

/// What the operator decides.
extension SettlementSchedule {
    mutating func retire() throws {
        let wallet = Int(random.number(0...1))
        let isRetired = random.chance(40)
        try give(.system, .setRetired(WalletID(Int64(wallet) + 1), isRetired), as: nil)
        reference.wallets[wallet].isRetired = isRetired
    }

    mutating func resolve() throws {
        let contested = reference.batches.indices.filter { reference.batches[$0].state == "contested" }
        guard let index = contested.randomElement(using: &random) else {
            guard let other = reference.batches.randomElement(using: &random) else { return }
            let isKnown = desk.batches.contains { $0.record.id == other.id }
            let terms = SettlementResolution(batch: other.id, others: true, reference: "none")
            return try give(.system, .resolve(terms), as: isKnown ? .settlementNotContested : .settlementNotFound)
        }
        let batch = reference.batches[index]
        var terms = SettlementResolution(batch: batch.id, reference: "seen")
        terms.others = random.pick([nil, nil, true, false])
        var verdicts: [Int: Bool] = [:]
        let open = batch.payouts.indices.filter { !batch.resolved.contains($0) }
        if let others = terms.others { for place in open { verdicts[place] = others } }
        for place in batch.payouts.indices where random.chance(50) {
            let isPaid = random.chance(50)
            terms.payouts.append(PayoutVerdict(index: Int64(place), isPaid: isPaid))
            verdicts[place] = isPaid
        }
        let state = desk.engine.state().settlement
        let isUnderWay = state.transits.contains { $0.wallet.rawValue == Int64(batch.wallet) + 1 }
        let isEarly = state.wallets[batch.wallet].scannedTo <= batch.createdAt + SettlementDesk.timeout + 60
        let expected: Rejection? =
            verdicts.keys.contains(where: batch.resolved.contains)
            ? .payoutNotOpen : verdicts.values.contains(false) && (isUnderWay || isEarly) ? .resolutionTooEarly : nil
        try give(.system, .resolve(terms), as: expected)
        guard expected == nil else { return }
        reference.resolve(index, verdicts, at: now())
        met.insert(reference.batches[index].state == "resolved" ? "resolved" : "resolved in part")
    }
}
