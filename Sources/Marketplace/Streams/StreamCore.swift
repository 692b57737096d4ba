internal import API
internal import Engine
internal import Exchange
internal import Ledger
internal import Units

/// What streams start from when this server begins to lead: the engine's state as of a durable sequence number.
struct StreamStart: Sendable {
    let sequence: SequenceNumber
    let owners: [(order: OrderID, account: AccountID)]
    let leases: [(lease: LeaseID, parties: LeaseParties)]
    let balances: [(account: LedgerAccount, counters: LedgerCounters)]
    let book: PublishedBook

    init(_ engine: Engine, book: PublishedBook) {
        sequence = engine.sequence
        owners = engine.openOrderOwners
        leases = engine.openLeaseParties.map { ($0, LeaseParties(worker: $1, app: $2)) }
        balances = engine.allBalances
        self.book = book
    }
}

/// Who has to do with a lease.
struct LeaseParties: Sendable {
    let worker: AccountID
    let app: AccountID
}

/// A durable batch, as streams see it.
struct StreamBatch: Sendable {
    let firstSequence: SequenceNumber
    let lastSequence: SequenceNumber
    let time: LogicalTime
    let events: [Event]
    /// For each command the end of its group in ``events``.
    let ends: [Int32]
    let changes: BookChanges?

    var bytes: Int { events.count * MemoryLayout<Event>.stride + 1_024 }
}

/// What names stand for, as messages say them.
protocol StreamNames {
    var models: ModelTable { get }
    func detail(_ record: OrderRecord) -> OrderDetail
}

/// Turns durable events into messages: batches in, messages out. No thread, no clock, no socket.
///
/// Beside the topics that are read it knows whose each open order is and what everybody has, because the events of a
/// fill or a cancel do not say it.
struct StreamCore {
    private(set) var sequence: SequenceNumber
    var owners: [OrderID: AccountID] = [:]
    /// Of open leases.
    var parties: [LeaseID: LeaseParties] = [:]
    var balances: [LedgerAccount: Int64] = [:]
    var classes: [ClassID: BookChanges.ClassLevels]
    var profiles: [ProfileID: BookChanges.ProfileLevels]
    var bookSequence: SequenceNumber
    var lastTrades: [ModelID: TradeDetail] = [:]
    var topics: [TopicID: StreamTopic] = [:]
    var ids: [TopicKey: TopicID] = [:]
    /// The topics whose messages follow from single commands, as long as there are any.
    var commandTopics = 0
    var viewTopics: [StreamTopic] = []
    var nextTopic = 1
    let loops: Int
    /// Keys that were revoked since this server leads: a stream of theirs that was asked for before may not begin.
    private(set) var revokedKeys: Set<KeyID> = []
    /// Those whose readers are still to be told.
    private var untoldKeys: Set<KeyID> = []
    /// Messages that were not taken yet, in the order of their sequence numbers.
    private var outbox: [StreamMessage] = []

    init(_ start: StreamStart, loops: Int) {
        sequence = start.sequence
        self.loops = loops
        owners.reserveCapacity(start.owners.count)
        for (order, account) in start.owners { owners[order] = account }
        for (lease, sides) in start.leases { parties[lease] = sides }
        for (account, counters) in start.balances where account.owner != .system {
            balances[account] = Int64(truncatingIfNeeded: counters.credits - counters.debits)
        }
        classes = start.book.classes
        profiles = start.book.profiles
        bookSequence = start.book.asOf
    }

    /// Topics that are alive.
    var topicCount: Int { topics.count }
    /// Bytes of all messages that are kept.
    var historyBytes: Int { topics.values.reduce(0) { $0 + $1.bytes } }

    /// The messages of everything that was taken; the caller sends them to the loops that read their topics.
    mutating func takeMessages(_ names: some StreamNames, at now: Instant) -> [StreamMessage] {
        for topic in viewTopics { refresh(topic, names, at: now) }
        // A book may be older than the newest commands.
        let messages = Self.sorted(outbox)
        outbox = []
        return messages
    }

