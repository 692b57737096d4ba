internal import Engine
internal import SettlementAgent
internal import Store
internal import Units

/// What settlement's thread asks the engine, and where the durable answer goes.
final class SettlementTicket: Sendable {
    let question: Question
    /// Of the leadership under which it is asked.
    let epoch: Int64
    private let number: UInt64
    private let mailbox: SettlementMailbox

    enum Question: Sendable {
        case view
        /// In the server's own name.
        case command(Command)
    }

    enum Answer: Sendable {
        case view(SettlementView)
        /// A command is carried out, or refused.
        case done(Rejection?)
    }

    fileprivate init(_ question: Question, epoch: Int64, number: UInt64, mailbox: SettlementMailbox) {
        self.question = question
        self.epoch = epoch
        self.number = number
        self.mailbox = mailbox
    }

    /// What the answer was made of is durable.
    func give(_ answer: Answer) { mailbox.take(answer, of: number) }
}

/// Who leads, and the one answer that settlement's thread waits for.
///
/// Whatever makes the engine drop a question ends the leadership too, so a question ends with an answer or with that.
final class SettlementMailbox: Sendable {
    private let state = Monitor(State())
    private let inbox: Inbox

    private struct State {
        var leadership: Leadership?
        var isStopping = false
        /// Somebody wants a round now.
        var isRoundWanted = false
        var asked: UInt64 = 0
        var answer: SettlementTicket.Answer?
    }

    init(_ inbox: Inbox) { self.inbox = inbox }

    /// The engine serves from now on.
    func begin(_ leadership: Leadership) { state.withLock(waking: true) { $0.leadership = leadership } }

    /// The engine serves no more.
    func end() { state.withLock(waking: true) { $0.leadership = nil } }

    /// The thread is to end.
    func stop() { state.withLock(waking: true) { $0.isStopping = true } }

    /// The leadership to work under, as soon as there is one; `nil` at the end.
    func next() -> Leadership? {
        let found = state.wait { state -> Leadership?? in
            if state.isStopping { return .some(nil) }
            return state.leadership.map { .some($0) }
        }
        return found ?? nil
    }

    func isLeading(_ leadership: Leadership) -> Bool {
        state.withLock { $0.leadership == leadership && !$0.isStopping }
    }

    /// Ends the pause between two rounds, or the next one.
    func wake() { state.withLock(waking: true) { $0.isRoundWanted = true } }

    /// Waits that long, until a round is wanted or until the leadership ends.
    func pause(_ leadership: Leadership, milliseconds: Int64) {
        _ = state.wait(until: .now.adding(milliseconds: milliseconds)) { state -> Bool? in
            if state.isRoundWanted {
                state.isRoundWanted = false
                return true
            }
            return state.leadership == leadership && !state.isStopping ? nil : true
        }
    }

    fileprivate func take(_ answer: SettlementTicket.Answer, of number: UInt64) {
        state.withLock(waking: true) { if $0.asked == number { $0.answer = answer } }
    }

    /// Asks, and waits until the answer is durable. Under a leadership that has ended nothing is asked.
    func ask(
        _ question: SettlementTicket.Question,
        under leadership: Leadership
    ) throws(OfficeError) -> SettlementTicket.Answer {
        let asked = state.withLock { state -> UInt64? in
            guard state.leadership == leadership, !state.isStopping else { return nil }
            state.asked += 1
            state.answer = nil
            return state.asked
        }
        guard let number = asked else { throw OfficeError("the leadership has ended") }
        var submission = Submission(loop: 0)
        submission.settlement = SettlementTicket(question, epoch: leadership.epoch, number: number, mailbox: self)
        if case .command(let command) = question { command.encode(into: &submission.commandBytes) }
        switch inbox.post(submission, cancelsOnly: false) {
        case nil: break
        case .full: throw OfficeError("the engine has too much to do")
        case .closed: throw OfficeError("no engine serves")
        }
        let answer = state.wait { state -> SettlementTicket.Answer?? in
            if let answer = state.answer.take() { return .some(answer) }
            return state.leadership == leadership && !state.isStopping ? nil : .some(nil)
        }
        guard let answer = answer ?? nil else { throw OfficeError("the leadership has ended") }
        return answer
    }
}
