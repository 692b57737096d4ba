/// The heads of all classes (or profiles) of one side of the book, for the question "which may this taker trade with,
/// and which is the best?".
///
/// A group is listed under each model that it stands for and, when it stands for any, in a list of its own; only
/// groups with an order that can trade are listed. A list is a tree of heads (``HeadForest``), so that a search visits
/// a few of its groups and not all of them.
package struct HeadIndex: Sendable {
    /// A group's best order as the ranking sees it: the smaller key first, then the smaller rank.
    package struct Head: Hashable, Comparable, Sendable {
        package var key: Int64
        package var rank: Int64

        package init(key: Int64, rank: Int64) {
            self.key = key
            self.rank = rank
        }

        package static func < (left: Self, right: Self) -> Bool {
            left.key != right.key ? left.key < right.key : left.rank < right.rank
        }

        /// Stands for a group without an order that can trade; behind every order's.
        package static let none = Head(key: .max, rank: .max)
        /// Before every order's.
        package static let first = Head(key: .min, rank: .min)

        /// How a taker sees it that gives `credit` for each point of quality (``Question/credit``).
        func less(credit: Int64, quality: Int32) -> Head { Head(key: key - credit * Int64(quality), rank: rank) }
    }

    /// A group that a search found, with its head as the taker sees it.
    package struct Found: Hashable, Sendable {
        package var head: Head
        package var group: Int32

        package init(head: Head, group: Int32) {
            self.head = head
            self.group = group
        }
    }

    /// What a taker asks.
    package struct Question: Sendable {
        /// The worst key that it accepts, whatever it gives for quality.
        package var limit: Int64
        /// What a point of quality is worth to it, in the unit of keys: it ranks by `key − credit × quality`.
        package var credit: Int64
        /// Only heads behind this one are looked for.
        package var start: Head

        package init(limit: Int64, credit: Int64 = 0, start: Head = .first) {
            self.limit = limit
            self.credit = credit
            self.start = start
        }
    }

    /// The list of groups for any model; the other lists are by model number.
    package static let wildcard = 0

    private(set) var forest = HeadForest()
    /// By membership: which list. A group's memberships lie together.
    private(set) var lists: ContiguousArray<Int32> = []
    /// Of each group, the first of its memberships; one more than there are groups.
    private(set) var starts: ContiguousArray<Int32> = [0]
    /// By membership: its group.
    private(set) var groups: ContiguousArray<Int32> = []
    private(set) var heads: ContiguousArray<Head> = []
    private var masks: ContiguousArray<GroupMasks> = []
    private var qualities: ContiguousArray<Int32> = []

    package init() {}

    /// Adds the next group, which stands for `models`; 0 is the wildcard. `quality` in points, 0 for unknown.
    package mutating func addGroup(masks: GroupMasks, models: [Int], quality: Int64 = 0) {
        let group = Int32(heads.count)
        for model in models {
            groups.append(group)
            lists.append(Int32(model))
            forest.addMember()
        }
        starts.append(Int32(groups.count))
        heads.append(.none)
        qualities.append(Int32(quality))
        self.masks.append(masks)
    }

    /// Takes the last group away again, which has no order.
    mutating func removeLastGroup() {
        precondition(heads.last == Head.none, "a group with orders stays")
        starts.removeLast()
        while lists.count > Int(starts[starts.count - 1]) {
            groups.removeLast()
            lists.removeLast()
            forest.removeLastMember()
        }
        heads.removeLast()
        qualities.removeLast()
        masks.removeLast()
    }

    /// Points of quality of a group.
    func quality(of group: Int32) -> Int64 { Int64(qualities[Int(group)]) }

    /// Notes a group's best order; `nil` when it has none that can trade.
    package mutating func setHead(_ head: Head?, of group: Int32) {
        let before = heads[Int(group)]
        let now = head ?? .none
        guard before != now else { return }
        heads[Int(group)] = now
        for member in starts[Int(group)]..<starts[Int(group) + 1] {
            if before == .none {
                enlist(member, now)
            } else if now == .none {
                forest.remove(member, from: lists[Int(member)])
            } else {
                forest.update(member, now)
            }
        }
    }

    private mutating func enlist(_ member: Int32, _ head: Head) {
        let group = Int(groups[Int(member)])
        let masks = masks[group]
        let entry = HeadForest.Entry(
            head: head,
            masks: masks,
            order: masks.order,
            quality: qualities[group],
            reference: member
        )
        forest.insert(entry, into: lists[Int(member)])
    }

    /// Calls `found` for groups that may trade with the taker's group and whose heads, as the taker sees them, lie
    /// between the question's start and `bound`, both exclusive: for all of them, unless `found` tightens the bound,
    /// which spares those behind it. `frontier` is scratch memory.
    ///
    /// A group asks the other side for the lists in which it is itself: a bid for its models, or for all; an offer for
    /// its model and for those that take any.
    package func search(
        for taker: Int32,
        of own: borrowing HeadIndex,
        _ question: Question,
        bound: Head,
        frontier: inout HeadFrontier,
        found: (Found, inout Head) -> Void
    ) {
        var bound = bound
        let masks = own.masks[Int(taker)]
        for member in Int(own.starts[Int(taker)])..<Int(own.starts[Int(taker) + 1]) {
            forest.search(own.lists[member], masks, question, &bound, &frontier) { head, member, bound in
                found(Found(head: head, group: groups[Int(member)]), &bound)
            }
        }
    }
}
