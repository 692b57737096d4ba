import API
import Units

@testable import EngineTesting

/// What a worker or an app asks: every kind of order, and all that can be done with orders.
final class Trader {
    private unowned let world: World
    private let isWorker: Bool
    private var names = 0

    init(_ world: World, isWorker: Bool) {
        self.world = world
        self.isWorker = isWorker
    }

    func done(_ client: SimulatedClient, _ response: API.Response?) {
        guard let response, response.status == 201, let id = response.value(of: "id"), id.first == "o" else { return }
        client.orders.append(id)
        if client.orders.count > 12 { client.orders.removeFirst() }
    }

    func next(_ client: SimulatedClient) -> ClientRequest? {
        switch world.random.number(1...100) {
        case ...47: return order(client)
        case ...52: return batch(client)
        case ...62:
            guard let id = order(of: client) else { return order(client) }
            return ClientRequest(method: .delete, target: "/v1/orders/\(id)")
        case ...70:
            guard let id = order(of: client) else { return order(client) }
            return ClientRequest(method: .patch, target: "/v1/orders/\(id)", body: amendment())
        case ...72: return ClientRequest(method: .delete, target: "/v1/orders\(world.random.pick(Self.filters))")
        case ...76:
            let seconds = world.random.chance(25) ? 0 : world.random.number(1...8)
            let body = #"{"timeout_s":\#(seconds)}"#
            return ClientRequest(method: .post, target: "/v1/orders:cancel-after", body: body)
        case ...92: return ClientRequest(method: .get, target: "/v1/account")
        case ...97:
            guard let id = order(of: client) else { return order(client) }
            return ClientRequest(method: .get, target: "/v1/orders/\(id)")
        default: return ClientRequest(method: .get, target: "/v1/book")
        }
    }

    private static let filters = ["", "?side=offer", "?side=bid", "?model=Qwen/Qwen3-32B"]

    private func order(of client: SimulatedClient) -> String? {
        client.orders.isEmpty ? nil : world.random.pick(client.orders)
    }

    // MARK: Orders

    private func order(_ client: SimulatedClient) -> ClientRequest {
        let isOffer = isWorker != world.random.chance(10)
        var fields = fields(isOffer)
        let isNamed = world.random.chance(40)
        if isNamed { fields.append(name(client)) }
        return ClientRequest(
            method: .post,
            target: isOffer ? "/v1/offers" : "/v1/bids",
            body: "{\(fields.joined(separator: ","))}",
            isNamed: isNamed
        )
    }

    private func batch(_ client: SimulatedClient) -> ClientRequest {
        let isAtomic = world.random.chance(50)
        let orders = (0..<world.random.number(1...5)).map { _ in
            let isOffer = isWorker != world.random.chance(20)
            var fields = [#""side":"\#(isOffer ? "offer" : "bid")""#] + fields(isOffer, isAtomic: isAtomic)
            if world.random.chance(30) { fields.append(name(client)) }
            return "{\(fields.joined(separator: ","))}"
        }
        let body = #"{"orders":[\#(orders.joined(separator: ","))],"all_or_nothing":\#(isAtomic)}"#
        return ClientRequest(method: .post, target: "/v1/orders:batch", body: body)
    }

    /// Seldom one that another of its orders has.
    private func name(_ client: SimulatedClient) -> String {
        if names == 0 || world.random.chance(90) { names += 1 }
        return #""client_order_id":"\#(client.name)-\#(names)""#
    }

    /// What an order has, so that most are let through.
    private func fields(_ isOffer: Bool, isAtomic: Bool = false) -> [String] {
        // Seldom what is refused before the engine.
        let lots = world.random.chance(2) ? 0 : world.random.number(1...20)
        var fields = [#""quantity_lots":\#(lots)"#]
        let price = world.random.number(94...106) * 200_000
        let kind = world.random.pick(["gtc", "gtc", "gtc", "gtd", "gtd", "ioc"] + (isAtomic ? [] : ["fok", "market"]))
        if kind == "market" {
            fields.append(#""type":"market""#)
        } else {
            fields.append(#""price_nanoton_per_mtok":"\#(price)","time_in_force":"\#(kind)""#)
        }
        if kind == "gtd" { fields.append(#""expires_at":"\#(moment())""#) }
        let rests = kind == "gtc" || kind == "gtd"
        switch world.random.number(1...10) {
        case 1: if rests, !isAtomic { fields.append(#""post_only":true"#) }
        case 2: if kind != "fok" { fields.append(#""min_quantity_lots":\#(world.random.number(1...max(lots, 1)))"#) }
        case 3: fields.append(#""all_or_none":true"#)
        case 4: if rests { fields.append(#""display_quantity_lots":\#(world.random.number(1...max(lots, 1)))"#) }
        case 5:
            let rule = world.random.pick(["cancel_newest", "cancel_oldest", "cancel_both", "decrement"])
            fields.append(#""self_trade_prevention":"\#(rule)""#)
        default: break
        }
        return fields + (isOffer ? supply() : demand())
    }

    /// Some seconds from now.
    private func moment() -> String {
        let time = LogicalTime(microseconds: world.time.wall + world.random.number(500_000...20_000_000))
        let bytes = Timestamp.bytes(time)
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    private func supply() -> [String] {
        var fields = [#""model":"\#(world.random.pick(OperatorDesk.models))""#]
        let seconds = world.random.number(1...30)
        let length = world.random.pick([8_192, 32_768])
        let features = world.random.chance(50) ? #","features":["tools"]"# : ""
        fields.append(#""capability":{"context_length":\#(length),"deliver_within_s":\#(seconds)\#(features)}"#)
        if world.random.chance(20) { fields.append(#""max_open_lots":\#(world.random.number(1...15))"#) }
        return fields
    }

    private func demand() -> [String] {
        var demands: [String] = []
        if world.random.chance(60) { demands.append(#""model":{"in":["\#(world.random.pick(OperatorDesk.models))"]}"#) }
        if world.random.chance(20) { demands.append(#""quality":{"gte":\#(world.random.number(30...55))}"#) }
        if world.random.chance(20) { demands.append(#""context_length":{"gte":16384}"#) }
        if world.random.chance(20) { demands.append(#""features":{"all":["tools"]}"#) }
        return [#""requirement":{\#(demands.joined(separator: ","))}"#]
    }

    private func amendment() -> String {
        var fields: [String] = []
        if world.random.chance(40) {
            fields.append(#""price_nanoton_per_mtok":"\#(world.random.number(94...106) * 200_000)""#)
        }
        if fields.isEmpty || world.random.chance(60) {
            fields.append(#""quantity_lots":\#(world.random.number(1...25))"#)
        }
        if world.random.chance(20) { fields.append(#""expires_at":"\#(moment())""#) }
        return "{\(fields.joined(separator: ","))}"
    }
}
