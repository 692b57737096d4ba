import Demonstration
import JSON
import Testing

@testable import Measurement

@Suite struct WorkloadTests {
    private func workload(_ scenario: Scenario, sampleEvery: Int = 0, lane: Int = 0) -> Workload {
        let terms = Workload.Terms(scenario: scenario, models: 3, run: "r1", sampleEvery: sampleEvery)
        return Workload(terms, lane: lane, sellers: [0, 2, 4], buyers: [1, 3, 5], seed: 7)
    }

    /// Carries out `count` operations at a server that accepts everything at once.
    private func run(_ scenario: Scenario, _ count: Int, sampleEvery: Int = 0) -> [Operation] {
        var workload = workload(scenario, sampleEvery: sampleEvery)
        return (0..<count).map { index in
            let operation = workload.next()
            if operation.kind.isPlacement { workload.wasPlaced(operation, order: Int64(index) + 100) }
            return operation
        }
    }

    @Test func `Half rests and half trades`() {
        let operations = run(.half, 4_000)
        #expect(operations.count { $0.isPassive } == 2_000)
        #expect(operations.count { $0.isImmediate && $0.kind == .bid } == 1_000)
        // Each bid takes what the offer before it brought, at a price that the offer accepts.
        for (offer, bid) in zip(operations, operations.dropFirst()) where bid.isImmediate {
            #expect(offer.kind == .offer && offer.lots == bid.lots && offer.model == bid.model)
            #expect(offer.price <= bid.price)
        }
    }

    @Test(arguments: [Scenario.resting, .offers, .half, .mixed, .cancel])
    func `Passive orders never meet anything`(scenario: Scenario) {
        let operations = run(scenario, 20_000)
        let asks = operations.filter { $0.kind == .offer }.map(\.price)
        let passiveBids = operations.filter { $0.kind == .bid && $0.isPassive }.map(\.price)
        let passiveOffers = operations.filter { $0.kind == .offer && $0.isPassive }.map(\.price)
        let bids = operations.filter { $0.kind == .bid }.map(\.price)
        #expect(passiveBids.max() ?? 0 < asks.min() ?? .max)
        #expect(bids.max() ?? 0 < passiveOffers.min() ?? .max)
        #expect(passiveBids.min() ?? 1_000 >= 1_000 && operations.allSatisfy { $0.price % 1_000 == 0 })
    }

    @Test func `Every acknowledged order is cancelled once`() {
        let operations = run(.cancel, 2_000)
        let cancelled = operations.filter { $0.kind == .cancel }.map(\.order)
        #expect(cancelled.count == 1_000)
        #expect(Set(cancelled).count == 1_000)
    }

    @Test func `Readers place a few orders and then read`() {
        let operations = run(.readers, 1_064)
        #expect(operations.prefix(64).allSatisfy { $0.kind == .offer })
        #expect(operations.count { $0.kind == .readOrder } == 500)
        #expect(operations.count { $0.kind == .readBook } == 500)
    }

    @Test func `The mixture has everything`() {
        let operations = run(.mixed, 10_000)
        for kind in Operation.Kind.allCases { #expect(operations.count { $0.kind == kind } >= 900, "\(kind)") }
    }

    @Test func `Sellers offer and buyers bid, so that nobody meets himself`() {
        for operation in run(.mixed, 10_000) where operation.kind.isPlacement {
            #expect(operation.account % 2 == (operation.kind == .offer ? 0 : 1))
        }
    }

    @Test func `One command of a hundred is sampled, about`() {
        let operations = run(.half, 100_000, sampleEvery: 100)
        #expect((900...1_100).contains(operations.count { $0.isSampled }))
        #expect(run(.half, 1_000).allSatisfy { !$0.isSampled })
        #expect(run(.offers, 100, sampleEvery: 1).allSatisfy { $0.isSampled })
        // Samples fall on every turn of the scenario.
        #expect(Set(operations.enumerated().filter { $1.isSampled }.map { $0.offset % 4 }).count == 4)
    }

    @Test func `Bodies are JSON, and no two are alike`() throws {
        var bodies: Set<[UInt8]> = []
        for lane in 0..<3 {
            var workload = workload(.half, lane: lane)
            for _ in 0..<400 {
                let operation = workload.next()
                var body: [UInt8] = []
                workload.appendBody(of: operation, to: &body)
                let json = try JSONValue(body)
                #expect(json["client_order_id"]?.string == workload.name(of: operation))
                #expect(json["price_nanoton_per_mtok"]?.string == String(operation.price))
                #expect(json["quantity_lots"]?.integer == operation.lots)
                let model =
                    operation.kind == .offer ? json["model"] : json["requirement"]?["model"]?["in"]?[0]
                #expect(model?.string == "bombyx/load-\(operation.model)")
                #expect((json["time_in_force"]?.string == "ioc") == operation.isImmediate)
                bodies.insert(body)
            }
        }
        #expect(bodies.count == 1_200)
    }

    @Test func `The same seed gives the same requests`() {
        #expect(run(.mixed, 1_000, sampleEvery: 10) == run(.mixed, 1_000, sampleEvery: 10))
    }
}
