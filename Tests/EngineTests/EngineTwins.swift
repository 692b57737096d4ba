import Engine
import Exchange
import Ledger
import Units

@testable import EngineTesting

/// The engine and the reference engine, given the same commands, and an observer of what comes out.
struct EngineTwins {
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var engine: Engine
    private(set) var reference: ReferenceEngine
    private var observer: MarketObserver
    private let requestsMax: Int
    private let work: WorkLimits
    /// Of all orders that there ever were.
    private var owners: [OrderID: AccountID] = [:]
    /// What a reader of the book has seen.
    private var published: [ClassID: [BookLevel]] = [:]
    private var publishedBids: [ProfileID: [BookLevel]] = [:]

    init(requestsMax: Int = Limits.idempotencyEntriesMax, work: WorkLimits = .standard) {
        engine = Engine(requestsMax: requestsMax, work: work)
        reference = ReferenceEngine(requestsMax: requestsMax, work: work)
        self.requestsMax = requestsMax
        self.work = work
        observer = MarketObserver(isPrompt: work == .standard)
    }

    /// Moves the time on, and carries out what is due.
    mutating func beginBatch(at time: LogicalTime) throws {
        let isDue = engine.beginBatch(at: time)
        guard isDue == reference.beginBatch(at: time) else { throw Difference(description: "due: \(isDue)") }
        if isDue { _ = try apply(Command(account: .system, action: .tick)) }
        guard engine.nextDeadline == reference.nextDeadline else {
            let deadlines = "\(String(describing: engine.nextDeadline)), \(String(describing: reference.nextDeadline))"
            throw Difference(description: "next deadline: \(deadlines)")
        }
    }

    /// Carries out a command, and those that follow it.
    mutating func apply(_ command: Command, isChecked: Bool = true) throws -> [Event] {
        var events: [Event] = []
        for part in command.parts { events += try applyPart(part, isChecked: isChecked) }
        return events
    }

    /// Every event is compared, in its place. The engine's own check takes time in proportion to its state, so not
    /// every command of a large market has it.
    private mutating func applyPart(_ command: Command, isChecked: Bool) throws -> [Event] {
        var events: [Event] = []
        var expected: [Event] = []
        engine.apply(command, into: &events)
        reference.apply(command, into: &expected)
        do {
            try compare(events, expected)
            guard engine.commandVisits <= work.visitsOfCommandMax else {
                throw Difference(description: "\(engine.commandVisits) orders were visited")
            }
            guard events.last?.isRemembered != false || !events.contains(where: \.isRemembered) else {
                throw Difference(description: "remembered is not the last event")
            }
            try observer.observe(events, of: engine.sequence, at: engine.time)
            try checkTouched(events)
            if isChecked {
                try observer.check(at: engine.time)
                try engine.checkInvariants()
            }
            try checkBook(isComplete: isChecked)
        } catch {
            throw Difference(description: Self.brief("\(command): \(error)"))
        }
        return events
    }

    /// Without the modules' names.
    private static func brief(_ text: String) -> String {
        ["Units.", "Engine.", "Exchange.", "Ledger.", "Swift.", "rawValue: ", "nanoTONPerMTok: ", "count: "].reduce(
            text
        ) {
            $0.replacing($1, with: "")
        }
    }

    /// Whoever's money or orders changed was touched, so that a history waits for the change.
    private mutating func checkTouched(_ events: [Event]) throws {
        var touched: Set<AccountID> = []
        for event in events {
            switch event {
            case .transfer(let transfer): touched.formUnion([transfer.debit.owner, transfer.credit.owner])
            case .accepted(let order):
                owners[order.id] = order.account
                touched.insert(order.account)
            case .traded(let trade): touched.formUnion([trade.buyer, trade.seller])
            case .amended(let amendment): touched.insert(owners[amendment.order] ?? .system)
            case .reduced(let id, _, _), .shown(let id, _, _), .rested(let id, _), .closed(let id, _, _),
                .reclassified(let id, _):
                touched.insert(owners[id] ?? .system)
            case .accountChanged(let record): touched.insert(record.id)
            default: break
            }
        }
        for owner in touched.subtracting([.system]) where engine.lastTouched(owner) != engine.sequence {
            throw Difference(description: "\(owner.text) was not touched")
        }
    }

