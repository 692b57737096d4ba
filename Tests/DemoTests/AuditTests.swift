import Demonstration
import Exchange
import JSON
import Testing
import Units

/// Plays a plan by the simplest rules on paper, and then falsifies the record in one place.
@Suite struct AuditTests {
    let plan: Plan
    let record: Audit.Record

    init() throws {
        plan = try Samples.plan(count: 300)
        record = Paper(plan).record
    }

    func broken(_ change: (inout Audit.Record) throws -> Void) rethrows -> [Outcome.Check] {
        var falsified = record
        try change(&falsified)
        return Audit(plan: plan, record: falsified).checks.filter { !$0.holds }
    }

    @Test func `A true record passes every check`() {
        let checks = Audit(plan: plan, record: record).checks
        #expect(checks.count == 5)
        for check in checks { #expect(check.holds, "\(check.rule): \(check.detail)") }
        #expect(record.appsTrades.count > 50)
    }

    @Test func `A lost order is found`() {
        #expect(!broken { $0.orders.removeLast() }.isEmpty)
        #expect(!broken { $0.orders.removeFirst() }.isEmpty)
    }

    @Test func `An order that is there twice is found`() {
        #expect(!broken { $0.orders.append($0.orders[0]) }.isEmpty)
    }

    @Test func `An order that nobody was told of is found`() throws {
        let extra = try #require(OrderStatement(Paper.order(id: 99_999, "x", .init(nanoTONPerMTok: 1_000), 1, 0, true)))
        #expect(!broken { $0.orders.append(extra) }.isEmpty)
    }

    @Test func `A lost, doubled or changed trade is found`() {
        #expect(!broken { $0.appsTrades.removeLast() }.isEmpty)
        #expect(!broken { $0.workersTrades.removeLast() }.isEmpty)
        #expect(!broken { $0.publicTrades -= 1 }.isEmpty)
        #expect(!broken { $0.appsTrades.append($0.appsTrades[0]) }.isEmpty)
    }

    @Test func `A trade with the wrong offer is found`() throws {
        let trade = record.workersTrades[0]
        let other = try #require(record.offers.first { $0.order.id != trade.order })
        let json = Paper.trade(trade.id, other.order.id, trade.price, trade.lots, locked: nil)
        let falsified = try #require(TradeStatement(json))
        #expect(!broken { $0.workersTrades[0] = falsified }.isEmpty)
    }

    @Test func `Money that is missing or too much is found`() throws {
        let stated = record.balances[3]
        for difference in [-1, 1] as [Int64] {
            let json = Paper.balance(stated.available.count + difference, stated.held.count, stated.leased.count)
            let falsified = try #require(BalanceStatement(json))
            #expect(
                broken { $0.balances[3] = falsified }.map(\.rule) == [
                    "every app has its deposit, less what it bought, to the nanoTON"
                ]
            )
        }
    }

    @Test func `A bid that rests although it could trade is found`() throws {
        // A bid that traded is said to rest untouched, in both places.
        let index = try #require(record.bids.firstIndex { $0?.trades.count == 1 && $0?.order.remaining == .zero })
        let bid = try #require(record.bids[index])
        let json = Paper.order(
            id: bid.order.id.rawValue,
            bid.order.clientOrderID,
            bid.order.price,
            bid.order.lots.count,
            0,
            true
        )
        let resting = try #require(Acknowledgement(Paper.acknowledgement(json, [])))
        let found = broken { record in
            record.bids[index] = resting
            record.orders = record.orders.map { $0.id == bid.order.id ? resting.order : $0 }
            record.appsTrades.removeAll { $0.order == bid.order.id }
            record.workersTrades.removeAll { $0.id == bid.trades[0].id }
            record.publicTrades -= 1
        }
        #expect(found.contains { $0.rule == "no bid that rests could trade with an offer that rests" })
    }

    @Test func `An answer that lacks a field or leaves trades out is no acknowledgement`() {
        let order = Paper.order(id: 1, "x", Price(nanoTONPerMTok: 1_000), 1, 0, true)
        #expect(Acknowledgement(Paper.acknowledgement(order, [])) != nil)
        #expect(Acknowledgement(order) == nil)
        #expect(Acknowledgement(Paper.acknowledgement(order, [], count: 1)) == nil)
        for key in ["id", "client_order_id", "price_nanoton_per_mtok", "quantity_lots", "remaining_lots", "state"] {
            let members = (order.members ?? []).filter { $0.key != key }
            #expect(OrderStatement(.object(members)) == nil)
        }
    }
}

