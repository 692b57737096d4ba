package import Engine
internal import Exchange
internal import JSON
package import Ledger
package import Units

/// What happened to one of an owner's orders.
package enum OrderChange: Hashable, Sendable {
    case accepted(OrderDetail)
    case rested(OrderID, Lots)
    case reclassified(OrderID)
    /// As the bid or as the offer of the trade.
    case traded(Trade, Side)
    case closed(OrderID, CloseReason, Lots)
    case amended(OrderAmendment)
    /// Self-trade prevention has left so much of it.
    case reduced(OrderID, Lots)
    /// What an iceberg shows now.
    case shown(OrderID, Lots)
}

/// Why the server ends a stream that a client did not end.
package enum StreamEnd: String, CaseIterable, Sendable {
    /// The client did not read what may not be left out.
    case overflow
    /// The server stops, or leads no longer: come back, here or at the leader.
    case draining
    /// The key that opened the stream is in force no longer.
    case expired
    /// The key that opened the stream was revoked.
    case revoked
}

/// The messages of streams, as server-sent events (HTML, section 9.2.6): `event` and `data`, without the empty line, so
/// that who sends them puts the `id` of the last one of each sequence number behind it.
package enum StreamText {
    /// The stream begins: what follows is newer than `sequence`.
    package static func opened(asOf sequence: SequenceNumber) -> [UInt8] {
        message("open") { $0.member("sequence", sequence.rawValue) }
    }

    /// What the reader has missed is not there any more: these channels go on behind `sequence`.
    package static func reset(_ channels: [StreamChannel], asOf sequence: SequenceNumber) -> [UInt8] {
        message("reset") { writer in
            writer.member("sequence", sequence.rawValue)
            writer.names("channels", channels.map(\.name))
        }
    }

    /// The last message of a stream.
    package static func end(_ reason: StreamEnd, asOf sequence: SequenceNumber) -> [UInt8] {
        let event: StaticString =
            switch reason {
            case .overflow: "overflow"
            case .draining: "draining"
            case .expired: "expired"
            case .revoked: "revoked"
            }
        return message(event) { $0.member("sequence", sequence.rawValue) } + closing(nil)
    }

    /// A comment: everything up to `sequence` has been told.
    package static func heartbeat(_ sequence: SequenceNumber) -> [UInt8] {
        Array(": sequence \(sequence.rawValue)\n\n".utf8)
    }

    /// What completes a message: with its id, if it is the last one of its sequence number.
    package static func closing(_ sequence: SequenceNumber?) -> [UInt8] {
        sequence.map { Array("id: \($0.rawValue)\n\n".utf8) } ?? [UInt8(ascii: "\n")]
    }

    /// The trades of one command.
    package static func trades(_ trades: [TradeDetail], models: ModelTable, at sequence: SequenceNumber) -> [UInt8] {
        message("trades", capacity: 128 + 384 * trades.count) { writer in
            writer.member("sequence", sequence.rawValue)
            writer.key("trades")
            writer.beginArray()
            for trade in trades {
                writer.beginObject()
                writer.trade(trade, models: models)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    /// What one command did to an owner's orders.
    package static func orders(
        _ changes: [OrderChange],
        of account: AccountID,
        models: ModelTable,
        at sequence: SequenceNumber,
        _ time: LogicalTime
    ) -> [UInt8] {
        message("orders", capacity: 128 + 768 * changes.count) { writer in
            writer.member("sequence", sequence.rawValue)
            writer.member("account_id", "a", account.rawValue)
            writer.time("at", time)
            writer.key("events")
            writer.beginArray()
            for change in changes { writer.change(change, of: account, models: models, at: sequence, time) }
            writer.endArray()
        }
    }

    /// What an owner has after a command, and the movements of money that led there; none for the first message.
    package static func balances(
        of account: AccountID,
        _ transfers: [TransferDetail],
        at sequence: SequenceNumber,
        amount: (LedgerAccount.Kind) -> Int64
    ) -> [UInt8] {
        message("balances", capacity: 512 + 320 * transfers.count) { writer in
            writer.member("sequence", sequence.rawValue)
            writer.member("account_id", "a", account.rawValue)
            writer.key("balances")
            writer.balances(amount)
            writer.key("transfers")
            writer.beginArray()
            for transfer in transfers { writer.transfer(transfer) }
            writer.endArray()
        }
    }
}

// The book as a requirement sees it.
extension StreamText {
    /// What a message about a book says beside its levels.
    package struct BookHead: Hashable, Sendable {
        package var sequence: SequenceNumber
        /// The message before it; `nil` for a whole book, which needs none.
        package var previous: SequenceNumber?
        /// ``BookView/checksum`` of the book after it.
        package var checksum: UInt32

        package init(sequence: SequenceNumber, previous: SequenceNumber?, checksum: UInt32) {
            self.sequence = sequence
            self.previous = previous
            self.checksum = checksum
        }
    }

    /// A whole book, or what has changed in it.
    package static func book(_ levels: BookView, _ head: BookHead) -> [UInt8] {
        message("book", capacity: 256 + 48 * (levels.offers.count + levels.bids.count)) { writer in
            writer.member("sequence", head.sequence.rawValue)
            writer.optional("previous_sequence", head.previous?.rawValue)
            writer.member("snapshot", head.previous == nil)
            writer.key("offers")
            writer.pairs(levels.offers)
            writer.key("bids")
            writer.pairs(levels.bids)
            writer.member("checksum", Int64(head.checksum))
        }
    }

    /// The best prices, and the last trade of a model that the requirement accepts.
    package static func ticker(
        offer: BookView.Level?,
        bid: BookView.Level?,
        last: TradeDetail?,
        models: ModelTable,
        at sequence: SequenceNumber
    ) -> [UInt8] {
        message("ticker", capacity: 768) { writer in
            writer.member("sequence", sequence.rawValue)
            writer.key("best_offer")
            writer.level(offer)
            writer.key("best_bid")
            writer.level(bid)
            writer.key("last_trade")
            guard let last else { return writer.null() }
            writer.beginObject()
            writer.trade(last, models: models)
            writer.endObject()
        }
    }

    static func message(
        _ event: StaticString,
        capacity: Int = 128,
        _ write: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(appendingTo: Array("event: \(event)\ndata: ".utf8), capacity: capacity + 64)
        writer.beginObject()
        write(&writer)
        writer.endObject()
        return writer.take() + [UInt8(ascii: "\n")]
    }
}

extension JSONWriter {
    fileprivate mutating func level(_ level: BookView.Level?) {
        guard let level else { return null() }
        beginObject()
        member("price_nanoton_per_mtok", decimalString: level.price.nanoTONPerMTok)
        member("quantity_lots", level.lots)
        member("order_count", Int64(level.orders))
        endObject()
    }

    /// Levels as `[price, lots, orders]`: there are many.
    fileprivate mutating func pairs(_ levels: [BookView.Level]) {
        beginArray()
        for level in levels {
            beginArray()
            decimalString(level.price.nanoTONPerMTok)
            integer(level.lots)
            integer(Int64(level.orders))
            endArray()
        }
        endArray()
    }

    fileprivate mutating func change(
        _ change: OrderChange,
        of account: AccountID,
        models: ModelTable,
        at sequence: SequenceNumber,
        _ time: LogicalTime
    ) {
        beginObject()
        switch change {
        case .accepted(let detail):
            member("type", word: "accepted")
            key("order")
            beginObject()
            self.detail(detail, models: models)
            endObject()
        case .rested(let id, let remaining):
            member("type", word: "rested")
            member("order_id", "o", id.rawValue)
            member("remaining_lots", remaining.count)
        case .reclassified(let id):
            member("type", word: "reclassified")
            member("order_id", "o", id.rawValue)
        case .traded(let trade, let side):
            member("type", word: "traded")
            member("order_id", "o", (side == .bid ? trade.bid : trade.offer).rawValue)
            member("remaining_lots", (side == .bid ? trade.bidRemaining : trade.offerRemaining).count)
            key("trade")
            beginObject()
            self.trade(TradeDetail(trade: trade, sequence: sequence, time: time), models: models)
            part(of: account, in: trade)
            endObject()
        case .closed(let id, let reason, let remaining):
            member("type", word: "closed")
            member("order_id", "o", id.rawValue)
            member("state", OrderState(reason).rawValue)
            member("close_reason", reason.name)
            member("remaining_lots", remaining.count)
        case .amended(let amendment):
            member("type", word: "amended")
            member("order_id", "o", amendment.order.rawValue)
            member("price_nanoton_per_mtok", decimalString: amendment.price.nanoTONPerMTok)
            member("quantity_lots", amendment.lots.count)
            member("remaining_lots", amendment.remaining.count)
            self.time("expires_at", amendment.expiresAt)
        case .reduced(let id, let remaining):
            member("type", word: "reduced")
            member("order_id", "o", id.rawValue)
            member("remaining_lots", remaining.count)
        case .shown(let id, let lots):
            member("type", word: "shown")
            member("order_id", "o", id.rawValue)
            member("displayed_lots", lots.count)
        }
        endObject()
    }
}
