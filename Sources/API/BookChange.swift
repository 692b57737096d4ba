package import Units

// The book of a stream: a whole one first, then what has changed, as absolute levels.
extension BookView {
    /// Levels of each side that a check sum covers.
    package static let checkedLevels = 10

    /// The levels at which `new` differs from `old`, best first: as they are now, with 0 lots where there is none any
    /// more.
    package static func changes(
        from old: [Level],
        to new: [Level],
        isBetter: (Price, Price) -> Bool
    ) -> [Level] {
        var changes: [Level] = []
        var (before, after) = (old.startIndex, new.startIndex)
        while before < old.endIndex || after < new.endIndex {
            if after == new.endIndex || before < old.endIndex && isBetter(old[before].price, new[after].price) {
                changes.append(Level(price: old[before].price, lots: 0, orders: 0))
                before += 1
            } else if before == old.endIndex || isBetter(new[after].price, old[before].price) {
                changes.append(new[after])
                after += 1
            } else {
                if old[before] != new[after] { changes.append(new[after]) }
                before += 1
                after += 1
            }
        }
        return changes
    }

    /// What makes this view of `old`, as ``apply(_:)`` takes it.
    package func changes(since old: BookView) -> BookView {
        BookView(
            bestOffers: Self.changes(from: old.offers, to: offers) { $0 < $1 },
            bestBids: Self.changes(from: old.bids, to: bids) { $0 > $1 }
        )
    }

    /// Sets the levels of `changes`; those with 0 lots go.
    package mutating func apply(_ changes: BookView) {
        Self.apply(changes.offers, to: &offers) { $0 < $1 }
        Self.apply(changes.bids, to: &bids) { $0 > $1 }
    }

    private static func apply(_ changes: [Level], to levels: inout [Level], isBetter: (Price, Price) -> Bool) {
        for change in changes {
            let place = levels.firstIndex { !isBetter($0.price, change.price) } ?? levels.endIndex
            let isThere = place < levels.endIndex && levels[place].price == change.price
            switch (isThere, change.lots == 0) {
            case (true, true): levels.remove(at: place)
            case (true, false): levels[place] = change
            case (false, true): break
            case (false, false): levels.insert(change, at: place)
            }
        }
    }

    /// What ``checksum`` is of: the best ten offers, then the best ten bids, each side best first, each level as its
    /// price, a colon and its lots; commas between levels, a semicolon between the sides.
    ///
    /// `20123000:5,20124000:7;19000000:3`
    package var checkedText: String {
        [offers, bids]
            .map { side in
                side.prefix(Self.checkedLevels).map { "\($0.price.nanoTONPerMTok):\($0.lots)" }.joined(separator: ",")
            }
            .joined(separator: ";")
    }

    /// CRC-32 of ``checkedText``.
    package var checksum: UInt32 { CRC32.checksum(checkedText.utf8) }
}
