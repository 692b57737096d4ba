import Units

extension WhyNot {
    /// The search for the least change of one constraint with which the order would be filled.
    ///
    /// A change that fills the order at its own limit comes before one that needs another price too. Of those, a number
    /// changes by as little as possible, features are as few as possible, a country comes before the union, and of
    /// names, or of equally many features, the cheapest for the order wins, then the smaller number.
    struct Search {
        /// 1 when the order is a bid, so that the lowest price is the best; −1 when it is an offer.
        let sign: Int64
        let limitKey: Int64
        /// The order's lots.
        let wanted: Int64

        /// Sets of features that are tried at most, besides all that are missing anywhere.
        static let bitSetsMax = 64

        func key(_ level: BookLevel) -> Int64 { sign * level.price.nanoTONPerMTok }

        func relaxation(of constraint: Constraint, _ groups: [Group], _ subject: Subject) -> Relaxation? {
            let met = groups.filter { $0.failing == 0 }
            if constraint.shape == .limit { return result(.price, .limit, met) }
            let near = groups.filter { $0.failing == constraint.bit }
            guard !near.isEmpty else { return nil }
            let isBid = if case .bid = subject { true } else { false }
            var found: Relaxation? =
                switch constraint.shape {
                case .fixed, .limit: nil
                case .number: number(constraint, met, near, isBid: isBid)
                case .oneOf: name(constraint, met, near, isBid: isBid)
                case .allOf: bits(constraint, met, near)
                }
            // The whole rule decides who is met then: some are met who failed two conditions of one field, and what an
            // offer changes some do not want.
            if let change = found?.change {
                found = result(constraint, change, changed(constraint, change, groups, subject))
            }
            guard let found, !found.isWithinLimit else { return found }
            // Where the other price alone would do, the change is none.
            guard let reached = stack(met).reach(wanted, with: .empty) else { return found }
            return sign * found.priceNeeded.nanoTONPerMTok < reached.key ? found : nil
        }

        private func changed(
            _ constraint: Constraint,
            _ change: Change,
            _ groups: [Group],
            _ subject: Subject
        ) -> [Group] {
            switch subject {
            case .bid(let demand):
                let changed = constraint.applying(change, to: demand)
                return groups.filter { $0.isOpen && changed.isMet(by: $0.supply) }
            case .offer(let supply):
                let changed = constraint.applying(change, to: supply)
                return groups.filter { $0.demand.isMet(by: changed) }
            }
        }

        private func stack(_ groups: some Sequence<Group>) -> PriceStack {
            PriceStack(groups.lazy.map(\.levels), sign: sign, wanted: wanted)
        }

        /// What the change comes to when these are the groups that are left; `nil` when they do not fill the order.
        private func result(_ constraint: Constraint, _ change: Change, _ groups: [Group]) -> Relaxation? {
            guard let reached = stack(groups).reach(wanted, with: .empty) else { return nil }
            let bound = max(limitKey, reached.key)
            var tally = Tally()
            var best = Int64.max
            for group in groups {
                let levels = group.levels.prefix { key($0) <= bound }
                tally.add(Tally(levels))
                if let first = levels.first { best = min(best, key(first)) }
            }
            return Relaxation(
                constraint: constraint,
                change: change,
                isWithinLimit: reached.key <= limitKey,
                tally: tally,
                bestPrice: Price(nanoTONPerMTok: sign * best),
                priceNeeded: Price(nanoTONPerMTok: sign * reached.key),
                value: Int128(sign) * reached.value
            )
        }

