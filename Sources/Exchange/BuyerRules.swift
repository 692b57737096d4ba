package import Units

/// Whom an offer sells to: part of its capability, so that offers with other rules are in another class (DESIGN §3).
///
/// The lists are judged for every pair; the deposit only when one of the two orders arrives, because balances change.
package struct BuyerRules: Hashable, Sendable {
    /// Only these accounts may buy; empty for anyone. Sorted, without repetition.
    package let allowed: [AccountID]
    /// These accounts may not buy. Sorted, without repetition.
    package let denied: [AccountID]
    /// Least money of a buyer, available and held, in nanoTON; 0 for none.
    package let minimumDeposit: NanoTON

    /// Brings the lists into their canonical form.
    package init(allowed: [AccountID] = [], denied: [AccountID] = [], minimumDeposit: NanoTON = .zero) {
        self.allowed = Set(allowed).sorted()
        self.denied = Set(denied).sorted()
        self.minimumDeposit = minimumDeposit
    }

    package static let anyone = BuyerRules()

    /// Whether the lists let an account buy.
    package func admits(_ buyer: AccountID) -> Bool {
        (allowed.isEmpty || allowed.contains(buyer)) && !denied.contains(buyer)
    }
}

/// Rules that most offers do not have, in one word: capabilities are hashed and copied on the way of every offer.
package enum SeldomBuyerRules: Hashable, Sendable {
    case anyone
    indirect case only(BuyerRules)

    package init(_ rules: BuyerRules) { self = rules == .anyone ? .anyone : .only(rules) }

    package var rules: BuyerRules {
        switch self {
        case .anyone: .anyone
        case .only(let rules): rules
        }
    }
}
