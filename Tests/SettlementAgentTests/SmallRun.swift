import Engine
import LocalChain
import Units

/// A run in which little happens and one thing goes wrong at one passage: all passages are tried, one after the other.
enum SmallRun: CaseIterable {
    /// Two payouts.
    case paid
    /// The first message uses its query id up for nothing.
    case burnt
    /// No message arrives until the first has expired.
    case expired
    /// A payout comes back.
    case returned
    /// A deposit, and a withdrawal of it.
    case deposited
    case twoWallets

    static let mishaps: [Mishap] = [
        .crashBefore, .crashAfter, .lostQuestion, .lostAnswer, .twice, .delay(70), .handover(rounds: 2),
    ]

    /// Gives what is not as it must be, and whether it was over before anything went wrong.
    func differences(_ mishap: Mishap, at place: Int) throws -> (differences: [String], isOver: Bool) {
        var setup = SettlementRun.Setup(seed: UInt64(place))
        if self == .twoWallets { setup.wallets = 2 }
        if self == .returned { setup.isRefused = true }
        let run = try SettlementRun(setup)
        run.scene.script = .once(mishap, at: place)
        try begin(run)
        for round in 0..<60 {
            run.scene.round(try run.scene.leader())
            if let former = run.scene.former { run.scene.round(former) }
            run.scene.pass(6)
            if try round > 2 && run.isSettled() { break }
        }
        let isOver = run.scene.met.isEmpty
        try run.calmDown(rounds: 8)
        return (try SettlementAudit(run).differences, isOver)
    }

    private func begin(_ run: SettlementRun) throws {
        try run.earn(1, 3)
        switch self {
        case .paid, .twoWallets: try run.withdraw(to: 2)
        case .burnt: run.scene.chain.burnNext()
        case .expired: for _ in 0..<14 { run.scene.chain.inject(.loseMessage) }
        case .returned: try run.withdraw(to: SettlementRun.refusal)
        case .deposited:
            try run.pay(SettlementRun.memo, 2 * ton)
            try run.withdraw(to: 3, 2 * ton)
        }
        try run.scene.commit()
    }
}
