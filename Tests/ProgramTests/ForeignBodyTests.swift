import JSON
import ProgramTesting
import Provenance
import Testing
import Units

/// Bodies and fields that name what belongs to others, on a running server: the answer is that to a name of nothing.
@Suite(.serialized) struct ForeignBodyTests {
    /// A request whose body names one object.
    private struct Naming {
        let operation: String
        /// What it names, by the contract's name of the parameter.
        let component: String
        let whose: Owner
        let body: (String) throws -> String

        init(_ operation: String, _ component: String, of whose: Owner, body: @escaping (String) throws -> String) {
            (self.operation, self.component, self.whose, self.body) = (operation, component, whose, body)
        }
    }

    /// Who gets another answer than a stranger.
    private enum Owner {
        case app, bothParties, nobody

        func parties(of world: Neighbours) -> [Scenario.Party] {
            switch self {
            case .app: [world.app]
            case .bothParties: [world.worker, world.app]
            case .nobody: []
            }
        }

        func strangers(in world: Neighbours) -> [Scenario.Party] {
            self == .bothParties ? [world.stranger] : [world.stranger, world.worker]
        }
    }

    /// A receipt of a lease that is right but for who brings it.
    private static func receipt(_ world: Neighbours, _ lease: String, prompt: Int64 = 2_000) throws -> String {
        let id = try #require(LeaseID(text: lease.utf8))
        return LeaseDesk.body(world.leases.signed(world.leases.receipt(of: id, 3, prompt: prompt)))
    }

    private static func namings(_ world: Neighbours) -> [Naming] {
        let demand = #""requirement":{"model":{"in":["Qwen/Qwen3-32B"]}}"#
        let bid = #""price_nanoton_per_mtok":"1000000","quantity_lots":1"#
        let offer = #""model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"90000000","quantity_lots":1"#
        return [
            Naming("POST /v1/bids", "LeaseID", of: .app) { #"{"lease":"\#($0)",\#(bid)}"# },
            Naming("POST /v1/orders:batch", "LeaseID", of: .app) {
                #"{"orders":[{"side":"bid","lease":"\#($0)",\#(bid)}]}"#
            },
            Naming("POST /v1/orders:preview", "LeaseID", of: .app) { #"{"side":"bid","lease":"\#($0)",\#(bid)}"# },
            Naming("POST /v1/offers", "AccountID", of: .nobody) {
                #"{\#(offer),"buyers":{"allow":["\#($0)"]}}"#
            },
            Naming("POST /v1/bids", "AccountID", of: .nobody) {
                #"{\#(demand),\#(bid),"avoid_workers":["\#($0)"]}"#
            },
            Naming("POST /v1/receipts", "LeaseID", of: .bothParties) { try receipt(world, $0) },
            Naming("POST /v1/receipts:batch", "LeaseID", of: .bothParties) {
                #"{"receipts":[\#(try receipt(world, $0))]}"#
            },
            Naming("POST /v1/receipts:equivocation", "LeaseID", of: .bothParties) {
                #"{"first":\#(try receipt(world, $0)),"second":\#(try receipt(world, $0, prompt: 3_000))}"#
            },
        ]
    }

    /// What an answer says of the object: its status and its problem, or those of each part.
    private static func verdict(_ answer: TestClient.Answer) -> String {
        let parts = answer["results"]?.elements ?? []
        let codes = [answer.code, answer["rejection"]?.string] + parts.map { $0["problem"]?["code"]?.string }
        return "\(answer.status) \(codes.map { $0 ?? "-" }.joined(separator: " "))"
    }

    @Test func `A body that names what is another's is answered like one that names nothing`() throws {
        let world = try Neighbours()
        defer { world.town.remove() }
        let namings = Self.namings(world)
        for operation in try ServedContract(of: world.client).operations where operation.isForOwners {
            let names = operation.bodySchemas.intersection(["AccountID", "LeaseID", "OrderID", "ReceiptBytes"])
            let isTried = namings.contains { $0.operation == operation.name }
            #expect(names.isEmpty || isTried, "\(operation.name): its body names others' \(names)")
        }
        for naming in namings {
            let theirs = try #require(world.objects[naming.component])
            let nothing = try #require(Neighbours.missing[naming.component])
            let parts = naming.operation.split(separator: " ").map(String.init)
            func ask(_ name: String, _ party: Scenario.Party) throws -> String {
                Self.verdict(try world.client.call(parts[0], parts[1], key: party.key, naming.body(name)))
            }
            let missing = try ask(nothing, world.stranger)
            for stranger in naming.whose.strangers(in: world) {
                let foreign = try ask(theirs, stranger)
                #expect(foreign == missing, "\(naming.operation)")
            }
            for party in naming.whose.parties(of: world) {
                let own = try ask(theirs, party)
                #expect(own != missing, "\(naming.operation): it is the stranger that is refused, not the request")
            }
        }
    }

    @Test func `Names that a client gives are its own, and what it does to all of its orders leaves others'`() throws {
        let world = try Neighbours()
        defer { world.town.remove() }
        func ask(_ method: String, _ path: String, _ body: String? = nil, name: String? = nil) throws
            -> TestClient.Answer
        {
            let fields = name.map { [(name: "idempotency-key", value: $0)] } ?? []
            return try world.client.call(method, path, key: world.stranger.key, body, fields: fields)
        }
        // The app has used these names before, the first for the same body.
        let same = try ask(
            "POST",
            "/v1/withdrawals",
            Neighbours.withdrawal(to: Neighbours.waitingPayee),
            name: "theirs"
        )
        #expect(same.status == 201 && same.field("idempotency-replayed") == nil, "\(same.text)")
        let other = try ask("POST", "/v1/withdrawals", Neighbours.withdrawal(to: 9), name: "paid")
        #expect(other.status == 201, "\(other.text)")
        let bid = try ask("POST", "/v1/bids", Scenario.bid(price: 1_000_000, lots: 1, clientOrderID: "theirs"))
        #expect(bid.status == 201 && bid.field("idempotency-replayed") == nil, "\(bid.text)")
        for answer in [same, other, bid] {
            #expect(!world.objects.values.contains(answer["id"]?.string ?? ""), "\(answer.text)")
        }

        let order = try #require(world.objects["OrderID"])
        let path = "/v1/orders/\(order)"
        for filter in ["", "?side=bid", "?model=Qwen/Qwen3-32B"] {
            #expect(try ask("DELETE", "/v1/orders\(filter)").status == 200, "\(filter)")
            let left = try world.client.call("GET", path, key: world.app.key)
            #expect(left["state"]?.string == "open", "\(filter): \(left.text)")
        }
        let cancelled = try world.client.call("DELETE", "/v1/orders?side=bid", key: world.app.key)
        let left = try world.client.call("GET", path, key: world.app.key)
        #expect(left["state"]?.string == "cancelled", "the same by its owner: \(cancelled.text)")

        let foreign = try ask("GET", "/v1/leases?order=\(order)")
        let missing = try ask("GET", "/v1/leases?order=\(Neighbours.missing["OrderID"] ?? "")")
        #expect(foreign["data"] == missing["data"] && foreign.status == missing.status, "\(foreign.text)")
    }
}
