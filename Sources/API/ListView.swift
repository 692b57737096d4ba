package import Engine
internal import Exchange
internal import JSON
internal import Ledger
package import Units

/// Lists, a page at a time. The rows are at most `rowsWanted` of the query: the one above the limit is not shown, but
/// says that there are more.
extension View {
    /// `GET /v1/orders`.
    package static func orders(
        _ query: OrdersQuery,
        _ rows: [OrderDetail],
        models: ModelTable,
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 768 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) {
            writer.beginObject()
            writer.detail(row, models: models)
            writer.endObject()
        }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            let last = rows[query.limit - 1].record
            next =
                query.changedSince == nil
                ? Cursor(list: .orders, filters: query.filters, first: last.id.rawValue)
                : Cursor(
                    list: .orders,
                    filters: query.filters,
                    first: last.lastSequence.rawValue,
                    second: last.id.rawValue
                )
        }
        writer.page(next, limit: query.limit)
        writer.member("account", "a", query.account.rawValue)
        writer.optional("side", query.side?.name ?? "")
        writer.optional("state", query.state?.rawValue ?? "")
        writer.optional("changed_since_sequence", query.changedSince?.rawValue)
        writer.endObject()
        return finish(&writer, asOf)
    }

    /// `GET /v1/trades`. Own trades show the owner's side of them; the public list does not say whose a trade is.
    package static func trades(
        _ query: TradesQuery,
        _ rows: [TradeDetail],
        models: ModelTable,
        asOf: SequenceNumber
    ) -> APIResponse {
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .trades, filters: query.filters, first: rows[query.limit - 1].trade.id.rawValue)
        }
        if query.format == .csv { return tradesCSV(rows.prefix(query.limit), models: models, next: next) }
        var writer = JSONWriter(capacity: 128 + 384 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) {
            writer.beginObject()
            writer.trade(row, models: models)
            if let account = query.account { writer.part(of: account, in: row.trade) }
            writer.endObject()
        }
        writer.endArray()
        writer.page(next, limit: query.limit)
        writer.optional("model", query.model.flatMap { models.record($0)?.terms.name } ?? "")
        writer.optional("account", query.account?.text ?? "")
        writer.optional("since_sequence", query.since?.rawValue)
        writer.endObject()
        return finish(&writer, asOf)
    }

    /// `GET /v1/account/transfers`.
    package static func transfers(
        _ query: TransfersQuery,
        _ rows: [TransferDetail],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 320 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) { writer.transfer(row) }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            let last = rows[query.limit - 1].position
            next = Cursor(
                list: .transfers,
                filters: query.filters,
                first: last.sequence.rawValue,
                second: Int64(last.ordinal)
            )
        }
        writer.page(next, limit: query.limit)
        writer.member("account", "a", query.account.rawValue)
        writer.endObject()
        return finish(&writer, asOf)
    }

    /// `GET /v1/accounts`.
    package static func accounts(
        _ query: AccountsQuery,
        _ rows: [AccountRecord],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 192 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) {
            writer.beginObject()
            writer.member("id", "a", row.id.rawValue)
            writer.member("label", row.label)
            writer.member("open_orders_max", row.openOrdersMax)
            writer.time("created_at", row.createdAt)
            writer.endObject()
        }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .accounts, filters: query.filters, first: rows[query.limit - 1].id.rawValue)
        }
        writer.page(next, limit: query.limit)
        writer.endObject()
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    mutating func beginList() {
        beginObject()
        key("data")
        beginArray()
    }

    /// Where the next page begins, and the filters, which the caller goes on with and closes.
    mutating func page(_ next: Cursor?, limit: Int) {
        member("has_more", next != nil)
        optional("next_cursor", next?.text ?? "")
        key("filters")
        beginObject()
        member("limit", Int64(limit))
    }

    /// A trade as the public sees it.
    mutating func trade(_ row: TradeDetail, models: ModelTable) {
        let trade = row.trade
        member("id", "t", trade.id.rawValue)
        member("model", models.record(trade.model)?.terms.name ?? trade.model.text)
        member("model_version", Int64(trade.modelVersion))
        member("weight_set", trade.weightSet.weightSet?.name ?? "unknown")
        member("price_nanoton_per_mtok", decimalString: trade.price.nanoTONPerMTok)
        member("quantity_lots", trade.lots.count)
        member("value_nanoton", decimalString: trade.price.value(of: trade.lots).count)
        member("taker_side", trade.takerSide.name)
        member("sequence", row.sequence.rawValue)
        time("traded_at", row.time)
    }

    /// What a trade is to one of its two owners.
    mutating func part(of account: AccountID, in trade: Trade) {
        let side: Side = trade.buyer == account ? .bid : .offer
        member("side", side.name)
        member("order_id", "o", (side == .bid ? trade.bid : trade.offer).rawValue)
        member("lease_id", "l", trade.id.rawValue)
        member("fee_bps", (side == .bid ? trade.buyerRate : trade.sellerRate).count)
        if side == .bid { member("locked_nanoton", decimalString: trade.locked.count) }
    }

    mutating func transfer(_ row: TransferDetail) {
        let transfer = row.transfer
        beginObject()
        member("sequence", row.position.sequence.rawValue)
        member("ordinal", Int64(row.position.ordinal))
        member("kind", transfer.kind.name)
        member("debit", name(of: transfer.debit))
        member("credit", name(of: transfer.credit))
        member("amount_nanoton", decimalString: transfer.amount.count)
        optional("order_id", transfer.order.rawValue == 0 ? "" : transfer.order.text)
        optional("trade_id", transfer.trade.rawValue == 0 ? "" : transfer.trade.text)
        time("transferred_at", row.time)
        endObject()
    }

    /// `a2.available`, or `chain`.
    private func name(of account: LedgerAccount) -> String {
        account.owner == .system ? account.kindName : account.owner.text + "." + account.kindName
    }
}
