import Engine
import Units

@testable import EngineTesting

/// The commands of a market in which something went wrong, and how to find the few of them that it takes.
struct Recording {
    struct Step {
        var time: LogicalTime
        var command: Command
    }

    private(set) var steps: [Step] = []
    let requestsMax: Int
    let work: WorkLimits
    /// The engine is made anew from its state before each command.
    var reloads = false

    init(requestsMax: Int = Limits.idempotencyEntriesMax, work: WorkLimits = .standard) {
        self.requestsMax = requestsMax
        self.work = work
    }

    mutating func append(_ time: LogicalTime, _ command: Command) {
        steps.append(Step(time: time, command: command))
    }

    /// What goes wrong first, and with which command.
    func failure() -> (index: Int, error: any Error)? {
        var twins = EngineTwins(requestsMax: requestsMax, work: work)
        for (index, step) in steps.enumerated() {
            do {
                if reloads { try twins.reload() }
                try twins.beginBatch(at: step.time)
                _ = try twins.apply(step.command, isChecked: index == steps.count - 1)
                if index == steps.count - 1 { try twins.compareStates() }
            } catch {
                return (index, error)
            }
        }
        return nil
    }

    /// A command that does nothing but count, so that the others keep their numbers.
    private static let nothing = Command(account: .system, action: .cancel(OrderID(0)))

    /// Leaves out whatever is not needed for something to go wrong, in ever smaller pieces, for so long.
    mutating func shrink(for duration: Duration = .seconds(20)) {
        let end = ContinuousClock.now + duration
        if failure() == nil { reloads = true }
        guard let first = failure() else { return }
        steps.removeSubrange((first.index + 1)...)
        var size = max(1, steps.count / 2)
        while ContinuousClock.now < end {
            var start = 0
            var hasShrunk = false
            while start < steps.count - 1, ContinuousClock.now < end {
                let range = start..<min(start + size, steps.count - 1)
                start += size
                guard steps[range].contains(where: { $0.command != Self.nothing }) else { continue }
                var fewer = self
                for index in range { fewer.steps[index].command = Self.nothing }
                if fewer.failure()?.index != steps.count - 1 { continue }
                self = fewer
                hasShrunk = true
            }
            if size == 1 && !hasShrunk { return }
            size = max(1, size / 2)
        }
    }

    /// The market as a text for ``expectMarket(_:requestsMax:work:sourceLocation:)``, with the reference engine's
    /// answers.
    var text: String {
        var words = MarketText()
        var player = MarketPlayer(executor: ReferenceEngine(requestsMax: requestsMax, work: work), title: "")
        var lines: [String] = []
        // Ticks count too.
        var other = ReferenceEngine(requestsMax: requestsMax, work: work)
        var events: [Event] = []
        for step in steps {
            let isNew = step.time > other.time
            if other.beginBatch(at: step.time) {
                other.apply(Command(account: .system, action: .tick), into: &events)
                if !isNew { lines.append("tick") }
            }
            for part in step.command.parts { other.apply(part, into: &events) }
            if isNew { lines.append("time " + words.seconds(step.time.microseconds)) }
            if step.command == Self.nothing { continue }
            lines.append(words.line(step.command, other.sequence.rawValue) ?? "# \(step.command.action)")
        }
        return lines.map { line in
            let answer = (try? player.answer(to: line)) ?? "?"
            return answer.isEmpty ? line : "\(line)   -> \(answer)"
        }.joined(separator: "\n")
    }
}
