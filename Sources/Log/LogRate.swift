/// Bounds the lines of a second, so that a flood of faults does not fill a disk. A value: the clock is the caller's.
package struct LogRate: Sendable {
    /// Lines of a second.
    package let linesMax: Int
    private var second = Int64.min
    private var lines = 0
    private var suppressed = 0

    package init(linesMax: Int) { self.linesMax = linesMax }

    /// What is to be done with a line.
    package enum Decision: Hashable, Sendable {
        case write
        case suppress
    }

    /// Decides about a line at `second`, counted from anywhere.
    package mutating func admit(at second: Int64) -> Decision {
        if second != self.second {
            self.second = second
            lines = 0
        }
        guard lines < linesMax else {
            suppressed += 1
            return .suppress
        }
        lines += 1
        return .write
    }

    /// Counts a line that was admitted and could not be written.
    package mutating func lose() { suppressed += 1 }

    /// How many lines were suppressed in earlier seconds and not told of yet; 0 afterwards.
    package mutating func takeSuppressed(at second: Int64) -> Int {
        guard second != self.second, suppressed > 0 else { return 0 }
        defer { suppressed = 0 }
        return suppressed
    }
}
