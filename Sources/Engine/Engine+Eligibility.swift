import Exchange
import Ledger
package import Units

/// What keeps two orders apart that meet in price and requirement.
extension Engine {
    /// Whether a taker may meet an order of the other side: that is not due, the market is open for them, and the offer
    /// sells to the buyer. `priority` is where the maker would stand, `spent` what the buyer would have spent before.
    func mayMeet(_ taker: Int32, _ maker: Int32, at priority: Priority? = nil, spent: NanoTON = .zero) -> Bool {
        let isOfferTaker = book.orders[Int(taker)].isOffer
        let offer = isOfferTaker ? taker : maker
        let bid = isOfferTaker ? maker : taker
        if case .only(let buyers) = book.capabilities[Int(book.orders[Int(offer)].group)].buyers {
            let buyer = book.orders[Int(bid)].account
            guard buyers.admits(buyer), deposit(of: buyer) - spent >= buyers.minimumDeposit else { return false }
        }
        guard !details[Int(bid)].avoids(book.orders[Int(offer)].account) else { return false }
        guard needsCare else { return true }
        return !isDue(maker) && !isFrozen(offer: offer, bid: bid, at: priority)
    }

    /// An owner's money that may serve as a deposit: available and held.
    package func deposit(of buyer: AccountID) -> NanoTON {
        balances.balance(LedgerAccount(buyer, .available)) + balances.balance(LedgerAccount(buyer, .held))
    }

    /// Something is due, is being cancelled in several steps, or is halted: seldom.
    private var needsCare: Bool { mayBeDue || control.hasHalts }

    /// Something is due, or is being cancelled in several steps.
    var mayBeDue: Bool { !operations.isEmpty || (expiries.earliest ?? .never) <= time }

    // MARK: Due

    /// An order that has expired, or that a mass operation under way will cancel: it never fills (DESIGN §2).
    func isDue(_ slot: Int32) -> Bool {
        if details[Int(slot)].rules.expiresAt <= time { return true }
        return operations.contains { $0.kind != .resume && covers($0, slot) }
    }

    /// Whether a mass cancel has this order still before it.
    func covers(_ operation: MassOperation, _ slot: Int32) -> Bool {
        let order = book.orders[Int(slot)]
        guard order.account == operation.account, order.id.rawValue > operation.cursor,
            order.id.rawValue <= operation.sequence.rawValue
        else { return false }
        return isMeant(slot, operation)
    }

    /// Whether the filter lets an order through.
    func isMeant(_ slot: Int32, _ operation: MassOperation) -> Bool {
        let order = book.orders[Int(slot)]
        if let side = operation.side, (side == .offer) != order.isOffer { return false }
        let group = Int(order.group)
        if let model = operation.model {
            let isNamed =
                order.isOffer
                ? book.capabilities[group].model == model : book.requirements[group].models.contains(model)
            guard isNamed else { return false }
        }
        guard let profile = operation.profile else { return true }
        let requirement = book.requirements[Int(profile.rawValue) - 1]
        return order.isOffer ? requirement.isMet(by: book.capabilities[group]) : group == Int(profile.rawValue) - 1
    }

    // MARK: Halts

    /// Whether a pair does not trade, because the offer's model or the market is halted, or resumes and has not come to
    /// both of them. `priority` is where one of the two would stand.
    func isFrozen(offer: Int32, bid: Int32, at priority: Priority? = nil) -> Bool {
        let model = book.capabilities[Int(book.orders[Int(offer)].group)].model
        if control.isHalted(model) { return true }
        let resting = max(book.orders[Int(offer)].priority, book.orders[Int(bid)].priority)
        let later = max(resting, priority ?? resting)
        return operations.contains { operation in
            operation.kind == .resume && (operation.model == .unknown || operation.model == model)
                && later.rawValue > operation.cursor
        }
    }

    /// Whether an order need not look for anybody: nothing that it could meet trades now. Only then must an order that
    /// cannot rest be refused.
    func isFrozen(_ slot: Int32) -> Bool {
        guard control.hasHalts else { return false }
        let order = book.orders[Int(slot)]
        let group = Int(order.group)
        return order.isOffer
            ? control.isHalted(book.capabilities[group].model) : isHalted(book.requirements[group])
    }

    /// Whether everything that meets a requirement is halted.
    func isHalted(_ requirement: Requirement) -> Bool {
        guard control.hasHalts else { return false }
        if control.isHalted(.unknown) { return true }
        return !requirement.models.isEmpty && !requirement.models.contains { !control.isHalted($0) }
    }

    // MARK: Invariants

    /// Whether two resting orders that meet in price and requirement should have traded.
    func couldTrade(bid: Int32, offer: Int32) -> Bool {
        let (buy, sell) = (book.orders[Int(bid)], book.orders[Int(offer)])
        guard !isOwn(buy.account, sell.account), !details[Int(bid)].avoids(sell.account) else { return false }
        if case .only(let buyers) = book.capabilities[Int(sell.group)].buyers {
            // A deposit is judged when one of the two arrives, and may have come later.
            guard buyers.admits(buy.account), buyers.minimumDeposit == .zero else { return false }
        }
        guard !isDue(bid), !isDue(offer), !isFrozen(offer: offer, bid: bid) else { return false }
        let lots = min(buy.tradable, sell.tradable)
        return lots.count > 0 && lots >= details[Int(bid)].leastFill(of: buy.remaining)
            && lots >= details[Int(offer)].leastFill(of: sell.remaining)
    }
}

/// Halts and price bands.
struct MarketControl: Sendable {
    /// By model; ``ModelID/unknown`` is the whole market. Only what says something is kept.
    private(set) var records: [ModelID: MarketControlRecord] = [:]
    private(set) var hasHalts = false

    /// In ascending order.
    var sorted: [MarketControlRecord] { records.values.sorted { $0.model < $1.model } }

    mutating func set(_ record: MarketControlRecord) {
        records[record.model] = record.isHalted || record.band != nil ? record : nil
        hasHalts = records.values.contains { $0.isHalted }
    }

    /// The model is halted, or the market is.
    func isHalted(_ model: ModelID) -> Bool {
        hasHalts && (records[.unknown]?.isHalted == true || records[model]?.isHalted == true)
    }

    /// The band of a model, or the market's.
    func band(_ model: ModelID) -> PriceBand? { records[model]?.band ?? records[.unknown]?.band }
}