    /// Keys whose streams are to be ended.
    mutating func takeRevokedKeys() -> Set<KeyID> {
        defer { untoldKeys = [] }
        return untoldKeys
    }

    private mutating func revoke(_ key: KeyID) {
        revokedKeys.insert(key)
        untoldKeys.insert(key)
    }

    /// By sequence number; those of one number stay as they are.
    static func sorted(_ messages: [StreamMessage]) -> [StreamMessage] {
        guard zip(messages, messages.dropFirst()).contains(where: { $0.sequence > $1.sequence }) else {
            return messages
        }
        return messages.enumerated()
            .sorted { ($0.element.sequence, $0.offset) < ($1.element.sequence, $1.offset) }
            .map(\.element)
    }

    func topic(_ id: TopicID) -> StreamTopic? { topics[id] }
}

// What happened.
extension StreamCore {
    mutating func take(_ batch: StreamBatch, _ names: some StreamNames, at now: Instant) {
        var start = 0
        for (index, end) in batch.ends.enumerated() {
            let sequence = SequenceNumber(batch.firstSequence.rawValue + Int64(index))
            take(batch.events[start..<Int(end)], at: sequence, batch.time, names, now)
            start = Int(end)
        }
        sequence = batch.lastSequence
        if let changes = batch.changes { take(changes, asOf: batch.lastSequence) }
    }

    /// What one command came to, for those who are watched.
    private struct Watched {
        var trades: [TradeDetail] = []
        var orders: [(account: AccountID, changes: [OrderChange])] = []
        var transfers: [(account: AccountID, transfers: [TransferDetail])] = []
        var leases: [(account: AccountID, changes: [LeaseChange])] = []

        mutating func add(_ change: OrderChange, of account: AccountID) {
            if let index = orders.firstIndex(where: { $0.account == account }) {
                orders[index].changes.append(change)
            } else {
                orders.append((account, [change]))
            }
        }

        mutating func add(_ change: LeaseChange, of account: AccountID) {
            if let index = leases.firstIndex(where: { $0.account == account }) {
                leases[index].changes.append(change)
            } else {
                leases.append((account, [change]))
            }
        }

        mutating func add(_ transfer: TransferDetail, of account: AccountID) {
            if let index = transfers.firstIndex(where: { $0.account == account }) {
                transfers[index].transfers.append(transfer)
            } else {
                transfers.append((account, [transfer]))
            }
        }
    }

