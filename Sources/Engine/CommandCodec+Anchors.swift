import Exchange
import Units

// The forms of commands on anchors of the log; see CommandCodec.swift.
//
//     92 plan                 as 87 · origin's hash 32 bytes
//     93 anchor policy        is enabled u8 · interval i64 · amount i64
//     94 request an anchor    nothing

extension SettlementCommand {
    static func decodeAnchor(
        _ kind: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        switch kind {
        case 92:
            var terms = try SettlementPlanTerms.decode(bytes, &cursor)
            terms.origin = try cursor.hash(bytes)
            return .plan(terms)
        case 93: return .setAnchorPolicy(try AnchorPolicy.decode(bytes, &cursor))
        case 94: return .requestAnchor
        default: throw .unknownKind(kind)
        }
    }
}

extension AnchorPolicy {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(isEnabled ? 1 : 0)
        bytes.append(integers: [interval, amount.count])
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let isEnabled = try cursor.flag(bytes, .anchorPolicy)
        let interval = try cursor.integer(
            bytes,
            .anchorPolicy,
            in: Limits.anchorIntervalMin...Limits.anchorIntervalMax
        )
        let amount = try cursor.integer(bytes, .anchorPolicy, in: Limits.anchorAmountMin...Limits.anchorAmountMax)
        return AnchorPolicy(isEnabled: isEnabled, interval: interval, amount: NanoTON(amount))
    }
}
