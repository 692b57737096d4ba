internal import API
internal import Engine
internal import HTTP2
internal import Sockets
internal import Units

/// The accounts whose orders the end of a stream cancels (`cancel_on_disconnect=true`), over all loops: what the engine
/// is told of it, in the order in which it becomes so.
///
/// An account may have several such streams. The end of each cancels, and as long as others go on theirs will, too.
final class Disconnects: Sendable {
    private let inbox: Inbox
    private let standing: Standing
    private let state = Lock(State())

    private struct State {
        /// The leadership of ``streams``. Those of an earlier one have ended with it, and the first batch of the next
        /// has cancelled for them.
        var epoch: Int64 = 0
        /// Streams that are open or about to be.
        var streams: [AccountID: Int] = [:]
        /// What the inbox had no room for.
        var waiting: [Command] = []
    }

    enum Arming {
        /// In this leadership. The engine's answer comes as that of the stream's request.
        case armed(Int64)
        case refused(Unavailable)
    }

    init(_ inbox: Inbox, _ standing: Standing) {
        self.inbox = inbox
        self.standing = standing
    }

    /// Tells the engine that the end of this stream is to cancel its account's orders.
    func arm(_ request: StreamRequest) -> Arming {
        guard let account = request.query.cancelsOnDisconnect else {
            preconditionFailure("only a stream that cancels is announced")
        }
        let command = Command(
            account: account,
            key: request.query.key ?? KeyID(0),
            requestID: request.requestID,
            action: .setCancelOnDisconnect(true)
        )
        var submission = Submission(loop: request.stream.loop)
        command.encode(into: &submission.commandBytes)
        let work = Submission.Work.command(command, .limitsSet)
        submission.append(Submission.Item(stream: request.stream, requestID: request.requestID, work: work))
        // The lock is held while it is posted, so that the end of another stream cannot come in between.
        return state.withLock { state in
            flush(&state)
            guard state.waiting.isEmpty else { return .refused(.overloaded) }
            switch inbox.post(submission, cancelsOnly: false) {
            case .closed(let reason): return .refused(reason)
            case .full: return .refused(.overloaded)
            case nil: break
            }
            // Read afterwards: what was taken in a leadership before is refused at its end.
            let epoch = standing.epoch
            if epoch != state.epoch { state = State(epoch: epoch) }
            state.streams[account, default: 0] += 1
            return .armed(epoch)
        }
    }

    /// A stream that was armed is over, or has not begun, in which case nothing is cancelled.
    func end(_ request: StreamRequest, cancels: Bool) {
        guard let account = request.query.cancelsOnDisconnect, let epoch = request.armedIn else { return }
        state.withLock { state in
            guard epoch == state.epoch, let count = state.streams[account] else { return }
            state.streams[account] = count > 1 ? count - 1 : nil
            if cancels {
                state.waiting.append(Command(account: .system, action: .disconnected(account)))
                // That has switched it off.
                if count > 1 { state.waiting.append(Command(account: account, action: .setCancelOnDisconnect(true))) }
            } else if count == 1 {
                state.waiting.append(Command(account: account, action: .setCancelOnDisconnect(false)))
            }
            flush(&state)
        }
    }

    /// Hands over what the inbox had no room for.
    func retry() { state.withLock { flush(&$0) } }

    private func flush(_ state: inout State) {
        guard !state.waiting.isEmpty else { return }
        var submission = Submission(loop: 0)
        submission.ownCommands = state.waiting
        for command in state.waiting { command.encode(into: &submission.commandBytes) }
        switch inbox.post(submission, cancelsOnly: true) {
        case .full: return
        // Who leads next begins with cancelling for all that are armed.
        case nil, .closed: state.waiting = []
        }
    }
}
