internal import API
internal import Engine
internal import Settlement
internal import Synchronization
internal import Units

/// How settlement stands, as the engine's thread has last read it.
final class SettlementMetrics: Sendable {
    private let inFlight = Atomic<Int64>(0)
    private let inFlightAmount = Atomic<Int64>(0)
    /// Logical time; ``none`` when nothing waits.
    private let oldest = Atomic<Int64>(none)
    private let balance = Atomic<Int64>(0)
    private let difference = Atomic<Int64>(0)
    private let isHeld = Atomic<Bool>(false)
    private let lastLogicalTime = Atomic<Int64>(0)
    /// Seconds of the chain's clock; ``none`` without a wallet.
    private let scannedTo = Atomic<Int64>(none)

    private static let none = Int64.min

    init() {}

    func read(_ figures: SettlementFigures) {
        inFlight.store(Int64(figures.inFlight), ordering: .relaxed)
        inFlightAmount.store(figures.inFlightAmount.count, ordering: .relaxed)
        oldest.store(figures.oldest?.microseconds ?? Self.none, ordering: .relaxed)
        balance.store(figures.balance.count, ordering: .relaxed)
        difference.store(figures.difference, ordering: .relaxed)
        isHeld.store(figures.isHeld, ordering: .relaxed)
        lastLogicalTime.store(Int64(clamping: figures.lastLogicalTime ?? 0), ordering: .relaxed)
        scannedTo.store(figures.scannedTo.map { Int64(clamping: $0) } ?? Self.none, ordering: .relaxed)
    }

    /// Ages are those at `now`: they grow while the engine has nothing to do.
    func write(into text: inout MetricsText, at now: LogicalTime) {
        let gauges: [(String, String, Int64)] = [
            ("in_flight_payouts", "Payouts without a verdict.", inFlight.load(ordering: .relaxed)),
            ("in_flight_nanoton", "What they come to.", inFlightAmount.load(ordering: .relaxed)),
            ("wallets_nanoton", "What the wallets have.", balance.load(ordering: .relaxed)),
            ("difference_nanoton", "0, or wallets have what nothing explains.", difference.load(ordering: .relaxed)),
            ("held", "1 while no payouts are planned.", isHeld.load(ordering: .relaxed) ? 1 : 0),
            ("scanned_lt", "The wallet's last known transaction.", lastLogicalTime.load(ordering: .relaxed)),
        ]
        for (name, help, value) in gauges { text.metric("bombyx_settlement_\(name)", .gauge, help, value) }
        let since = oldest.load(ordering: .relaxed)
        let age = since == Self.none ? 0 : Double(max(0, now.microseconds - since)) / 1_000_000
        text.describe("bombyx_settlement_oldest_seconds", .gauge, "How long the oldest payment waits.")
        text.sample("bombyx_settlement_oldest_seconds", [], age)
        let known = scannedTo.load(ordering: .relaxed)
        let behind = known == Self.none ? 0 : max(0, now.microseconds / 1_000_000 - known)
        let help = "Time since the moment up to which the wallet's history is known."
        text.metric("bombyx_settlement_scan_age_seconds", .gauge, help, behind)
    }
}

/// What went wrong with payouts, counted by the journal's thread when it is durable.
final class SettlementFailures: Sendable {
    /// By the order of ``Kind``.
    private let counters = Kind.allCases.map { _ in Counter() }

    private enum Kind: Int, CaseIterable {
        case burnt, failed, expired, contested, bounced
    }

    init() {}

    /// Each of these events comes once of a batch or a payout.
    func count(_ events: [Event]) {
        for case .settlement(let event) in events {
            switch event {
            case .alarm(_, .burnt): count(.burnt)
            case .alarm(_, .failed): count(.failed)
            case .alarm(_, .contested): count(.contested)
            case .batchSet(let record) where record.phase == .expired: count(.expired)
            case .payoutSet(let payout) where payout.state == .returned: count(.bounced)
            default: continue
            }
        }
    }

    private func count(_ kind: Kind) { counters[kind.rawValue].add() }

    func write(into text: inout MetricsText) {
        let name = "bombyx_settlement_failures_total"
        text.describe(name, .counter, "Batches that did not pay, and payouts that came back, by kind.")
        for kind in Kind.allCases { text.sample(name, [("kind", "\(kind)")], counters[kind.rawValue].value) }
    }
}
