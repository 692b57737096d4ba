/// What a load has found: everything that is reported.
package struct LoadOutcome: Sendable {
    /// A fact about the load, the server or the machine.
    package struct Fact: Equatable, Sendable {
        /// In lower case with underscores, as in the report in JSON.
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A rule that was looked at.
    package struct Check: Equatable, Sendable {
        package let rule: String
        package let holds: Bool
        package let detail: String

        package init(_ rule: String, holds: Bool, _ detail: String) {
            self.rule = rule
            self.holds = holds
            self.detail = detail
        }
    }

    /// Answers with this status and problem code.
    package struct AnswerCount: Equatable, Sendable {
        package let status: Int
        /// Empty for success.
        package let code: String
        package let count: Int64

        package init(status: Int, code: String, count: Int64) {
            self.status = status
            self.code = code
            self.count = count
        }
    }

    /// One second of the load, or what is left of one.
    package struct Tick: Equatable, Sendable {
        /// Since the beginning.
        package let microseconds: Int64
        /// Answers in it.
        package let answered: Int64
        /// Answers in it that were no success, and requests that were lost.
        package let failed: Int64
        /// Commands that the tables lacked at its end; `nil` when the server did not say.
        package let lag: Int64?
        /// Microseconds that the tables were behind the journal; `nil` when the server did not say.
        package let lagMicroseconds: Int64?

        package init(microseconds: Int64, answered: Int64, failed: Int64, lag: Int64?, lagMicroseconds: Int64?) {
            self.microseconds = microseconds
            self.answered = answered
            self.failed = failed
            self.lag = lag
            self.lagMicroseconds = lagMicroseconds
        }
    }

    /// What is not an answer.
    package struct Losses: Equatable, Sendable {
        /// Requests whose connection ended before the answer: nobody knows whether they were carried out.
        package var unknown: Int64 = 0
        /// Requests that the server said it has not processed (GOAWAY, REFUSED_STREAM).
        package var refused: Int64 = 0
        /// Connections that ended before their time, or did not come to be.
        package var connections: Int64 = 0
        /// Requests sent more than a millisecond after their time, in an open loop.
        package var late: Int64 = 0
        /// Requests that were never sent, in an open loop: at the end they still waited for a free stream.
        package var unsent: Int64 = 0

        /// Nothing lost.
        package init() {}

        /// Takes what another thread has lost.
        package mutating func add(_ other: Losses) {
            unknown += other.unknown
            refused += other.refused
            connections += other.connections
            late += other.late
            unsent += other.unsent
        }
    }

    /// Where processor time went, in microseconds.
    package struct Processor: Equatable, Sendable {
        /// The threads of the generator.
        package var generator: Int64 = 0
        /// The server's process; `nil` when it is not on this machine.
        package var server: Int64?
        /// The processes below it: its private database.
        package var database: Int64?

        /// Nothing measured.
        package init() {}
    }

    /// What the load is, in the order of the report.
    package var settings: [Fact] = []
    /// What was changed on the server for the load, limits that were raised included.
    package var changes: [Fact] = []
    package var machine: [Fact] = []
    package var database: [Fact] = []
    /// An open loop: the corrected figures are measured, not estimated.
    package var isOpenLoop = false
    package var isInterrupted = false
    /// From the end of the ramp until the last answer.
    package var microseconds: Int64 = 0
    /// Answers in that time, without those of the ramp and of the verification.
    package var answered: Int64 = 0
    package var answeredInRamp: Int64 = 0
    /// Requests of the verification; they are not in any other figure.
    package var verificationRequests: Int64 = 0
    /// All answers of the load, those of the ramp included.
    package var answers: [AnswerCount] = []
    package var losses = Losses()
    package var latencies = Latencies()
    /// The same by kind of request; empty ones are left out of the report.
    package var byKind: [(kind: String, latencies: Latencies)] = []
    package var processor = Processor()
    /// Requests that the processor times are of: all answers and the verification's.
    package var processorRequests: Int64 { answered + answeredInRamp + verificationRequests }
    /// Commands and batches that the server committed in that time, by its own account; `nil` when it was restarted.
    package var commands: Int64?
    package var batches: Int64?
    package var lagAtEnd: Int64 = 0
    package var catchUpMicroseconds: Int64 = 0
    package var timeline: [Tick] = []
    /// The longest time, looked at every second, that the tables were behind; 0 when the server never said.
    package var lagMicrosecondsMax: Int64 { timeline.compactMap(\.lagMicroseconds).max() ?? 0 }
    package var checks: [Check] = []

    /// Nothing happened yet.
    package init() {}

    /// Everything that was looked at holds.
    package var isSound: Bool { checks.allSatisfy(\.holds) }

    /// Answers a second.
    package var perSecond: Int64 {
        microseconds > 0 ? Int64(Int128(answered) * 1_000_000 / Int128(microseconds)) : 0
    }
}
