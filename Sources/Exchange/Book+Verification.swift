package import Units

/// What must hold of a book between two commands, checked without the index.
extension Book {
    /// A resting bid and a resting offer of different accounts that could trade with each other; there is none.
    package func findTradablePair() -> (bid: OrderID, offer: OrderID)? {
        let offerGroups = capabilities.indices.filter { offers.head(of: Int32($0)) >= 0 }
        for profile in requirements.indices {
            let bestBid = bids.head(of: Int32(profile))
            guard bestBid >= 0 else { continue }
            for group in offerGroups {
                let bestOffer = offers.head(of: Int32(group))
                guard orders[Int(bestBid)].price >= orders[Int(bestOffer)].price else { continue }
                guard requirements[profile].isMet(by: capabilities[group]) else { continue }
                if let pair = findTradablePair(from: bestBid, and: bestOffer) { return pair }
            }
        }
        return nil
    }

    /// Only a few orders look crossed: those of one account, which do not trade with each other.
    private func findTradablePair(from bestBid: Int32, and bestOffer: Int32) -> (bid: OrderID, offer: OrderID)? {
        var bidSlot = bestBid
        while bidSlot >= 0 {
            let bid = orders[Int(bidSlot)]
            var offerSlot = bestOffer
            while offerSlot >= 0, orders[Int(offerSlot)].price <= bid.price {
                if orders[Int(offerSlot)].account != bid.account { return (bid.id, orders[Int(offerSlot)].id) }
                offerSlot = offers.successor(of: offerSlot, orders)
            }
            if offerSlot == bestOffer { return nil }
            bidSlot = bids.successor(of: bidSlot, orders)
        }
        return nil
    }
}
