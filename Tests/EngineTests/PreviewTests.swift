import Engine
import Exchange
import Testing
import Units

/// A preview says what placing the same order at the same sequence does.
@Suite struct PreviewTests {
    @Test(arguments: 1...8)
    func `In a random market every preview is what then happens`(_ seed: UInt64) throws {
        var market = RandomMarket(seed: seed)
        var engine = Engine()
        var previews = 0
        var fills = 0
        for _ in 0..<3_000 {
            _ = engine.beginBatch(at: market.nextTime())
            let command = market.next()
            let digest = engine.digest
            let preview: Engine.Preview? =
                switch command.action {
                case .placeOffer(let terms): engine.preview(terms, of: command.account)
                case .placeBid(let terms): engine.preview(terms, of: command.account)
                default: nil
                }
            #expect(engine.digest == digest, "a preview changes nothing")
            var events: [Event] = []
            engine.apply(command, into: &events)
            market.hear(events)
            guard let preview, command.idempotency == nil, !repeats(events) else { continue }
            previews += 1
            fills += try compare(preview, events, engine.sequence, seed)
        }
        #expect(previews > 100 && fills > 20)
    }

    /// The market sends some orders a second time.
    private func repeats(_ events: [Event]) -> Bool {
        events.contains { event in
            switch event {
            case .replayed, .rejected(.duplicateClientOrderID), .rejected(.idempotencyWindowFull): true
            default: false
            }
        }
    }

    private func compare(
        _ preview: Engine.Preview,
        _ events: [Event],
        _ sequence: SequenceNumber,
        _ seed: UInt64
    ) throws -> Int {
        var rejection: Rejection?
        var trades: [Engine.DryRun.Fill] = []
        for case .rejected(let reason) in events { rejection = reason }
        for case .traded(let trade) in events {
            let taker = trade.takerSide == .bid ? trade.bid : trade.offer
            guard taker.rawValue == sequence.rawValue else { continue }
            let maker = trade.takerSide == .bid ? trade.offer : trade.bid
            trades.append(Engine.DryRun.Fill(order: maker, price: trade.price, lots: trade.lots))
        }
        #expect(preview.rejection == rejection, "seed \(seed), command \(sequence.rawValue)")
        #expect(preview.fills == trades, "seed \(seed), command \(sequence.rawValue)")
        return trades.count
    }
}
