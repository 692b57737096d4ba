internal import Engine
internal import Exchange
internal import Postgres
internal import Units

/// Orders that move, and market control.
extension Projector {
    func move(_ unsorted: [OrderMove]) throws(StoreError) {
        guard !unsorted.isEmpty else { return }
        let moves = unsorted.sorted { $0.id < $1.id }
        try change(
            Self.movesStatement,
            moves.count,
            "moved orders",
            [
                .int8Array(moves.map(\.id)),
                .int8Array(moves.map { $0.amendment?.price.nanoTONPerMTok ?? 0 }),
                .int8Array(moves.map { $0.amendment?.lots.count ?? 0 }),
                .int8Array(moves.map { $0.amendment?.remaining.count ?? 0 }),
                .timestampArray(microsecondsSince1970: moves.map { $0.expiry }),
                .int8Array(moves.map(\.displayed)), .int8Array(moves.map(\.priority)), .int8Array(moves.map(\.lowered)),
            ]
        )
    }

    func change(_ control: ControlChanges) throws(StoreError) {
        guard !control.isEmpty else { return }
        try change(control.accounts.values.sorted { $0.id < $1.id })
        for (model, record) in control.records {
            if record.isHalted || record.band != nil {
                try change(
                    Self.controlStatement,
                    [
                        .int8(model.rawValue), .bool(record.isHalted), .orNull(record.band?.low.nanoTONPerMTok),
                        .orNull(record.band?.high.nanoTONPerMTok), .int8(record.sequence.rawValue),
                    ]
                )
            } else {
                try change(Self.noControlStatement, [.int8(model.rawValue)])
            }
        }
        for (key, operation) in control.operations { try change(key, operation) }
        if let notice = control.notice { try change(notice) }
    }

    private func change(_ accounts: [AccountRecord]) throws(StoreError) {
        guard !accounts.isEmpty else { return }
        try change(
            Self.accountsStatement,
            accounts.count,
            "changed accounts",
            [
                .int8Array(accounts.map(\.id.rawValue)), .int8Array(accounts.map(\.openOrdersMax)),
                .int8Array(accounts.map { $0.offerLotsMax?.count ?? 0 }),
                .int8Array(accounts.map(\.selfTradeGroup)), .boolArray(accounts.map(\.isClosed)),
                .timestampArray(microsecondsSince1970: accounts.map { $0.cancelAfter.orZero }),
                .boolArray(accounts.map(\.cancelsOnDisconnect)),
            ]
        )
    }

    private func change(
        _ key: ControlChanges.OperationKey,
        _ operation: ControlChanges.Operation
    ) throws(StoreError) {
        guard case .set(let record, let ordinal) = operation else {
            try change(Self.operationEndStatement, [.int8(key.sequence.rawValue), .int8(key.account.rawValue)])
            return
        }
        try change(
            Self.operationStatement,
            [
                .int8(key.sequence.rawValue), .int8(key.account.rawValue), .int2(Int16(record.kind.rawValue)),
                record.side.map { .int2(Int16($0.rawValue)) } ?? .null(.int2), .orNull(record.model?.rawValue),
                .orNull(record.profile?.rawValue), .int8(record.cursor), .int4(ordinal),
            ]
        )
    }

    private func change(_ notice: ControlChanges.Notice) throws(StoreError) {
        switch notice {
        case .announced(let terms):
            let at = Parameter.timestamp(microsecondsSince1970: terms.effectiveAt.microseconds)
            try change(Self.noticeStatement, terms.fees.parameters + [at])
        case .over: try change(Self.noNoticeStatement, [])
        }
    }
}

extension OrderMove {
    /// 0 when there is no amendment, or no expiry.
    fileprivate var expiry: Int64 { amendment?.expiresAt.orZero ?? 0 }
}

extension LogicalTime {
    /// 0, which no deadline has, for ``never``.
    var orZero: Int64 { self == .never ? 0 : microseconds }
}

extension FeeTerms {
    fileprivate var parameters: [Parameter] {
        [.int4(Int32(rates.maker.count)), .int4(Int32(rates.taker.count)), .int8(minimumNotional.count)]
    }
}

// MARK: - Statements

extension Projector {
    /// Before ``ordersStatement``, which sets what is left in the end: at no time is more left than the whole. An
    /// amendment states the expiry, if there is one.
    private static let movesStatement = Statement(
        prepared: "orders_move",
        """
        UPDATE market.orders o SET
            price = CASE WHEN c.price = 0 THEN o.price ELSE c.price END,
            lots = CASE WHEN c.lots = 0 THEN o.lots ELSE c.lots END,
            remaining = CASE WHEN c.lots = 0 THEN o.remaining ELSE c.remaining END,
            expires_at = CASE WHEN c.expires_at = 'epoch' THEN o.expires_at ELSE c.expires_at END,
            displayed = CASE WHEN c.displayed = 0 THEN o.displayed ELSE c.displayed END,
            priority = CASE WHEN c.priority = 0 THEN o.priority ELSE nullif(c.priority, o.id * 65536) END,
            lowered_lots = CASE WHEN c.lowered = 0 THEN o.lowered_lots ELSE c.lowered END
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS c (id, price, lots, remaining, expires_at, displayed, priority,
            lowered)
        WHERE o.id = c.id
        """
    )

    private static let accountsStatement = Statement(
        prepared: "accounts_change",
        """
        UPDATE market.accounts a SET open_orders_max = c.open_orders_max,
            offer_lots_max = nullif(c.offer_lots_max, 0), self_trade_group = c.self_trade_group, closed = c.closed,
            cancel_after = nullif(c.cancel_after, 'epoch'), cancel_on_disconnect = c.cancel_on_disconnect
        FROM unnest($1, $2, $3, $4, $5, $6, $7) AS c (account, open_orders_max, offer_lots_max, self_trade_group,
            closed, cancel_after, cancel_on_disconnect)
        WHERE a.account = c.account
        """
    )

    private static let controlStatement = Statement(
        prepared: "control_set",
        """
        INSERT INTO market.controls (model, halted, low, high, sequence) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (model) DO UPDATE SET halted = excluded.halted, low = excluded.low, high = excluded.high,
            sequence = excluded.sequence
        """
    )

    private static let noControlStatement = Statement(
        prepared: "control_drop",
        "DELETE FROM market.controls WHERE model = $1"
    )

    private static let operationStatement = Statement(
        prepared: "operation_set",
        """
        INSERT INTO market.mass_operations (sequence, account, kind, side, model, profile, cursor, ordinal)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (sequence, account) DO UPDATE SET cursor = excluded.cursor
        """
    )

    private static let operationEndStatement = Statement(
        prepared: "operation_end",
        "DELETE FROM market.mass_operations WHERE sequence = $1 AND account = $2"
    )

    private static let noticeStatement = Statement(
        prepared: "notice_set",
        """
        INSERT INTO market.fee_notice (maker_bps, taker_bps, minimum_notional, effective_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (only_row) DO UPDATE SET maker_bps = excluded.maker_bps, taker_bps = excluded.taker_bps,
            minimum_notional = excluded.minimum_notional, effective_at = excluded.effective_at
        """
    )

    private static let noNoticeStatement = Statement(prepared: "notice_over", "DELETE FROM market.fee_notice")
}