    private mutating func take(
        _ events: ArraySlice<Event>,
        at sequence: SequenceNumber,
        _ time: LogicalTime,
        _ names: some StreamNames,
        _ now: Instant
    ) {
        let isWatched = commandTopics > 0
        var watched = Watched()
        for index in events.indices {
            switch events[index] {
            case .accepted(let record):
                owners[record.id] = record.account
                if isWatched, isWatching(.orders(record.account)) {
                    watched.add(.accepted(names.detail(record)), of: record.account)
                }
            case .rested(let id, let lots): note(.rested(id, lots), of: id, isWatched, &watched)
            case .reclassified(let id, _): note(.reclassified(id), of: id, isWatched, &watched)
            case .closed(let id, let reason, let lots):
                note(.closed(id, reason, lots), of: id, isWatched, &watched)
                owners[id] = nil
            case .traded(let trade):
                let detail = TradeDetail(trade: trade, sequence: sequence, time: time)
                lastTrades[trade.model] = detail
                note(opened: trade, isWatched, &watched)
                guard isWatched else { continue }
                watched.trades.append(detail)
                if isWatching(.orders(trade.buyer)) { watched.add(.traded(trade, .bid), of: trade.buyer) }
                if isWatching(.orders(trade.seller)) { watched.add(.traded(trade, .offer), of: trade.seller) }
            case .transfer(let transfer):
                move(transfer)
                guard isWatched else { continue }
                let ordinal = Int32(truncatingIfNeeded: index - events.startIndex)
                let position = TransfersQuery.Position(sequence: sequence, ordinal: ordinal)
                let detail = TransferDetail(transfer: transfer, position: position, time: time)
                let (from, to) = (transfer.debit.owner, transfer.credit.owner)
                if isWatching(.balances(from)) { watched.add(detail, of: from) }
                if to != from, isWatching(.balances(to)) { watched.add(detail, of: to) }
            case .amended(let amendment):
                note(.amended(amendment), of: amendment.order, isWatched, &watched)
            case .reduced(let id, let lots, _): note(.reduced(id, lots), of: id, isWatched, &watched)
            case .shown(let id, let lots, _): note(.shown(id, lots), of: id, isWatched, &watched)
            case .used(let id, let tokens): note(.charged(id, tokens), of: id, isWatched, &watched)
            case .leaseEnded(let id, let tokens, let end):
                note(.ended(id, tokens, end), of: id, isWatched, &watched)
                parties[id] = nil
            case .lease(let event):
                guard let id = event.toldLease else { continue }
                note(.stated(event), of: id, isWatched, &watched)
            case .keyStandingSet(let standing, _): if standing.isRevoked { revoke(standing.key) }
            // Of no channel. There is no default, so that whoever adds an event decides whether readers hear of it.
            case .rejected, .replayed, .remembered, .forgotten, .classInterned, .profileInterned, .accountCreated,
                .keyCreated, .modelSet, .attestationSet, .measurementSet, .feesSet, .checkpointAnnounced,
                .accountChanged, .controlSet, .feesAnnounced, .operationSet, .operationEnded, .keySpent,
                .orderBudgeted, .operated, .loginCreated, .loginLinked, .loginUnlinked, .keyForgotten, .settlement:
                continue
            }
        }
        if isWatched { tell(watched, at: sequence, time, names, now) }
    }

    private func isWatching(_ key: TopicKey) -> Bool { ids[key] != nil }

    private func note(_ change: OrderChange, of id: OrderID, _ isWatched: Bool, _ watched: inout Watched) {
        guard isWatched, let owner = owners[id], isWatching(.orders(owner)) else { return }
        watched.add(change, of: owner)
    }

    private mutating func note(opened trade: Trade, _ isWatched: Bool, _ watched: inout Watched) {
        parties[LeaseID(trade.id.rawValue)] = LeaseParties(worker: trade.seller, app: trade.buyer)
        guard isWatched else { return }
        if isWatching(.leases(trade.seller)) { watched.add(.opened(trade, .worker), of: trade.seller) }
        if isWatching(.leases(trade.buyer)) { watched.add(.opened(trade, .app), of: trade.buyer) }
    }

    private func note(_ change: LeaseChange, of id: LeaseID, _ isWatched: Bool, _ watched: inout Watched) {
        guard isWatched, let parties = parties[id] else { return }
        if isWatching(.leases(parties.worker)) { watched.add(change, of: parties.worker) }
        if isWatching(.leases(parties.app)) { watched.add(change, of: parties.app) }
    }

    private mutating func move(_ transfer: Transfer) {
        if transfer.debit.owner != .system { balances[transfer.debit, default: 0] -= transfer.amount.count }
        if transfer.credit.owner != .system { balances[transfer.credit, default: 0] += transfer.amount.count }
    }

    private mutating func tell(
        _ watched: Watched,
        at sequence: SequenceNumber,
        _ time: LogicalTime,
        _ names: some StreamNames,
        _ now: Instant
    ) {
        if !watched.trades.isEmpty {
            tell(.trades(nil), at: sequence, now) { _ in
                StreamText.trades(watched.trades, models: names.models, at: sequence)
            }
            for model in Set(watched.trades.map(\.trade.model)).sorted() {
                tell(.trades(model), at: sequence, now) { _ in
                    let trades = watched.trades.filter { $0.trade.model == model }
                    return StreamText.trades(trades, models: names.models, at: sequence)
                }
            }
        }
        for (account, changes) in watched.orders {
            tell(.orders(account), at: sequence, now) { _ in
                StreamText.orders(changes, of: account, models: names.models, at: sequence, time)
            }
        }
        for (account, changes) in watched.leases {
            tell(.leases(account), at: sequence, now) { _ in
                StreamText.leases(changes, of: account, at: sequence, time)
            }
        }
        for (account, transfers) in watched.transfers {
            tell(.balances(account), at: sequence, now) { core in
                core.balances(of: account, transfers, at: sequence)
            }
        }
    }

