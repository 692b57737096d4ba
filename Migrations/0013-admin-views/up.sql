-- What an administrator asks for, beside the views that are there: trial balance, statement, obligations, chain, lag.

CREATE FUNCTION ledger.statement_at(of_owner bigint, at_sequence bigint)
    RETURNS TABLE (account_kind text, changes bigint, received_nanoton numeric, given_nanoton numeric,
        balance_nanoton numeric, last_change bigint)
    LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    -- The conditions are those of the two indexes of an owner's transfers.
    WITH given AS (
        SELECT sequence, debit, credit, amount FROM ledger.transfers
        WHERE debit / 16 = of_owner AND debit >= 16 AND sequence <= at_sequence
    ), sides AS (
        SELECT sequence, ledger.account_kind(debit) AS account_kind, -amount AS change FROM given
        UNION ALL
        SELECT sequence, ledger.account_kind(credit), amount FROM given WHERE credit / 16 = of_owner
        UNION ALL
        SELECT sequence, ledger.account_kind(credit), amount FROM ledger.transfers
        WHERE credit / 16 = of_owner AND credit >= 16 AND credit / 16 <> debit / 16 AND sequence <= at_sequence
    )
    SELECT account_kind, count(*), coalesce(sum(change) FILTER (WHERE change > 0), 0),
        coalesce(-sum(change) FILTER (WHERE change < 0), 0), sum(change), max(sequence)
    FROM sides GROUP BY account_kind ORDER BY account_kind
$$;
COMMENT ON FUNCTION ledger.statement_at(bigint, bigint) IS
    'What an owner (above 0) had in each of its accounts right after a command, and how it came to that: number of '
    'changes, received, given, the balance, and the last command that changed it. In nanoTON.';

CREATE VIEW ledger.escrow AS
SELECT owner, coalesce(open_bids, 0) AS open_bids, coalesce(held, 0) AS held_nanoton,
    coalesce(bids_need, 0) AS bids_need_nanoton, coalesce(open_leases, 0) AS open_leases,
    coalesce(leased, 0) AS leased_nanoton, coalesce(leases_need, 0) AS leases_need_nanoton,
    coalesce(held, 0) - coalesce(bids_need, 0) + coalesce(leased, 0) - coalesce(leases_need, 0)
        AS difference_nanoton
FROM (
    SELECT owner, max(balance) FILTER (WHERE kind = 'held') AS held,
        max(balance) FILTER (WHERE kind = 'leased') AS leased
    FROM ledger.accounts WHERE owner > 0 GROUP BY owner
) AS balances FULL JOIN (
    SELECT owner, count(*) FILTER (WHERE kind = 'bid') AS open_bids,
        sum(locked_nanoton) FILTER (WHERE kind = 'bid') AS bids_need,
        count(*) FILTER (WHERE kind = 'lease') AS open_leases,
        sum(locked_nanoton) FILTER (WHERE kind = 'lease') AS leases_need
    FROM market.open_obligations GROUP BY owner
) AS obligations USING (owner);
COMMENT ON VIEW ledger.escrow IS
    'Owners'' locked money beside what it is locked for: open bids and open leases. Every difference is 0.';
COMMENT ON COLUMN ledger.escrow.owner IS 'market.accounts.account.';
COMMENT ON COLUMN ledger.escrow.open_bids IS 'Number of open bids.';
COMMENT ON COLUMN ledger.escrow.held_nanoton IS 'Balance of the owner''s account held.';
COMMENT ON COLUMN ledger.escrow.bids_need_nanoton IS 'Values and dearer fees of the open bids.';
COMMENT ON COLUMN ledger.escrow.open_leases IS 'Number of leases that the owner bought and that have not ended.';
COMMENT ON COLUMN ledger.escrow.leased_nanoton IS 'Balance of the owner''s account leased.';
COMMENT ON COLUMN ledger.escrow.leases_need_nanoton IS 'What the open leases still keep.';
COMMENT ON COLUMN ledger.escrow.difference_nanoton IS 'Locked less needed.';

CREATE VIEW market.turnover_by_day AS
SELECT day, m.name AS model, sum(trades) AS trades, sum(lots) AS lots, sum(value) AS value_nanoton,
    sum(buyer_fees) AS buyer_fees_nanoton, sum(seller_fees) AS seller_fees_nanoton, sum(collected) AS collected_nanoton
