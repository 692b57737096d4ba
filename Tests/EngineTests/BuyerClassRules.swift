import Exchange
import Testing
import Units

/// Whom an offer sells to is part of what its class is (DESIGN §3).
@Suite struct BuyerClassRules {
    /// Rules that all differ from each other.
    static let rules = [
        BuyerRules(), BuyerRules(allowed: [AccountID(1)]), BuyerRules(denied: [AccountID(1)]),
        BuyerRules(minimumDeposit: NanoTON(1)), BuyerRules(allowed: [AccountID(1)], minimumDeposit: NanoTON(1)),
    ]

    @Test func `Offers that sell to others are in another class, and those that sell to the same in the same`() {
        for (index, rule) in Self.rules.enumerated() {
            for (other, another) in Self.rules.enumerated() {
                var (left, right) = (Self.capability, Self.capability)
                left.buyers = SeldomBuyerRules(rule)
                right.buyers = SeldomBuyerRules(another)
                #expect((left == right) == (index == other))
                #expect((Set([left, right]).count == 1) == (index == other))
            }
        }
    }

    private static let capability = Capability(
        model: ModelID(1),
        modelVersion: 1,
        weightSet: .standard,
        quality: nil,
        contextLength: 0,
        features: [],
        quantization: .unknown,
        region: .unknown,
        tee: .none
    )
}
