import Settlement
import Testing
import Units

/// A number of payouts to different addresses, the first of 1,000 nanoTON, each further of 1,000 more.
func payouts(_ count: Int, from first: Int = 1) -> [PlannedPayout] {
    (first..<first + count).compactMap { number in
        let address = [UInt8(number >> 8), UInt8(number & 0xFF)] + [UInt8](repeating: 7, count: 30)
        return PlannedPayout(id: Int64(number), address: address, amount: NanoTON(Int64(number * 1_000)))
    }
}

private let message = SettlementBatch.Signed(place: 5, createdAt: 10_000, timeout: 600, value: NanoTON(9_000))
private let first = SettlementBatch.TransactionID(logicalTime: 11, hash: [1])
private let second = SettlementBatch.TransactionID(logicalTime: 12, hash: [2])
private let third = SettlementBatch.TransactionID(logicalTime: 13, hash: [3])
private let outgoing = payouts(3).map { SettlementBatch.Sent(address: $0.address, amount: $0.amount) }

extension SettlementBatch.Phase {
    /// How a batch of three comes to the phase.
    fileprivate var events: [SettlementBatch.Event] {
        let toSent: [SettlementBatch.Event] = [.signed(message), .tick(now: 1, chainTime: 10_001)]
        return switch self {
        case .planned: []
        case .signed: [.signed(message)]
        case .sent: toSent
        case .accepted: toSent + [.outside(first, sent: 1)]
        case .confirmed: toSent + [.outside(first, sent: 1), .inside(second, actionCode: 0, sent: outgoing)]
        case .burnt: toSent + [.outside(first, sent: 0)]
        case .failed: toSent + [.outside(first, sent: 1), .inside(second, actionCode: 37, sent: [])]
        case .expired: toSent + [.scanned(from: 10_000, to: 10_661)]
        case .contested: toSent + [.outside(first, sent: 2)]
        case .resolved: toSent + [.outside(first, sent: 2), .resolved]
        }
    }

    fileprivate func batch() throws -> SettlementBatch {
        var batch = SettlementBatch(id: 1, payouts: payouts(3))
        for event in events { _ = try batch.apply(event) }
        #expect(batch.phase == self)
        return batch
    }
}

