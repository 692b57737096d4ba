internal import API
internal import Engine
internal import Exchange
internal import Units

/// What several streams may tell alike: its messages are written once for all of them.
enum TopicKey: Hashable, Sendable {
    case book(BookQuery)
    case ticker(Requirement)
    /// Of one model, or of all.
    case trades(ModelID?)
    case orders(AccountID)
    case balances(AccountID)
    case leases(AccountID)

    var channel: StreamChannel {
        switch self {
        case .book: .book
        case .ticker: .ticker
        case .trades: .trades
        case .orders: .orders
        case .balances: .balances
        case .leases: .leases
        }
    }
}

extension StreamQuery {
    /// The topics of the stream, in the order of its channels.
    var topics: [TopicKey] {
        channels.compactMap { channel in
            switch channel {
            case .book: .book(book)
            case .ticker: .ticker(book.requirement)
            case .trades: .trades(model)
            case .orders: account.map { .orders($0) }
            case .balances: account.map { .balances($0) }
            case .leases: account.map { .leases($0) }
            }
        }
    }
}

/// Names a topic while it lives; numbers are not used again.
struct TopicID: Hashable, Sendable {
    let number: Int
}

/// One message of a topic, written once and shared by all who get it.
struct StreamMessage: Sendable {
    let topic: TopicID
    let channel: StreamChannel
    let sequence: SequenceNumber
    /// Without what completes it (``StreamText/closing(_:)``).
    let text: [UInt8]
}

/// A topic that is read, or was until a moment ago.
final class StreamTopic {
    let id: TopicID
    let key: TopicKey
    /// Readers in each loop of the network.
    var readers: [Int]
    /// Everything after this sequence number is in ``history``.
    private(set) var floor: SequenceNumber
    private(set) var history: [StreamMessage] = []
    private var times: [Instant] = []
    private(set) var bytes = 0
    /// When the last reader went.
    var idleSince: Instant?
    /// Of ``TopicKey/book(_:)`` and ``TopicKey/ticker(_:)``.
    var view: WatchedView?

    init(id: TopicID, key: TopicKey, loops: Int, after floor: SequenceNumber) {
        self.id = id
        self.key = key
        readers = Array(repeating: 0, count: loops)
        self.floor = floor
    }

    var isRead: Bool { readers.contains { $0 > 0 } }

    /// Keeps a message for those who come back.
    func keep(_ message: StreamMessage, at now: Instant) {
        history.append(message)
        times.append(now)
        bytes += message.text.count
        if bytes > Limits.streamHistoryBytesPerChannelMax { forget(untilBytes: bytes / 2) }
    }

    /// Lets go of what is older than `moment`.
    func forget(before moment: Instant) {
        guard let first = times.first, first < moment else { return }
        drop(times.firstIndex { $0 >= moment } ?? times.count)
    }

    /// Lets go of the oldest messages until the rest takes so little.
    func forget(untilBytes most: Int) {
        var count = 0
        var left = bytes
        while left > most, count < history.count {
            left -= history[count].text.count
            count += 1
        }
        drop(count)
    }

    private func drop(_ count: Int) {
        guard count > 0 else { return }
        floor = history[count - 1].sequence
        bytes -= history[..<count].reduce(0) { $0 + $1.text.count }
        history.removeFirst(count)
        times.removeFirst(count)
    }

    /// What came after `sequence`; `nil` when some of it is not there any more.
    func messages(after sequence: SequenceNumber) -> ArraySlice<StreamMessage>? {
        guard sequence >= floor else { return nil }
        return history[(history.firstIndex { $0.sequence > sequence } ?? history.count)...]
    }
}

/// The book as one requirement sees it, kept up to date class by class.
struct WatchedView {
    let query: BookQuery
    private var offers: [ClassID: [BookView.Level]] = [:]
    private var bids: [ProfileID: [BookView.Level]] = [:]
    /// What was told last, and as of which sequence number.
    private(set) var shown = BookView()
    private(set) var sequence = SequenceNumber.none
    /// Something has changed since then.
    private(set) var isStale = true
    /// Of a ticker: the last trade that it has told.
    var lastTrade: TradeID?

    init(_ query: BookQuery) { self.query = query }

    mutating func take(_ change: BookChanges.ClassLevels) {
        guard query.requirement.isMet(by: change.capability) else { return }
        offers[change.id] = change.levels.isEmpty ? nil : change.levels.map(BookView.Level.init)
        isStale = true
    }

    mutating func take(_ change: BookChanges.ProfileLevels) {
        guard query.requirement.overlaps(change.requirement) else { return }
        bids[change.id] = change.levels.isEmpty ? nil : change.levels.map(BookView.Level.init)
        isStale = true
    }

    /// Brings ``shown`` up to date; says what has changed in it and what was told before.
    mutating func refresh(asOf sequence: SequenceNumber) -> (changes: BookView, previous: SequenceNumber)? {
        guard isStale else { return nil }
        isStale = false
        let latest = BookView(offers: Array(offers.values), bids: Array(bids.values), depth: query.depth)
        let changes = latest.changes(since: shown)
        guard !changes.offers.isEmpty || !changes.bids.isEmpty else { return nil }
        let previous = self.sequence
        shown = latest
        self.sequence = sequence
        return (changes, previous)
    }

    /// The view is new: what it shows now is its beginning.
    mutating func begin(asOf sequence: SequenceNumber) {
        _ = refresh(asOf: sequence)
        self.sequence = sequence
    }

    /// All of it, as a message.
    var snapshot: [UInt8] {
        StreamText.book(shown, .init(sequence: sequence, previous: nil, checksum: shown.checksum))
    }
}
