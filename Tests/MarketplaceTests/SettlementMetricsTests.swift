import Engine
import Settlement
import Testing
import Units

@testable import API
@testable import Marketplace

/// What `/metrics` says of settlement.
@Suite struct SettlementMetricsTests {
    private func lines(_ write: (inout MetricsText) -> Void) -> [String] {
        var text = MetricsText()
        write(&text)
        let lines = String(decoding: text.response.body, as: UTF8.self).split(separator: "\n").map(String.init)
        return lines.filter { !$0.hasPrefix("#") }.map { $0.replacing("bombyx_settlement_", with: "") }
    }

    @Test func `Ages grow though nobody reads the engine, and are none when nothing waits`() {
        let metrics = SettlementMetrics()
        let now = LogicalTime(microseconds: 1_800_000_100_500_000)
        let nothing = lines { metrics.write(into: &$0, at: now) }
        #expect(nothing.contains("oldest_seconds 0.0") && nothing.contains("scan_age_seconds 0"))
        var figures = SettlementFigures()
        figures.inFlight = 3
        figures.inFlightAmount = NanoTON(7)
        figures.oldest = LogicalTime(microseconds: 1_800_000_040_000_000)
        figures.balance = NanoTON(90)
        figures.difference = -11
        figures.isHeld = true
        figures.lastLogicalTime = 47_000_001
        figures.scannedTo = 1_800_000_090
        metrics.read(figures)
        let found = lines { metrics.write(into: &$0, at: now) }
        #expect(
            Set(found) == [
                "in_flight_payouts 3", "in_flight_nanoton 7", "wallets_nanoton 90", "difference_nanoton -11", "held 1",
                "scanned_lt 47000001", "oldest_seconds 60.5", "scan_age_seconds 10",
            ]
        )
        let soon = LogicalTime(microseconds: now.microseconds + 1_000_000)
        let later = lines { metrics.write(into: &$0, at: soon) }
        #expect(later.contains("oldest_seconds 61.5") && later.contains("scan_age_seconds 11"))
    }

    @Test func `Every failure is counted once, by its kind`() {
        let failures = SettlementFailures()
        let id = SettlementID(5)
        let hash = ChainHash(.init(1, 2, 3, 4))
        var batch = SettlementRecord(
            id: id,
            wallet: WalletID(1),
            phase: .signed,
            signed: .init(place: 1, createdAt: 1, timeout: 60, value: NanoTON(1)),
            plannedAt: .zero
        )
        var payout = PayoutRecord(
            id: PayoutID(batch: id, index: 0),
            account: AccountID(1),
            withdrawal: nil,
            destination: PayoutDestination(address: hash),
            amount: NanoTON(1),
            fee: .zero,
            comment: ""
        )
        var events: [SettlementEvent] = [.batchSet(batch), .payoutSet(payout)]
        for phase in [SettlementBatch.Phase.burnt, .failed, .contested, .confirmed, .expired] {
            batch.phase = phase
            events.append(.batchSet(batch))
        }
        events += [.alarm(id, .burnt), .alarm(id, .failed(actionCode: 37)), .alarm(id, .contested)]
        for state in [PayoutState.requeued, .paid, .returned] {
            payout.state = state
            events.append(.payoutSet(payout))
        }
        failures.count(events.map { .settlement($0) } + [.settlement(.alarm(id, .refused(exitCode: 35)))])
        failures.count([.settlement(.alarm(id, .burnt))])
        let found = lines { failures.write(into: &$0) }
        let expected = [("burnt", 2), ("failed", 1), ("expired", 1), ("contested", 1), ("bounced", 1)]
        #expect(found == expected.map { #"failures_total{kind="\#($0)"} \#($1)"# })
    }
}