@Suite struct BatchTests {
    /// For each phase, in the order of the table's columns, what an event makes of it: a phase, or `!` where the event
    /// cannot happen. The columns: planned, signed, sent, accepted, confirmed, burnt, failed, expired, contested,
    /// resolved.
    @Test(
        arguments: [
            ("signed as before", .signed(message), "! signed sent accepted confirmed burnt failed expired contested -"),
            (
                "time to send", .tick(now: 100, chainTime: 10_100),
                "- sent sent accepted confirmed burnt failed expired - -"
            ),
            ("too late to send", .tick(now: 100, chainTime: 10_600), "- signed sent accepted - - - - - -"),
            ("taken", .answered(.taken), "! ! sent accepted confirmed burnt failed expired contested -"),
            ("lost", .answered(.lost), "! ! sent accepted confirmed burnt failed expired contested -"),
            ("known", .answered(.refused(36)), "! ! sent accepted confirmed burnt failed expired contested -"),
            ("refused", .answered(.refused(33)), "! ! sent accepted confirmed burnt failed expired contested -"),
            ("carried out", .outside(first, sent: 1), "! accepted accepted - - contested - contested - -"),
            ("burnt", .outside(first, sent: 0), "! burnt burnt contested contested - contested contested - -"),
            (
                "carried out twice", .outside(third, sent: 1),
                "! accepted accepted contested contested contested contested contested - -"
            ),
            ("two messages", .outside(first, sent: 2), "! contested contested - - contested - contested - -"),
            (
                "paid", .inside(second, actionCode: 0, sent: outgoing),
                "! ! ! confirmed - contested contested contested - -"
            ),
            ("failed", .inside(second, actionCode: 37, sent: []), "! ! ! failed contested contested - contested - -"),
            (
                "another is paid", .inside(third, actionCode: 0, sent: outgoing),
                "! ! ! confirmed contested contested contested contested - -"
            ),
            (
                "paid in part", .inside(second, actionCode: 0, sent: Array(outgoing[..<2])),
                "! ! ! contested - contested contested contested - -"
            ),
            (
                "failed and paid", .inside(second, actionCode: 37, sent: outgoing),
                "! ! ! contested contested contested - contested - -"
            ),
            ("history of all the time", .scanned(from: 10_000, to: 10_661), "- expired expired - - - - - - -"),
            ("history that begins late", .scanned(from: 10_001, to: 99_999), "- - - - - - - - - -"),
            ("history that ends early", .scanned(from: 0, to: 10_660), "- - - - - - - - - -"),
            (
                "one comes back", .bounced(third, address: outgoing[0].address, amount: NanoTON(400)),
                "! ! ! ! - ! ! ! - -"
            ),
            (
                "a stranger's comes back", .bounced(third, address: [9], amount: NanoTON(400)),
                "! ! ! ! contested ! ! ! - -"
            ),
            (
                "more comes back", .bounced(third, address: outgoing[0].address, amount: NanoTON(1_001)),
                "! ! ! ! contested ! ! ! - -"
            ),
            ("a person says", .resolved, "! ! ! ! ! ! ! ! resolved -"),
        ] as [(String, SettlementBatch.Event, String)]
    )
    func `What an event makes of a batch`(name: String, event: SettlementBatch.Event, row: String) throws {
        let cells = row.split(separator: " ")
        #expect(cells.count == SettlementBatch.Phase.allCases.count)
        for (phase, cell) in zip(SettlementBatch.Phase.allCases, cells) {
            var batch = try phase.batch()
            let before = batch
            if cell == "!", !(name == "signed as before" && phase == .planned) {
                #expect(throws: SettlementBatch.Unexpected.self, "\(name), \(phase)") { try batch.apply(event) }
                #expect(batch == before)
                continue
            }
            let actions = try batch.apply(event)
            let expected = cell == "-" ? phase.rawValue : cell == "!" ? "signed" : String(cell)
            #expect(batch.phase.rawValue == expected, "\(name), \(phase)")
            // A verdict is given once: told again, it moves no money and nothing is sent.
            let again = batch
            #expect(
                (try? batch.apply(event)) ?? [] == actions.filter(\.isRepeated) && batch == again,
                "\(name), \(phase)"
            )
        }
    }

    @Test func `Each verdict moves the money once`() throws {
        for (phase, actions) in [
            (.confirmed, [.send, .confirm([1, 2, 3])]),
            (.burnt, [.send, .requeue([1, 2, 3], .burnt), .alarm(.burnt)]),
            (
                .failed,
                [.send, .requeue([1, 2, 3], .failed(actionCode: 37)), .alarm(.failed(actionCode: 37))]
            ), (.expired, [.send, .requeue([1, 2, 3], .expired)]), (.contested, [.send, .alarm(.contested)]),
        ] as [(SettlementBatch.Phase, [SettlementBatch.Action])] {
            var batch = SettlementBatch(id: 1, payouts: payouts(3))
            #expect(try phase.events.flatMap { try batch.apply($0) } == actions, "\(phase)")
            #expect(batch.phase.isFinal)
        }
    }

    @Test func `The same bytes are sent again after a while`() throws {
        var batch = try SettlementBatch.Phase.signed.batch()
        for (now, isSent) in [(100, true), (101, false), (107, false), (108, true), (115, false), (500, true)]
            as [(UInt64, Bool)]
        {
            #expect(try batch.apply(.tick(now: now, chainTime: 10_500)) == (isSent ? [.send] : []), "\(now)")
        }
        #expect(try batch.apply(.answered(.refused(33))) == [.alarm(.refused(exitCode: 33))])
        #expect(try batch.apply(.answered(.refused(36))).isEmpty, "it is known: that is no proof that it was paid")
        #expect(batch.phase == .sent)
    }

    @Test func `What comes back is credited once for each payout`() throws {
        var batch = try SettlementBatch.Phase.confirmed.batch()
        let back = SettlementBatch.Event.bounced(third, address: outgoing[1].address, amount: NanoTON(1_400))
        #expect(try batch.apply(back) == [.credit(2, NanoTON(1_400))])
        #expect(try batch.apply(back).isEmpty && batch.returned == [2])
        let eaten = SettlementBatch.Event.bounced(third, address: outgoing[0].address, amount: .zero)
        #expect(try batch.apply(eaten).isEmpty && batch.returned == [1, 2])
        #expect(batch.phase == .confirmed)
    }

    @Test func `Another message for the same batch is refused`() throws {
        var other = message
        other.place = 6
        var batch = try SettlementBatch.Phase.sent.batch()
        #expect(throws: SettlementBatch.Unexpected.self) { try batch.apply(.signed(other)) }
    }
}

extension SettlementBatch.Action {
    /// Only what a node says may lead to the same again: each answer is a new one.
    fileprivate var isRepeated: Bool {
        if case .alarm(.refused) = self { true } else { false }
    }
}
