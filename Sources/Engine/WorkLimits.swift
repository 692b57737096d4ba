import Units

/// How much one command may do (DESIGN §2, bounded work). A journal is carried out again under the limits under which
/// it was written: only tests have others than ``standard``.
package struct WorkLimits: Hashable, Sendable {
    /// Most resting orders that a walk visits; and when those that a command looks at again have visited so many
    /// together, nobody looks again any more.
    package let visits: Int
    /// Most orders that a command of a mass operation, or a tick, visits.
    package let step: Int
    /// Parts of icebergs, shown by one command, after which nobody walks any more; a walk under way may show
    /// ``visits`` more.
    package let parts: Int64
    /// Most mass operations under way at once.
    package let operations: Int
    /// Most accounts that logins have opened.
    package let logins: Int

    package init(visits: Int, step: Int, parts: Int64, operations: Int, logins: Int = Limits.loginsMax) {
        self.visits = visits
        self.step = step
        self.parts = parts
        self.operations = operations
        self.logins = logins
    }

    package static let standard = WorkLimits(
        visits: Limits.visitsPerCommandMax,
        step: Limits.ordersPerStepMax,
        parts: Limits.partsShownMax,
        operations: Limits.operationsMax
    )
}