        /// The nearest number at which the best price for which it can be had at all, or the limit, fills the order.
        /// A bid that this does not fill would take any number, and offers of which none is known.
        private func number(
            _ constraint: Constraint,
            _ met: [Group],
            _ near: [Group],
            isBid: Bool
        ) -> Relaxation? {
            let sign: Int64 = constraint.isMost ? -1 : 1
            let unknown: Int64 = constraint.isMost ? 1 << 40 : 0
            let known = isBid ? near.filter { constraint.number(of: $0.supply) != nil } : near
            guard let reached = stack(met + known).reach(wanted, with: .empty) else {
                return isBid ? result(constraint, .anyName, met + near) : nil
            }
            let bound = max(limitKey, reached.key)
            func lots(_ group: Group) -> Int64 { Tally(group.levels.prefix { key($0) <= bound }).lots }
            func distance(_ group: Group) -> Int64 {
                sign * (constraint.bound(of: group.demand) - (constraint.number(of: group.supply) ?? unknown))
            }
            let nearest = known.map { (group: $0, distance: distance($0)) }.sorted { $0.distance < $1.distance }
            var sum = met.reduce(0) { $0 + lots($1) }
            var taken = 0
            while taken < nearest.count {
                let isEquallyNear = taken > 0 && nearest[taken].distance == nearest[taken - 1].distance
                guard sum < wanted || isEquallyNear else { break }
                sum += lots(nearest[taken].group)
                taken += 1
            }
            guard let last = nearest[..<taken].last?.group else { return nil }
            let number = isBid ? constraint.number(of: last.supply) ?? 0 : constraint.bound(of: last.demand)
            return result(constraint, .number(number), met + nearest[..<taken].map(\.group))
        }

        /// One more name for a bid, or another name for an offer, which some who take it now may not take then.
        private func name(_ constraint: Constraint, _ met: [Group], _ near: [Group], isBid: Bool) -> Relaxation? {
            var universal = isBid ? met : []
            var named: [Int64: [Group]] = [:]
            for group in isBid ? near : met + near {
                let names = isBid ? constraint.demands(for: group.supply) : constraint.names(of: group.demand)
                if names == nil { universal.append(group) }
                for name in names ?? [] { named[name, default: []].append(group) }
            }
            // The union stands before its members where it does for an offer, and behind them where it asks for more.
            let union = constraint == .region ? Int64(Region.europeanUnion.code) : -1
            let order = named.keys.sorted { ($0 == union ? -1 : $0) < ($1 == union ? -1 : $1) }
            let candidates = order.map { name in
                (value: name, cost: isBid && name == union ? 1 : 0, stack: stack(named[name] ?? []))
            }
            if let change = best(candidates, with: stack(universal)) {
                return result(constraint, .name(change), universal + (named[change] ?? []))
            }
            return isBid ? result(constraint, .anyName, met + near) : nil
        }

        /// Features that a bid does without, or that an offer has too.
        private func bits(_ constraint: Constraint, _ met: [Group], _ near: [Group]) -> Relaxation? {
            func missing(_ group: Group) -> UInt64 {
                constraint.bits(of: group.demand) & ~constraint.bits(of: group.supply)
            }
            var sets: [UInt64] = Array(Set(near.map(missing)))
            let all = sets.reduce(0, |)
            sets.sort { ($0.nonzeroBitCount, $0) < ($1.nonzeroBitCount, $1) }
            sets = sets.prefix(Self.bitSetsMax) + (sets.prefix(Self.bitSetsMax).contains(all) ? [] : [all])
            func without(_ set: UInt64) -> [Group] { near.filter { missing($0) & ~set == 0 } }
            let change = best(
                sets.map { (Int64(bitPattern: $0), cost: $0.nonzeroBitCount, stack(without($0))) },
                with: stack(met)
            )
            guard let change else { return nil }
            let set = UInt64(bitPattern: change)
            return result(constraint, .bits(set), met + without(set))
        }

        /// The candidate that comes first by the rule of this type; `nil` when none fills the order.
        private func best(_ candidates: [(value: Int64, cost: Int, stack: PriceStack)], with base: PriceStack) -> Int64?
        {
            var best: (value: Int64, bound: Int64, cost: Int, money: Int128)?
            for candidate in candidates {
                guard let reached = candidate.stack.reach(wanted, with: base) else { continue }
                let found = (
                    value: candidate.value, bound: max(limitKey, reached.key), cost: candidate.cost,
                    money: reached.value
                )
                guard let known = best else {
                    best = found
                    continue
                }
                if (found.bound, found.cost, found.money) < (known.bound, known.cost, known.money) { best = found }
            }
            return best?.value
        }
    }
}
