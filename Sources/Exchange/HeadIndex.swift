/// The heads of all classes (or profiles) of one side of the book, for the question "which may this taker trade with,
/// and which is the best?".
///
/// A group is listed under each model that it stands for and, when it stands for any, in a list of its own; only
/// groups with an order that can trade are listed. A search is a flat scan over arrays that lie one after the other:
/// about a nanosecond a group, so it serves up to some ten thousand groups a model. A tournament tree over the same
/// heads, with the smallest key and the OR of the masks in its nodes, would take this type's place (DESIGN §3).
///
/// Both sides ask the same: `query.first & entry.first == 0 && query.second & entry.second == 0`. Classes are entered
/// as `(~has, exclusive)` and asked with `(required, ~allowed)`; profiles the other way round.
package struct HeadIndex: Sendable {
    /// A pair of masks.
    package struct Masks: Sendable {
        package let first: UInt64
        package let second: UInt64

        package init(class capability: Capability) {
            let mask = CapabilityMask(capability)
            first = ~mask.has
            second = mask.exclusive
        }

        package init(profile requirement: Requirement) {
            let mask = RequirementMask(requirement)
            first = mask.required
            second = ~mask.allowed
        }
    }

    /// A group's best order as the ranking sees it: the smaller key first, then the smaller rank.
    package struct Head: Hashable, Comparable, Sendable {
        package var key: Int64
        package var rank: Int64

        package static func < (left: Self, right: Self) -> Bool {
            left.key != right.key ? left.key < right.key : left.rank < right.rank
        }

        /// Stands for a group without an order that can trade.
        static let none = Head(key: .max, rank: .max)
        /// Before every order's.
        static let first = Head(key: .min, rank: .min)
    }

    /// A group that a search found.
    struct Found: Sendable {
        var head: Head
        var group: Int32
    }

    private struct List: Sendable {
        var keys: ContiguousArray<Int64> = []
        var ranks: ContiguousArray<Int64> = []
        var first: ContiguousArray<UInt64> = []
        var second: ContiguousArray<UInt64> = []
        /// Which membership an entry belongs to.
        var memberships: ContiguousArray<Int32> = []
    }

    /// A group in one list.
    private struct Membership: Sendable {
        let group: Int32
        let list: Int32
        /// Its place in the list; meaningless while the group is not listed.
        var position: Int32
    }

    /// List 0 has the groups for any model; the others are by model number.
    private var lists: ContiguousArray<List> = [List()]
    private var memberships: ContiguousArray<Membership> = []
    /// Of each group, the first of its memberships; they lie together. One more than there are groups.
    private var starts: ContiguousArray<Int32> = [0]
    private var heads: ContiguousArray<Head> = []
    private var masks: ContiguousArray<Masks> = []

    package init() {}

    /// The list of groups for any model.
    package static let wildcard = 0

    /// Adds the next group, which stands for `models`; 0 is the wildcard.
    package mutating func addGroup(masks: Masks, models: [Int]) {
        let group = Int32(heads.count)
        for model in models {
            while lists.count <= model { lists.append(List()) }
            memberships.append(Membership(group: group, list: Int32(model), position: -1))
        }
        starts.append(Int32(memberships.count))
        heads.append(.none)
        self.masks.append(masks)
    }

    /// Notes a group's best order; `nil` when it has none that can trade.
    package mutating func setHead(_ head: Head?, of group: Int32) {
        let before = heads[Int(group)]
        let now = head ?? .none
        guard before != now else { return }
        heads[Int(group)] = now
        for member in Int(starts[Int(group)])..<Int(starts[Int(group) + 1]) {
            if before == .none {
                enlist(member, now)
            } else if now == .none {
                strike(member)
            } else {
                let position = Int(memberships[member].position)
                lists[Int(memberships[member].list)].keys[position] = now.key
                lists[Int(memberships[member].list)].ranks[position] = now.rank
            }
        }
    }

    private mutating func enlist(_ member: Int, _ head: Head) {
        let list = Int(memberships[member].list)
        let masks = masks[Int(memberships[member].group)]
        memberships[member].position = Int32(lists[list].keys.count)
        lists[list].keys.append(head.key)
        lists[list].ranks.append(head.rank)
        lists[list].first.append(masks.first)
        lists[list].second.append(masks.second)
        lists[list].memberships.append(Int32(member))
    }

    /// Takes an entry out of its list; the last one takes its place. What a search finds does not depend on the order.
    private mutating func strike(_ member: Int) {
        let list = Int(memberships[member].list)
        let position = Int(memberships[member].position)
        let last = lists[list].keys.count - 1
        let moved = Int(lists[list].memberships[last])
        lists[list].keys.swapAt(position, last)
        lists[list].ranks.swapAt(position, last)
        lists[list].first.swapAt(position, last)
        lists[list].second.swapAt(position, last)
        lists[list].memberships.swapAt(position, last)
        memberships[moved].position = Int32(position)
        lists[list].keys.removeLast()
        lists[list].ranks.removeLast()
        lists[list].first.removeLast()
        lists[list].second.removeLast()
        lists[list].memberships.removeLast()
    }

    /// Calls `found` for each listed group that may trade with the taker's group and whose head lies between `start`
    /// and `bound`, both exclusive. `found` may tighten the bound.
    ///
    /// A group asks the other side for the lists in which it is itself: a bid for its models, or for all; an offer for
    /// its model and for those that take any.
    func search(
        for taker: Int32,
        of own: borrowing HeadIndex,
        after start: Head,
        bound: Head,
        found: (Found, inout Head) -> Void
    ) {
        var bound = bound
        let query = own.masks[Int(taker)]
        for member in Int(own.starts[Int(taker)])..<Int(own.starts[Int(taker) + 1]) {
            let list = Int(own.memberships[member].list)
            if list < lists.count { scan(lists[list], query, start, &bound, found) }
        }
    }

    private func scan(
        _ list: borrowing List,
        _ query: Masks,
        _ start: Head,
        _ bound: inout Head,
        _ found: (Found, inout Head) -> Void
    ) {
        let keys = list.keys.span
        let ranks = list.ranks.span
        let first = list.first.span
        let second = list.second.span
        for index in keys.indices where keys[index] <= bound.key {
            guard query.first & first[index] == 0, query.second & second[index] == 0 else { continue }
            let head = Head(key: keys[index], rank: ranks[index])
            guard head < bound, start < head else { continue }
            found(Found(head: head, group: memberships[Int(list.memberships[index])].group), &bound)
        }
    }
}
