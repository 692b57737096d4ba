CREATE FUNCTION ledger.account_kind(account bigint) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE
        WHEN account < 16 THEN
            (ARRAY['chain', 'fees', 'suspense', 'network_costs', 'operator_capital'])[account]
        ELSE
            (ARRAY['available', 'held', 'leased', 'payable', 'in_settlement', 'bond'])[account % 16]
    END
$$;
COMMENT ON FUNCTION ledger.account_kind(bigint) IS
    'What the money of a ledger account is doing. Accounts are numbered owner * 16 + kind; owner 0 is the exchange.';

CREATE TABLE ledger.accounts (
    account bigint PRIMARY KEY,
    owner bigint NOT NULL GENERATED ALWAYS AS (account / 16) STORED,
    kind text NOT NULL GENERATED ALWAYS AS (ledger.account_kind(account)) STORED,
    debits numeric(39, 0) NOT NULL CHECK (debits >= 0),
    credits numeric(39, 0) NOT NULL CHECK (credits >= 0),
    balance bigint NOT NULL GENERATED ALWAYS AS
        ((CASE WHEN account IN (1, 4) THEN debits - credits ELSE credits - debits END)::bigint) STORED
        CHECK (balance >= 0)
) WITH (fillfactor = 50);

COMMENT ON TABLE ledger.accounts IS
    'Balances: the sums of ledger.transfers per account, as of projection.cursor. All amounts in nanoTON.';
COMMENT ON COLUMN ledger.accounts.account IS 'owner * 16 + number of the kind.';
COMMENT ON COLUMN ledger.accounts.owner IS 'market.accounts.account; 0 for the exchange itself.';
COMMENT ON COLUMN ledger.accounts.kind IS
    'Of an owner: available, held (for open bids), leased (traded, not yet used), payable (earned), in_settlement, '
    'bond. Of the exchange: chain (what its wallet holds), fees, suspense, network_costs, operator_capital.';
COMMENT ON COLUMN ledger.accounts.debits IS 'Sum of all debits ever.';
COMMENT ON COLUMN ledger.accounts.credits IS 'Sum of all credits ever.';
COMMENT ON COLUMN ledger.accounts.balance IS
    'credits - debits, and debits - credits for chain and network_costs. Never negative.';

CREATE TABLE ledger.transfer_kinds (
    kind smallint PRIMARY KEY,
    name text NOT NULL UNIQUE,
    meaning text NOT NULL
);
COMMENT ON TABLE ledger.transfer_kinds IS 'Why money moves. Numbers are never used again for something else.';
COMMENT ON COLUMN ledger.transfer_kinds.kind IS 'The number in ledger.transfers.kind.';
COMMENT ON COLUMN ledger.transfer_kinds.name IS 'The name in views and in the interface.';
COMMENT ON COLUMN ledger.transfer_kinds.meaning IS 'For people.';
INSERT INTO ledger.transfer_kinds VALUES
    (1, 'deposit', 'Money that arrived: chain to available, or to operator_capital.'),
    (2, 'hold', 'A bid was accepted: available to held.'),
    (3, 'trade', 'Value and buyer''s fee of a trade: held to leased.'),
    (4, 'release', 'What a hold no longer needs: held to available.'),
    (5, 'usage', 'Used tokens, less the worker''s fee: leased to payable.'),
    (6, 'fee', 'Both sides'' fees on used tokens: leased to fees.'),
    (7, 'refund', 'What a lease did not use: leased to available.');

CREATE TABLE ledger.transfers (
    sequence bigint NOT NULL,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    order_id bigint,
    trade_id bigint,
    at timestamptz NOT NULL,
    ordinal integer NOT NULL CHECK (ordinal >= 0),
    kind smallint NOT NULL,
    PRIMARY KEY (sequence, ordinal),
    CHECK (debit <> credit)
);
-- Two narrow indexes serve the statement of an owner. Most transfers stay with one owner (hold, trade, release) and
-- are in the first only; the exchange's own accounts are in neither.
CREATE INDEX transfers_by_debited_owner ON ledger.transfers ((debit / 16), sequence) WHERE debit >= 16;
CREATE INDEX transfers_by_credited_owner ON ledger.transfers ((credit / 16), sequence)
    WHERE credit >= 16 AND credit / 16 <> debit / 16;

COMMENT ON TABLE ledger.transfers IS
    'Every movement of money. Rows are only ever added. A transfer takes from one account what it gives to another.';
COMMENT ON COLUMN ledger.transfers.sequence IS 'The command that moved the money.';
COMMENT ON COLUMN ledger.transfers.debit IS 'The ledger account that the money leaves (ledger.accounts.account).';
COMMENT ON COLUMN ledger.transfers.credit IS 'The ledger account at which it arrives.';
COMMENT ON COLUMN ledger.transfers.amount IS 'nanoTON, above zero.';
COMMENT ON COLUMN ledger.transfers.order_id IS 'The order that caused it, if one did.';
COMMENT ON COLUMN ledger.transfers.trade_id IS 'The trade or lease that caused it, if one did.';
COMMENT ON COLUMN ledger.transfers.at IS 'The exchange''s time.';
COMMENT ON COLUMN ledger.transfers.ordinal IS 'Place among the events of the command, from 0.';
COMMENT ON COLUMN ledger.transfers.kind IS 'Why (ledger.transfer_kinds).';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transfers
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();

GRANT SELECT ON ledger.transfer_kinds TO bombyx_server;
GRANT SELECT, INSERT ON ledger.transfers TO bombyx_server;
GRANT SELECT, INSERT, UPDATE ON ledger.accounts TO bombyx_server;