    private mutating func tell(
        _ key: TopicKey,
        at sequence: SequenceNumber,
        _ now: Instant,
        _ write: (StreamCore) -> [UInt8]
    ) {
        guard let id = ids[key], let topic = topics[id] else { return }
        let message = StreamMessage(topic: id, channel: key.channel, sequence: sequence, text: write(self))
        topic.keep(message, at: now)
        outbox.append(message)
    }

    func balances(
        of account: AccountID,
        _ transfers: [TransferDetail],
        at sequence: SequenceNumber
    ) -> [UInt8] {
        StreamText.balances(of: account, transfers, at: sequence) { kind in
            balances[LedgerAccount(account, kind)] ?? 0
        }
    }
}

// The book.
extension StreamCore {
    private mutating func take(_ changes: BookChanges, asOf sequence: SequenceNumber) {
        for change in changes.classes {
            classes[change.id] = change.levels.isEmpty ? nil : change
            for topic in viewTopics { topic.view?.take(change) }
        }
        for change in changes.profiles {
            profiles[change.id] = change.levels.isEmpty ? nil : change
            for topic in viewTopics { topic.view?.take(change) }
        }
        bookSequence = sequence
    }

    private mutating func refresh(_ topic: StreamTopic, _ names: some StreamNames, at now: Instant) {
        guard topic.view != nil else { return }
        let change = topic.view?.refresh(asOf: bookSequence)
        guard let view = topic.view else { return }
        let text: [UInt8]
        switch topic.key {
        case .ticker:
            let last = lastTrade(view.query.requirement)
            guard change != nil || last?.trade.id != view.lastTrade else { return }
            topic.view?.lastTrade = last?.trade.id
            text = ticker(view, last, names)
        default:
            guard let change else { return }
            let head = StreamText.BookHead(
                sequence: bookSequence,
                previous: change.previous,
                checksum: view.shown.checksum
            )
            text = StreamText.book(change.changes, head)
        }
        outbox.append(StreamMessage(topic: topic.id, channel: topic.key.channel, sequence: bookSequence, text: text))
    }

    private func ticker(_ view: WatchedView, _ last: TradeDetail?, _ names: some StreamNames) -> [UInt8] {
        StreamText.ticker(
            offer: view.shown.offers.first,
            bid: view.shown.bids.first,
            last: last,
            models: names.models,
            at: bookSequence
        )
    }

    /// Of the models that the requirement accepts, since this server leads.
    func lastTrade(_ requirement: Requirement) -> TradeDetail? {
        if requirement.models.isEmpty {
            return lastTrades.values.filter { $0.trade.weightSet == requirement.weightSet }
                .max { $0.trade.id < $1.trade.id }
        }
        return requirement.models.array.compactMap { lastTrades[$0] }
            .filter { $0.trade.weightSet == requirement.weightSet }
            .max { $0.trade.id < $1.trade.id }
    }

    /// What a reader who has missed something of a conflated topic needs to go on.
    mutating func snapshot(of id: TopicID, _ names: some StreamNames) -> StreamMessage? {
        guard let topic = topics[id], let view = topic.view else { return nil }
        let text: [UInt8]
        if case .ticker = topic.key {
            text = ticker(view, lastTrade(view.query.requirement), names)
        } else {
            text = view.snapshot
        }
        return StreamMessage(topic: id, channel: topic.key.channel, sequence: view.sequence, text: text)
    }
}
