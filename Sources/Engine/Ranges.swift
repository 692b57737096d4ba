import Units

/// What the fields of commands and records may hold, so that no product or sum of them overflows.
extension Price {
    /// That it is a multiple of ``Price/step`` is checked where orders come in; a record may have any price.
    var isWithinLimits: Bool { nanoTONPerMTok >= 1 && nanoTONPerMTok <= Limits.priceMax }
}

extension Lots {
    var isWithinLimits: Bool { count >= 1 && count <= Limits.orderLotsMax }
}

extension FeeRates {
    var areWithinLimits: Bool {
        [maker, taker].allSatisfy { $0.count >= 0 && $0.count <= Limits.feeMax }
    }
}