    /// A copy of the book that takes over only what the engine says has changed stays equal to the book.
    private mutating func checkBook(isComplete: Bool) throws {
        var changedClasses: [ClassID] = []
        var changedProfiles: [ProfileID] = []
        engine.takeChangedClasses(into: &changedClasses)
        engine.takeChangedProfiles(into: &changedProfiles)
        for number in changedClasses { published[number] = engine.levels(of: number, depth: .max) }
        for number in changedProfiles { publishedBids[number] = engine.levels(of: number, depth: .max) }
        guard isComplete else { return }
        for index in reference.classes.indices {
            let number = ClassID(Int64(index + 1))
            let offers = reference.orders.filter { $0.classID == number }
            guard published[number] ?? [] == levels(offers, isRising: true) else {
                throw Difference(description: "levels of \(number.text): \(published[number] ?? [])")
            }
        }
        for index in reference.profiles.indices {
            let number = ProfileID(Int64(index + 1))
            let bids = reference.orders.filter { $0.profileID == number }
            guard publishedBids[number] ?? [] == levels(bids, isRising: false) else {
                throw Difference(description: "levels of \(number.text): \(publishedBids[number] ?? [])")
            }
        }
    }

    /// What can trade now, by price; of an iceberg what it shows.
    private func levels(_ orders: [OrderRecord], isRising: Bool) -> [BookLevel] {
        var levels: [Price: (lots: Int64, orders: Int)] = [:]
        for order in orders {
            let lots = reference.visible(order)
            guard lots > .zero else { continue }
            levels[order.price, default: (0, 0)].lots += lots.count
            levels[order.price, default: (0, 0)].orders += 1
        }
        let prices = levels.keys.sorted { ($0 < $1) == isRising }
        return prices.map { BookLevel(price: $0, lots: levels[$0]?.lots ?? 0, orders: levels[$0]?.orders ?? 0) }
    }

    private func compare(_ events: [Event], _ expected: [Event]) throws {
        for index in 0..<max(events.count, expected.count) {
            let event = index < events.count ? events[index] : nil
            let wanted = index < expected.count ? expected[index] : nil
            guard event != wanted else { continue }
            let words = [event, wanted].map { $0.map { "\($0)" } ?? "nothing" }
            throw Difference(description: "engine: \(words[0]); reference: \(words[1])")
        }
    }

    /// Both have the same state, balances are what the transfers say, and an engine made from the state is the same.
    func compareStates() throws {
        let state = engine.state()
        let expected = reference.state
        for (name, isEqual) in [
            ("head", state.sequence == expected.sequence && state.time == expected.time),
            ("last trade", state.lastTrade == expected.lastTrade), ("fees", state.fees == expected.fees),
            ("fee notice", state.feeNotice == expected.feeNotice), ("controls", state.controls == expected.controls),
            ("operations", state.operations == expected.operations),
            ("accounts", state.accounts == expected.accounts), ("keys", state.keys == expected.keys),
            (
                "models",
                state.models.elementsEqual(expected.models.sorted { ($0.id, $0.version) < ($1.id, $1.version) })
            ),
            ("attestations", state.attestations == expected.attestations),
            ("measurements", state.measurements == expected.measurements),
            ("classes", state.classes.elementsEqual(expected.classes, by: ==)),
            ("profiles", state.profiles.elementsEqual(expected.profiles, by: ==)),
            ("orders", state.orders == expected.orders), ("leases", state.leases == expected.leases),
            ("balances", state.balances.elementsEqual(expected.balances, by: ==)),
            ("remembered", state.remembered == expected.remembered),
        ] where !isEqual {
            throw Difference(description: "state: \(name)")
        }
        for (account, counters) in state.balances {
            let balance = (counters.credits - counters.debits) * (account.isAsset ? -1 : 1)
            guard balance == observer.balancesNotZero[account] ?? 0 else {
                throw Difference(description: "balance of \(account.owner.text).\(account.kindName)")
            }
        }
        for order in state.orders where engine.order(order.id) != order {
            throw Difference(description: "query of \(order.id.text)")
        }
        let copy = try Engine(state: state, requestsMax: requestsMax, work: work)
        guard copy.digest == engine.digest else { throw Difference(description: "digest after reload") }
        guard copy.state() == state else { throw Difference(description: "state after reload") }
        try copy.checkInvariants()
    }

    /// Goes on with an engine that was built from the state, as after a start.
    mutating func reload() throws {
        engine = try Engine(state: engine.state(), requestsMax: requestsMax, work: work)
        published = [:]
        publishedBids = [:]
    }
}

extension Event {
    var isRemembered: Bool { if case .remembered = self { true } else { false } }
}

extension Command {
    /// The command with those that carry it on: one for each order of a batch.
    var parts: [Command] {
        guard case .openBatch(let batch) = action else { return [self] }
        let next = Command(account: account, key: key, requestID: requestID, action: .placeNext)
        return [self] + batch.orders.map { _ in next }
    }
}
