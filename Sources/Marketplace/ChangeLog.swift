/// Tells the operator when the server's state changes, in one line for each change.
struct ChangeLog {
    private let log: (String) -> Void
    private var last = LifeCycle.State.starting

    init(_ log: @escaping (String) -> Void) { self.log = log }

    /// `epoch` is this server's newest leadership.
    mutating func note(_ state: LifeCycle.State, epoch: Int64) {
        let line = Self.line(state, epoch: epoch)
        defer { last = state }
        guard let line, line != Self.line(last, epoch: epoch) else { return }
        log(line)
    }

    static func line(_ state: LifeCycle.State, epoch: Int64) -> String? {
        switch state {
        case .starting, .stopped, .interrupted: nil
        case .following(let leader):
            "following \"\(leader.holder)\", which leads in epoch \(leader.epoch)"
                + (leader.address.isEmpty ? "" : " at \(leader.address)")
        case .rebuilding(let reason, isLeader: false): "not serving: \(reason); trying to get the leadership"
        case .rebuilding(_, isLeader: true): "rebuilding from the database, in epoch \(epoch)"
        case .serving: "leading in epoch \(epoch)"
        case .stopping: "finishing what was accepted"
        case .failed(let reason): "cannot go on: \(reason)"
        }
    }
}
