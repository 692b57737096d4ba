import Units

/// When claims are paid, leases end, and bonds pay, on the lease clock. What is no longer so is dropped when it
/// comes up.
struct LeaseDeadline: Comparable, Sendable {
    let at: LogicalTime
    let lease: LeaseID
    /// The bond pays for a lease that has ended.
    let isSlash: Bool

    private var rank: (Int64, Int64, Int) { (at.microseconds, lease.rawValue, isSlash ? 1 : 0) }

    static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}
