import Units

/// How much one command may do (DESIGN §2, bounded work). A journal is carried out again under the limits under which
/// it was written: only tests have others than ``standard``.
package struct WorkLimits: Hashable, Sendable {
    /// Most resting orders that a walk visits, and most orders that a command looks at again.
    package let visits: Int
    /// Most orders that a command of a mass operation, or a tick, visits.
    package let step: Int
    /// Most mass operations under way at once.
    package let operations: Int

    package init(visits: Int, step: Int, operations: Int) {
        self.visits = visits
        self.step = step
        self.operations = operations
    }

    package static let standard = WorkLimits(
        visits: Limits.visitsPerCommandMax,
        step: Limits.ordersPerStepMax,
        operations: Limits.operationsMax
    )
}
