internal import Engine
internal import Exchange
package import Units

/// What a stream of events tells of. The name is also the `event` of its messages.
package enum StreamChannel: UInt8, CaseIterable, Sendable {
    case book, trades, ticker, orders, balances, leases

    /// The name on the wire.
    package var name: String { String(describing: self) }
    /// Tells only its owner.
    package var isPrivate: Bool { self == .orders || self == .balances || self == .leases }
    /// A message says all that counts now, so that a reader who is slow may miss those before it.
    package var conflates: Bool { self == .book || self == .ticker }
}

/// A stream that is asked for: `GET /v1/stream`.
package struct StreamQuery: Hashable, Sendable {
    /// Which channels, in the order of ``StreamChannel``; at least one.
    package var channels: [StreamChannel]
    /// Of `book`, and of `ticker` without the depth.
    package var book: BookQuery
    /// Of `trades`; `nil` for every model.
    package var model: ModelID?
    /// Whose orders and balances: `nil` without such a channel.
    package var account: AccountID?
    /// The key that asks; `nil` for nobody's.
    package var key: KeyID?
    /// When the key's time is over, and with it the stream.
    package var expiresAt = LogicalTime.never
    /// The account whose orders are to be cancelled when the stream ends; `nil` for none.
    package var cancelsOnDisconnect: AccountID?
    /// What the reader has seen: go on behind it.
    package var lastEventID: SequenceNumber?

    package init(
        channels: [StreamChannel],
        book: BookQuery = BookQuery(requirement: Requirement(), depth: Int(BookQuery.depthDefault)),
        model: ModelID? = nil,
        account: AccountID? = nil,
        key: KeyID? = nil,
        lastEventID: SequenceNumber? = nil
    ) {
        self.channels = channels
        self.book = book
        self.model = model
        self.account = account
        self.key = key
        self.lastEventID = lastEventID
    }

    /// Reads a request; throws a problem that names every parameter that breaks a rule.
    init(_ head: RequestHead, for principal: Principal?, directory: Directory) throws(Problem) {
        var parameters = try QueryParameters(head.query)
        let channels = Self.channels(&parameters)
        let draft = Self.bookDraft(&parameters, channels, directory)
        let model = Self.model(&parameters, channels)
        let cancels = parameters.flag("cancel_on_disconnect")
        var account: AccountID?
        if channels.contains(where: \.isPrivate) {
            guard let principal else {
                throw Problem(.authenticationRequired, "The channels orders, balances and leases need an API key.")
            }
            try QueryRequests.require(Route.listOrders.scopes, of: principal)
            account = try QueryRequests.account(&parameters, for: principal)
        }
        try parameters.end()
        self.init(
            channels: channels,
            book: try QueryRequests.book(draft, directory: directory),
            account: account,
            key: principal?.key,
            lastEventID: try Self.position(head.lastEventID)
        )
        expiresAt = principal?.expiresAt ?? .never
        if let model {
            self.model = directory.models.id(named: model)
            guard self.model != .unknown else { throw Problem(.modelUnknown) }
        }
        if cancels {
            guard let principal else {
                throw Problem(.authenticationRequired, "cancel_on_disconnect=true needs an API key.")
            }
            try QueryRequests.require(Route.cancelOrder.scopes, of: principal)
            cancelsOnDisconnect = principal.account
        }
    }

    private static func channels(_ parameters: inout QueryParameters) -> [StreamChannel] {
        let names = StreamChannel.allCases.map(\.name).joined(separator: ", ")
        guard let text = parameters.take("channels"), !text.isEmpty else {
            parameters.fail("channels", .required, "channels must name at least one of \(names), with commas between.")
            return []
        }
        var found: Set<StreamChannel> = []
        for name in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let channel = StreamChannel.allCases.first(where: { name.equals($0.name) }) else {
                parameters.fail("channels", .notAllowed, "channels must name some of \(names), with commas between.")
                return []
            }
            guard found.insert(channel).inserted else {
                parameters.fail("channels", .duplicateField, "channels names \(channel.name) twice.")
                return []
            }
        }
        return StreamChannel.allCases.filter { found.contains($0) }
    }

    /// What asks for a book has no meaning without one.
    private static func bookDraft(
        _ parameters: inout QueryParameters,
        _ channels: [StreamChannel],
        _ directory: Directory
    ) -> QueryRequests.BookDraft {
        let isThere = channels.contains(where: \.conflates)
        if channels.isEmpty || isThere { return QueryRequests.BookDraft(&parameters, directory) }
        for name in ["requirement", "weight_set", "depth"] as [StaticString] where parameters.take(name) != nil {
            parameters.fail(name, .notAllowed, "\(name) needs the channel book or ticker.")
        }
        var none = QueryParameters()
        return QueryRequests.BookDraft(&none, directory)
    }

    private static func model(
        _ parameters: inout QueryParameters,
        _ channels: [StreamChannel]
    ) -> ArraySlice<UInt8>? {
        guard let model = parameters.take("model") else { return nil }
        if !channels.isEmpty, !channels.contains(.trades) {
            parameters.fail("model", .notAllowed, "model needs the channel trades.")
        } else if !ModelName.isValid(model) {
            parameters.fail("model", .badFormat, "model must be \(ModelName.rule).")
        }
        return model
    }

    private static func position(_ field: ArraySlice<UInt8>?) throws(Problem) -> SequenceNumber? {
        guard let field, !field.isEmpty else { return nil }
        guard let number = field.decimal, number >= 0 else {
            throw Problem(
                .malformedRequest,
                "Last-Event-ID must be the id of an event of this stream: a sequence number."
            )
        }
        return SequenceNumber(number)
    }
}
