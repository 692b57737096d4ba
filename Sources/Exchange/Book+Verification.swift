package import Units

/// What must hold of a book between two commands, checked without the index.
extension Book {
    /// A resting bid and a resting offer that meet in price and requirement, and for which `couldTrade` says that
    /// nothing else keeps them apart; there is none.
    package func findTradablePair(
        _ couldTrade: (_ bid: Int32, _ offer: Int32) -> Bool
    ) -> (bid: OrderID, offer: OrderID)? {
        let offerGroups = capabilities.indices.filter { offers.head(of: Int32($0)) >= 0 }
        for profile in requirements.indices {
            let bestBid = bids.head(of: Int32(profile))
            guard bestBid >= 0 else { continue }
            for group in offerGroups {
                let bestOffer = offers.head(of: Int32(group))
                guard orders[Int(bestBid)].price >= orders[Int(bestOffer)].price else { continue }
                guard requirements[profile].isMet(by: capabilities[group]) else { continue }
                if let pair = findTradablePair(from: bestBid, and: bestOffer, couldTrade) { return pair }
            }
        }
        return nil
    }

    /// Only a few orders look crossed: those of one account, for example, which do not trade with each other.
    private func findTradablePair(
        from bestBid: Int32,
        and bestOffer: Int32,
        _ couldTrade: (_ bid: Int32, _ offer: Int32) -> Bool
    ) -> (bid: OrderID, offer: OrderID)? {
        var bidSlot = bestBid
        while bidSlot >= 0 {
            let bid = orders[Int(bidSlot)]
            var offerSlot = bestOffer
            while offerSlot >= 0, orders[Int(offerSlot)].price <= bid.price {
                if couldTrade(bidSlot, offerSlot) { return (bid.id, orders[Int(offerSlot)].id) }
                offerSlot = offers.successor(of: offerSlot, orders)
            }
            if offerSlot == bestOffer { return nil }
            bidSlot = bids.successor(of: bidSlot, orders)
        }
        return nil
    }
}
