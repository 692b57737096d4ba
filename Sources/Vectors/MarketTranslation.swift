import Engine
import Exchange
import Ledger
import Units

/// A market's commands as the engine's, and the engine's numbers as the market's.
struct MarketTranslation {
    /// What must stand before the first command: fees, accounts, models, attestations.
    private(set) var setup: [Command] = []
    /// One for each of the market's commands.
    private(set) var commands: [Command] = []
    /// In the order of first use; the first has account number 1.
    private var accounts: [String] = []
    /// In the order of first use; the first has model number 1.
    private var models: [TestModel] = []

    /// Throws if a bid's models have too many qualities for one bid.
    init(_ market: TestMarket) throws(MarketFileError) {
        for command in market.commands { note(command) }
        setUp(market)
        for (index, command) in market.commands.enumerated() {
            guard let command = translate(command) else {
                let place = "market \"\(market.name)\", command \(index + 1), field \"model\""
                throw .invalid(
                    place: place,
                    rule: "with their different qualities these are more than \(Limits.modelsPerBidMax) models"
                )
            }
            commands.append(command)
        }
    }

    /// The names of all ledger owners, with their numbers.
    var owners: [(name: String, id: AccountID)] {
        accounts.enumerated().map { (name: $0.element, id: AccountID(Int64($0.offset + 1))) }
    }

    // MARK: To the engine

    private mutating func note(_ command: TestCommand) {
        if let account = command.account, !accounts.contains(account) { accounts.append(account) }
        switch command {
        case .offer(_, let model, _): if !models.contains(model) { models.append(model) }
        case .deposit, .bid, .cancel, .usage, .finish: break
        }
    }

    private mutating func setUp(_ market: TestMarket) {
        let fees = FeeTerms(rates: market.rates, minimumNotional: .zero)
        setup.append(Command(account: .system, action: .setFees(fees)))
        // The form knows no limit of open orders.
        let account = AccountTerms(label: "", openOrdersMax: Limits.openOrdersPerAccountMax)
        setup += accounts.map { _ in Command(account: .system, action: .createAccount(account)) }
        for (index, model) in models.enumerated() {
            let terms = ModelTerms(name: "model-\(index + 1)", quality: model.quality)
            setup.append(Command(account: .system, action: .setModel(terms)))
        }
        let unsold = ModelTerms(name: "model-\(models.count + 1)")
        setup.append(Command(account: .system, action: .setModel(unsold)))
        for owner in owners {
            let terms = AttestationTerms(account: owner.id, tees: TEE.tdx.bit, expiresAt: .never)
            setup.append(Command(account: .system, action: .setAttested(terms)))
        }
    }

    /// `nil` when a bid would name too many models.
    private func translate(_ command: TestCommand) -> Command? {
        let account = command.account.map(number(of:)) ?? .system
        switch command {
        case .deposit(_, let amount):
            return Command(account: .system, action: .deposit(to: account, amount: amount))
        case .offer(let order, let model, let isAttested):
            let index = models.firstIndex(of: model) ?? 0
            let terms = OfferTerms(
                order: terms(of: order),
                model: ModelID(Int64(index + 1)),
                claimedTEE: isAttested ? .tdx : .none
            )
            return Command(account: account, action: .placeOffer(terms))
        case .bid(let order, let demand):
            guard let requirement = requirement(demand) else { return nil }
            let terms = BidTerms(order: terms(of: order), requirement: requirement)
            return Command(account: account, action: .placeBid(terms))
        case .cancel(_, let order):
            return Command(account: account, action: .cancel(OrderID(order + Int64(setup.count))))
        case .usage(let lease, let tokens):
            return Command(account: .system, action: .usage(LeaseID(lease), AdjustedTokens(tokens)))
        case .finish(let lease): return Command(account: .system, action: .endLease(LeaseID(lease)))
        }
    }

    private func number(of account: String) -> AccountID {
        AccountID(Int64((accounts.firstIndex(of: account) ?? -1) + 1))
    }

    private func terms(of order: TestOrder) -> OrderTerms {
        let timeInForce: TimeInForce = order.timeInForce == .ioc ? .ioc : .gtc
        return OrderTerms(price: order.price, lots: order.lots, timeInForce: timeInForce)
    }

    private func requirement(_ demand: TestRequirement) -> Requirement? {
        var requirement = Requirement()
        requirement.qualityAtLeast = demand.quality
        if demand.isAttested { requirement.tees = TEE.allCases.reduce(0) { $0 | $1.bit } & ~TEE.none.bit }
        if let names = demand.models {
            // A name without offers is a model that nobody sells, as the last one of the setup.
            let unsold = ModelID(Int64(models.count + 1))
            let numbers = models.indices.filter { names.contains(models[$0].name) }.map { ModelID(Int64($0 + 1)) }
            guard let list = FixedList(numbers.isEmpty ? [unsold] : numbers) else { return nil }
            requirement.models = list
        }
        return requirement
    }

    // MARK: From the engine

    /// The market's words for an event; `nil` for one that is only bookkeeping, and for a transfer.
    func event(_ event: Event) -> TestEvent? {
        switch event {
        case .classInterned, .profileInterned, .transfer: nil
        case .accepted(let record): .accepted(order: number(of: record.id))
        case .rested(let order, let lots): .rested(order: number(of: order), lots: lots.count)
        case .closed(let order, let reason, let lots):
            .closed(order: number(of: order), reason: reason.name, lots: lots.count)
        case .traded(let trade):
            .traded(
                trade: trade.id.rawValue,
                bid: number(of: trade.bid),
                offer: number(of: trade.offer),
                lots: trade.lots.count,
                price: trade.price.nanoTONPerMTok
            )
        case .used(let lease, let tokens): .used(lease: lease.rawValue, tokens: tokens.count)
        case .leaseEnded(let lease, let tokens, _): .ended(lease: lease.rawValue, tokens: tokens.count)
        case .rejected(let rejection): .rejected(rejection.code)
        default: .other("\(event)")
        }
    }

    /// The market's words for a transfer; `nil` for any other event.
    func transfer(_ event: Event) -> TestTransfer? {
        guard case .transfer(let transfer) = event else { return nil }
        return TestTransfer(
            debit: name(of: transfer.debit),
            credit: name(of: transfer.credit),
            amount: transfer.amount.count,
            kind: transfer.kind.name
        )
    }

    /// `app.available`, or `chain` for one of the exchange's own.
    func name(of account: LedgerAccount) -> String {
        if account.owner == .system { return account.kindName }
        let index = Int(account.owner.rawValue) - 1
        let owner = accounts.indices.contains(index) ? accounts[index] : account.owner.text
        return "\(owner).\(account.kindName)"
    }

    private func number(of order: OrderID) -> Int64 { order.rawValue - Int64(setup.count) }
}
