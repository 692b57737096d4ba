import Exchange
import Units

extension SettlementResolution {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: batch.rawValue)
        bytes.append(others.map { $0 ? 2 : 1 } ?? 0)
        bytes.append(UInt8(truncatingIfNeeded: payouts.count))
        for payout in payouts {
            bytes.append(UInt8(truncatingIfNeeded: payout.index))
            bytes.append(payout.isPaid ? 1 : 0)
        }
        bytes.append(text: reference)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let batch = SettlementID(try cursor.integer(bytes))
        let others: UInt8 = try cursor.integer(bytes)
        guard others <= 2 else { throw .invalid(.resolution) }
        var payouts: [PayoutVerdict] = []
        let count: UInt8 = try cursor.integer(bytes)
        for _ in 0..<count {
            let index: UInt8 = try cursor.integer(bytes)
            guard Int64(index) > payouts.last?.index ?? -1 else { throw .invalid(.resolution) }
            let isPaid = try cursor.flag(bytes, .resolution)
            payouts.append(PayoutVerdict(index: Int64(index), isPaid: isPaid))
        }
        let reference = try cursor.text(bytes, .resolution, in: 1...Limits.payoutReferenceBytesMax)
        guard !reference.utf8.contains(0) else { throw .invalid(.resolution) }
        return SettlementResolution(
            batch: batch,
            payouts: payouts,
            others: others == 0 ? nil : others == 2,
            reference: reference
        )
    }
}
