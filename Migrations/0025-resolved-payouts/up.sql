-- Payouts that the operator resolves where the chain contradicts their batch, and wallets that are retired.

INSERT INTO market.codes (field, code, name) VALUES
    ('rejection', 170, 'settlement_not_found'),
    ('rejection', 171, 'settlement_not_contested'),
    ('rejection', 172, 'payout_not_open'),
    ('rejection', 173, 'resolution_too_early'),
    ('rejection', 174, 'wallet_retired'),
    ('audit_action', 100, 'resolve_settlement'),
    ('audit_action', 101, 'retire_wallet'),
    ('withdrawal_state', 5, 'resolved'),
    ('payout_state', 5, 'resolved_paid'),
    ('payout_state', 6, 'resolved_unpaid');

INSERT INTO ledger.transfer_kinds VALUES
    (60, 'payout_resolved_paid', 'The operator has said that it was paid: in_settlement to operator_capital.'),
    (61, 'payout_resolved_unpaid', 'The operator has said that it was not paid: in_settlement to where it came from.');

COMMENT ON COLUMN settlement.batches.phase IS
    'signed, accepted, confirmed, burnt, failed, expired, contested or resolved.';

ALTER TABLE settlement.payouts ADD COLUMN reference text NOT NULL DEFAULT '';
COMMENT ON COLUMN settlement.payouts.reference IS
    'By what the operator knows what has become of it; empty unless he said so.';

ALTER TABLE settlement.wallets
    ADD COLUMN first_query bigint NOT NULL DEFAULT 0 CHECK (first_query >= 0),
    ADD COLUMN retired_by bigint;
COMMENT ON COLUMN settlement.wallets.first_query IS 'The place of the first query id that was given out.';
COMMENT ON COLUMN settlement.wallets.retired_by IS
    'The command since which it is in no plan and takes no new deposits; null while it is in use.';