FROM (
    SELECT (at AT TIME ZONE 'UTC')::date AS day, model, model_version AS version, 1 AS trades, lots,
        market.value_of(price, lots) AS value, market.part_of(market.value_of(price, lots), buyer_bps) AS buyer_fees,
        market.part_of(market.value_of(price, lots), seller_bps) AS seller_fees, 0 AS collected
    FROM market.trades
    UNION ALL
    SELECT (f.at AT TIME ZONE 'UTC')::date, t.model, t.model_version, 0, 0, 0, 0, 0, f.amount
    FROM ledger.transfers f JOIN market.trades t ON t.trade = f.trade_id WHERE f.kind = 6
) AS parts LEFT JOIN market.models m USING (model, version)
GROUP BY day, m.name
ORDER BY day, m.name;
COMMENT ON VIEW market.turnover_by_day IS 'What was traded and what it brings in fees, by UTC day and model.';
COMMENT ON COLUMN market.turnover_by_day.day IS 'UTC; of the trade, and for collected_nanoton of the usage.';
COMMENT ON COLUMN market.turnover_by_day.model IS 'The model''s name.';
COMMENT ON COLUMN market.turnover_by_day.trades IS 'Number of trades.';
COMMENT ON COLUMN market.turnover_by_day.lots IS 'Lots of 1,000 adjusted tokens.';
COMMENT ON COLUMN market.turnover_by_day.value_nanoton IS 'Value without fees.';
COMMENT ON COLUMN market.turnover_by_day.buyer_fees_nanoton IS 'What buyers pay if all of it is used.';
COMMENT ON COLUMN market.turnover_by_day.seller_fees_nanoton IS 'What sellers pay if all of it is used.';
COMMENT ON COLUMN market.turnover_by_day.collected_nanoton IS 'Fees of both sides that were moved on this day.';

CREATE VIEW market.top_of_book AS
SELECT m.name AS model, w.name AS weight_set, o.price AS best_offer, o.lots AS offer_lots, o.orders AS offers,
    b.price AS best_bid, b.lots AS bid_lots, b.orders AS bids, o.price - b.price AS spread
FROM (SELECT DISTINCT ON (model) * FROM market.models ORDER BY model, version DESC) AS m
JOIN market.weight_sets w USING (weight_set)
LEFT JOIN LATERAL (
    SELECT price, sum(remaining)::bigint AS lots, count(*) AS orders
    FROM market.orders JOIN market.capability_classes c USING (class)
    WHERE close_reason IS NULL AND side = 1 AND c.model = m.model
    GROUP BY price ORDER BY price LIMIT 1
) AS o ON true
LEFT JOIN LATERAL (
    SELECT price, sum(remaining)::bigint AS lots, count(*) AS orders
    FROM market.orders JOIN market.requirement_profiles p USING (profile)
    WHERE close_reason IS NULL AND side = 2 AND p.weight_set = m.weight_set
        AND (p.models = '{}' OR m.model = ANY (p.models))
        AND (p.quality_min = 0 OR coalesce(m.quality, -1) >= p.quality_min)
        AND (m.context_length = 0 OR m.context_length >= p.context_length_min)
    GROUP BY price ORDER BY price DESC LIMIT 1
) AS b ON true
ORDER BY m.name;
COMMENT ON VIEW market.top_of_book IS
    'The best resting offer of every model, and the best resting bid that some offer of it could meet.';
COMMENT ON COLUMN market.top_of_book.model IS 'The model''s name, of its newest version.';
COMMENT ON COLUMN market.top_of_book.weight_set IS 'How its tokens count.';
COMMENT ON COLUMN market.top_of_book.best_offer IS 'nanoTON per 1,000,000 adjusted tokens; null without an offer.';
COMMENT ON COLUMN market.top_of_book.offer_lots IS 'Lots at that price.';
COMMENT ON COLUMN market.top_of_book.offers IS 'Offers at that price.';
COMMENT ON COLUMN market.top_of_book.best_bid IS 'nanoTON per 1,000,000 adjusted tokens; null without a bid.';
COMMENT ON COLUMN market.top_of_book.bid_lots IS 'Lots at that price.';
COMMENT ON COLUMN market.top_of_book.bids IS 'Bids at that price.';
COMMENT ON COLUMN market.top_of_book.spread IS
    'Best offer less best bid; may be negative when the bid demands what the offer cannot do.';

GRANT SELECT ON ledger.escrow, market.turnover_by_day, market.top_of_book TO bombyx_auditor;
