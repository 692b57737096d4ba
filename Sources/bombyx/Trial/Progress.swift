internal import Demonstration
internal import Glibc

/// Tells how far a step is: a bar that grows where a terminal is, plain lines where none is. On the standard error, so
/// that the report stays clean.
struct Progress {
    private let title: String
    private let total: Int
    private var shown = isTerminal ? -1 : 0
    private static let isTerminal = isatty(2) == 1

    /// A step of `total` parts.
    init(_ title: String, total: Int) {
        self.title = title
        self.total = total
        update(0)
    }

    mutating func update(_ count: Int) {
        let percent = total == 0 ? 100 : count * 100 / total
        // A bar moves with every percent; a log gets a line for every quarter.
        let mark = Self.isTerminal ? percent : percent / 25
        guard mark != shown else { return }
        shown = mark
        let figures = "\(Figures.count(count)) of \(Figures.count(total))"
        if Self.isTerminal {
            let bar = Figures.bar(Int128(count), of: Int128(max(total, 1)), width: 30)
            put("\r  \(Figures.padded(title, 18)) \(bar) \(figures) \(count == total ? "\n" : "")", to: 2)
        } else {
            put("  \(title): \(figures)\n", to: 2)
        }
    }
}