/// An exchange on paper: offers by price, bids in their order, nothing else.
struct Paper {
    var record = Audit.Record()

    init(_ plan: Plan) {
        let offers = plan.supply.offers
        var left = offers.map { _ in plan.depth.count }
        let ranked = offers.indices.sorted {
            offers[$0].price == offers[$1].price ? $0 < $1 : offers[$0].price < offers[$1].price
        }
        var held = plan.demand.apps.map { _ in Int64(0) }
        var leased = held
        var trade: Int64 = 0
        for (index, bid) in plan.demand.bids.enumerated() {
            let id = OrderID(Int64(offers.count + index + 1))
            var wanted = bid.lots.count
            var trades: [JSONValue] = []
            for offer in ranked where wanted > 0 && left[offer] > 0 && offers[offer].price <= bid.limit {
                guard bid.requirement.isMet(by: offers[offer].capability) else { continue }
                let lots = min(wanted, left[offer])
                wanted -= lots
                left[offer] -= lots
                trade += 1
                let value = offers[offer].price.value(of: Lots(lots))
                let locked = value + plan.settings.fees.taker.part(of: value)
                leased[bid.app] += locked.count
                let price = offers[offer].price
                trades.append(Self.trade(TradeID(trade), id, price, Lots(lots), locked: locked))
                let sold = Self.trade(TradeID(trade), OrderID(Int64(offer) + 1), price, Lots(lots), locked: nil)
                record.workersTrades += [TradeStatement(sold)].compactMap(\.self)
            }
            let isOpen = wanted > 0 && !bid.isImmediate
            if isOpen { held[bid.app] += plan.settings.fees.hold(for: Lots(wanted), at: bid.limit).count }
            let filled = bid.lots.count - wanted
            let order = Self.order(id: id.rawValue, Plan.bidID(index), bid.limit, bid.lots.count, filled, isOpen)
            let acknowledgement = Acknowledgement(Self.acknowledgement(order, trades))
            record.bids.append(acknowledgement)
            record.orders += [OrderStatement(order)].compactMap(\.self)
            record.appsTrades += trades.compactMap { TradeStatement($0) }
        }
        record.publicTrades = Int(trade)
        for (index, offer) in offers.enumerated() {
            func order(_ filled: Int64) -> JSONValue {
                Self.order(id: Int64(index) + 1, Plan.offerID(index), offer.price, plan.depth.count, filled, true)
            }
            record.offers += [Acknowledgement(Self.acknowledgement(order(0), []))].compactMap(\.self)
            record.orders += [OrderStatement(order(plan.depth.count - left[index]))].compactMap(\.self)
        }
        for (index, app) in plan.demand.apps.enumerated() {
            let balance = Self.balance(app.deposit.count - held[index] - leased[index], held[index], leased[index])
            record.balances += [BalanceStatement(balance)].compactMap(\.self)
        }
    }

    static func order(id: Int64, _ clientID: String, _ price: Price, _ lots: Int64, _ filled: Int64, _ isOpen: Bool)
        -> JSONValue
    {
        .object([
            .init("id", .string("o\(id)")), .init("client_order_id", .string(clientID)),
            .init("state", .string(isOpen ? "open" : "cancelled")),
            .init("price_nanoton_per_mtok", .string(String(price.nanoTONPerMTok))),
            .init("quantity_lots", .integer(lots)), .init("filled_lots", .integer(filled)),
            .init("remaining_lots", .integer(lots - filled)),
        ])
    }

    static func acknowledgement(_ order: JSONValue, _ trades: [JSONValue], count: Int64? = nil) -> JSONValue {
        let more = [
            JSONValue.Member("trade_count", .integer(count ?? Int64(trades.count))), .init("trades", .array(trades)),
        ]
        return .object((order.members ?? []) + more)
    }

    static func trade(_ id: TradeID, _ order: OrderID, _ price: Price, _ lots: Lots, locked: NanoTON?) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("id", .string(id.text)), .init("order_id", .string(order.text)),
            .init("price_nanoton_per_mtok", .string(String(price.nanoTONPerMTok))),
            .init("quantity_lots", .integer(lots.count)),
        ]
        if let locked { members.append(.init("locked_nanoton", .string(String(locked.count)))) }
        return .object(members)
    }

    static func balance(_ available: Int64, _ held: Int64, _ leased: Int64) -> JSONValue {
        .object([
            .init(
                "balances",
                .object([
                    .init("available_nanoton", .string(String(available))),
                    .init("held_nanoton", .string(String(held))),
                    .init("leased_nanoton", .string(String(leased))),
                ])
            )
        ])
    }
}
