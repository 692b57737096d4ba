import API
import Engine
import Exchange
import Ledger
import Units

@testable import EngineTesting

/// What questions have to be answered, by the reference engine's state.
extension ReferenceEngine {
    func account(_ id: AccountID, asOf: Int64) -> API.Response? {
        guard let record = accounts.first(where: { $0.id == id }) else { return nil }
        var amounts: [LedgerAccount.Kind: NanoTON] = [:]
        for kind in LedgerAccount.Kind.allCases {
            amounts[kind] = NanoTON(Int64(balance(LedgerAccount(id, kind))))
        }
        let detail = AccountDetail(
            record: record,
            balances: amounts,
            openOrders: orders.count { $0.account == id },
            attestation: attestations.first { $0.terms.account == id }
        )
        return View.account(detail, asOf: SequenceNumber(asOf))
    }

    /// `nil` for an order that is not open.
    func order(_ id: OrderID, asOf: Int64) -> API.Response? {
        guard let record = order(id) else { return nil }
        let detail = OrderDetail(
            record: record,
            capability: record.side == .offer ? capability(of: record) : nil,
            requirement: record.side == .bid ? requirement(of: record) : nil
        )
        return View.order(detail, models: ModelTable(models), asOf: SequenceNumber(asOf))
    }

    func book(_ query: BookQuery, asOf: Int64) -> API.Response {
        let wanted = query.requirement
        let offers = orders.filter { $0.side == .offer && wanted.isMet(by: capability(of: $0)) }
        let bids = orders.filter { $0.side == .bid && isComparable(wanted, requirement(of: $0)) }
        let view = BookView(
            offers: offers.map { [level(of: $0)].compactMap(\.self) },
            bids: bids.map { [level(of: $0)].compactMap(\.self) },
            depth: query.depth
        )
        return view.response(to: query, models: ModelTable(models), asOf: SequenceNumber(asOf))
    }

    /// `nil` for what cannot trade now.
    private func level(of order: OrderRecord) -> BookView.Level? {
        let lots = visible(order)
        return lots > .zero ? BookView.Level(price: order.price, lots: lots.count, orders: 1) : nil
    }

    /// Some offer could be for both, as far as models and weight set tell.
    private func isComparable(_ one: Requirement, _ other: Requirement) -> Bool {
        guard one.weightSet == other.weightSet else { return false }
        return one.models.isEmpty || other.models.isEmpty || one.models.contains { other.models.contains($0) }
    }
}
