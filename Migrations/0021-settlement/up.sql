-- Settlement: money that enters and leaves by the chain.

INSERT INTO market.codes (field, code, name) VALUES
    ('rejection', 130, 'wallet_unknown'),
    ('rejection', 131, 'wallet_exists'),
    ('rejection', 132, 'wallet_limit'),
    ('rejection', 133, 'transaction_not_next'),
    ('rejection', 134, 'transaction_unbalanced'),
    ('rejection', 135, 'chain_time_behind'),
    ('rejection', 136, 'scan_incomplete'),
    ('rejection', 137, 'settlement_held'),
    ('rejection', 138, 'nothing_to_settle'),
    ('rejection', 139, 'wallet_balance_low'),
    ('rejection', 140, 'capital_below_reserve'),
    ('rejection', 141, 'query_ids_in_use'),
    ('rejection', 142, 'memo_taken'),
    ('rejection', 143, 'address_is_wallet'),
    ('rejection', 144, 'below_payout_minimum'),
    ('rejection', 145, 'withdrawal_day_limit'),
    ('rejection', 146, 'withdrawal_limit'),
    ('rejection', 147, 'address_limit'),
    ('rejection', 148, 'withdrawal_not_found'),
    ('rejection', 149, 'withdrawal_planned'),
    ('rejection', 150, 'approval_not_needed'),
    ('rejection', 151, 'suspense_not_found'),
    ('rejection', 152, 'settlement_limit'),
    ('audit_action', 40, 'register_wallet'),
    ('audit_action', 41, 'approve_withdrawal'),
    ('audit_action', 42, 'set_settlement_terms'),
    ('audit_action', 43, 'assign_suspense'),
    ('audit_action', 44, 'hold_settlement'),
    ('withdrawal_state', 1, 'requested'),
    ('withdrawal_state', 2, 'planned'),
    ('withdrawal_state', 3, 'paid'),
    ('withdrawal_state', 4, 'cancelled'),
    ('payout_state', 1, 'open'),
    ('payout_state', 2, 'paid'),
    ('payout_state', 3, 'requeued'),
    ('payout_state', 4, 'returned'),
    ('suspense_reason', 1, 'unknown_memo'),
    ('suspense_reason', 2, 'dust'),
    ('suspense_reason', 3, 'unknown_bounce'),
    ('suspense_reason', 4, 'unknown_message'),
    ('hold_reason', 1, 'operator'),
    ('hold_reason', 2, 'difference'),
    ('hold_reason', 3, 'contested'),
    ('hold_reason', 4, 'unattributed'),
    ('incoming_message', 1, 'external'),
    ('incoming_message', 2, 'own'),
    ('incoming_message', 3, 'deposit'),
    ('incoming_message', 4, 'bounced'),
    ('incoming_message', 5, 'other');

INSERT INTO ledger.transfer_kinds VALUES
    (40, 'wallet_opened', 'What a wallet had when it was registered: chain to operator_capital.'),
    (41, 'chain_deposit', 'A deposit by the chain with its owner''s memo: chain to available.'),
    (42, 'suspended', 'Money by the chain that is nobody''s yet: chain to suspense.'),
    (43, 'suspense_assigned', 'Money of nobody that is somebody''s: suspense to available or operator_capital.'),
    (44, 'withdrawal', 'Money that is to go to the chain: available to in_settlement.'),
    (45, 'withdrawal_cancelled', 'A withdrawal that was taken back: in_settlement to available.'),
    (46, 'payout_planned', 'What was earned is in a batch: payable to in_settlement.'),
    (47, 'payout', 'The chain has shown that it was paid: in_settlement to chain.'),
    (48, 'payout_fee', 'What a payee bears of the costs: in_settlement to fees.'),
    (49, 'payout_requeued', 'What was earned was not and cannot be paid: in_settlement to payable.'),
    (50, 'payout_returned', 'A payout came back: chain to where it came from.'),
    (51, 'network_cost', 'What a transaction of a wallet cost: network_costs to chain.'),
    (52, 'unattributed', 'What a wallet sent without a batch: network_costs to chain.');

CREATE SCHEMA settlement;
COMMENT ON SCHEMA settlement IS 'Money that enters and leaves by the chain: wallets, deposits, withdrawals, payouts.';
GRANT USAGE ON SCHEMA settlement TO bombyx_server, bombyx_auditor;
ALTER DEFAULT PRIVILEGES IN SCHEMA settlement GRANT SELECT ON TABLES TO bombyx_auditor;

CREATE TABLE settlement.terms (
    sequence bigint PRIMARY KEY,
    payout_minimum bigint NOT NULL,
    wallet_reserve bigint NOT NULL,
    capital_reserve bigint NOT NULL,
    account_day_max bigint NOT NULL,
    approval_threshold bigint NOT NULL,
    cooling_off_us bigint NOT NULL,
    dust_limit bigint NOT NULL,
    payee_fee bigint NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE settlement.terms IS 'How money is settled; the newest row holds.';
COMMENT ON COLUMN settlement.terms.sequence IS 'The command that set it.';
COMMENT ON COLUMN settlement.terms.payout_minimum IS 'The smallest payout in nanoTON.';
COMMENT ON COLUMN settlement.terms.wallet_reserve IS 'What stays in each wallet, in nanoTON.';
COMMENT ON COLUMN settlement.terms.capital_reserve IS
    'Below this much capital and fees less costs nothing is planned, in nanoTON.';
COMMENT ON COLUMN settlement.terms.account_day_max IS 'What an account may withdraw in a day of UTC, in nanoTON.';
COMMENT ON COLUMN settlement.terms.approval_threshold IS
    'From this amount on a withdrawal waits for the operator, in nanoTON.';
COMMENT ON COLUMN settlement.terms.cooling_off_us IS 'Microseconds for which nothing goes to a new address.';
COMMENT ON COLUMN settlement.terms.dust_limit IS 'Deposits below this are nobody''s, in nanoTON.';
COMMENT ON COLUMN settlement.terms.payee_fee IS 'What a payee bears of a payout''s costs, in nanoTON; 0 for nothing.';
COMMENT ON COLUMN settlement.terms.at IS 'The exchange''s time.';

CREATE TABLE settlement.holds (
    sequence bigint PRIMARY KEY,
    reason smallint NOT NULL,
    since timestamptz NOT NULL,
    wallet bigint,
    logical_time bigint NOT NULL,
    expected bigint NOT NULL,
    found bigint NOT NULL,
    note text NOT NULL,
    resumed_at timestamptz
);
COMMENT ON TABLE settlement.holds IS 'When nothing was planned, and why; one without an end is now.';
COMMENT ON COLUMN settlement.holds.sequence IS 'The command with which it began.';
COMMENT ON COLUMN settlement.holds.reason IS 'See market.codes, hold_reason.';
COMMENT ON COLUMN settlement.holds.since IS 'The exchange''s time.';
COMMENT ON COLUMN settlement.holds.wallet IS 'The wallet that showed it; null when the operator said so.';
COMMENT ON COLUMN settlement.holds.logical_time IS 'Of the transaction that showed it; 0 when the operator said so.';
COMMENT ON COLUMN settlement.holds.expected IS 'Of a difference: what the wallet should have, in nanoTON.';
COMMENT ON COLUMN settlement.holds.found IS 'Of a difference: what it has, in nanoTON.';
COMMENT ON COLUMN settlement.holds.note IS 'What the operator said.';
COMMENT ON COLUMN settlement.holds.resumed_at IS 'When the operator ended it; null while it lasts.';

CREATE TABLE settlement.wallets (
    wallet bigint PRIMARY KEY,
    address bytea NOT NULL UNIQUE CHECK (length(address) = 32),
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    subwallet bigint NOT NULL,
    timeout_s bigint NOT NULL,
    start_logical_time bigint NOT NULL,
    start_hash bytea NOT NULL,
    start_time_s bigint NOT NULL,
    start_balance bigint NOT NULL CHECK (start_balance >= 0),
    registered bigint NOT NULL,
    last_logical_time bigint NOT NULL,
    last_hash bytea NOT NULL,
    balance bigint NOT NULL CHECK (balance >= 0),
    scanned_to_s bigint NOT NULL,
    queries bigint NOT NULL,
    unexplained bigint NOT NULL
);
COMMENT ON TABLE settlement.wallets IS 'Wallets from which the exchange pays, and how far their histories are known.';
COMMENT ON COLUMN settlement.wallets.wallet IS 'Its number, from 1 without gaps.';
COMMENT ON COLUMN settlement.wallets.address IS 'Its address in the base chain.';
COMMENT ON COLUMN settlement.wallets.public_key IS 'Its Ed25519 key.';
COMMENT ON COLUMN settlement.wallets.subwallet IS 'Its number among the wallets of the key.';
COMMENT ON COLUMN settlement.wallets.timeout_s IS 'Seconds for which it takes a message.';
COMMENT ON COLUMN settlement.wallets.start_logical_time IS 'Of the last transaction before it was registered.';
COMMENT ON COLUMN settlement.wallets.start_hash IS 'Of the last transaction before it was registered.';
COMMENT ON COLUMN settlement.wallets.start_time_s IS 'The time of the chain then, in seconds since 1970.';
COMMENT ON COLUMN settlement.wallets.start_balance IS 'What it had then, in nanoTON.';
COMMENT ON COLUMN settlement.wallets.registered IS 'The command that registered it.';
COMMENT ON COLUMN settlement.wallets.last_logical_time IS 'Of its last transaction that is known.';
COMMENT ON COLUMN settlement.wallets.last_hash IS 'Of its last transaction that is known.';
COMMENT ON COLUMN settlement.wallets.balance IS 'What it has after that, in nanoTON.';
COMMENT ON COLUMN settlement.wallets.scanned_to_s IS
    'Nothing is missing until then: the time of the chain in seconds since 1970.';
COMMENT ON COLUMN settlement.wallets.queries IS 'Query ids that were given out.';
COMMENT ON COLUMN settlement.wallets.unexplained IS
    'The logical time of a transaction that does not explain the balance; 0 for none.';

CREATE TABLE settlement.query_sets (
    wallet bigint NOT NULL,
    number bigint NOT NULL,
    used_at_s bigint NOT NULL,
    PRIMARY KEY (wallet, number)
);
COMMENT ON TABLE settlement.query_sets IS 'When the sets of 1,023 query ids of the wallets were last used.';
COMMENT ON COLUMN settlement.query_sets.wallet IS 'The wallet.';
COMMENT ON COLUMN settlement.query_sets.number IS 'The set, from 0.';
COMMENT ON COLUMN settlement.query_sets.used_at_s IS 'The time of the chain, in seconds since 1970.';

CREATE TABLE settlement.transits (
    sequence bigint NOT NULL,
    index bigint NOT NULL,
    wallet bigint NOT NULL,
    message bytea NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (sequence, index)
);
COMMENT ON TABLE settlement.transits IS 'Money that wallets have sent themselves and have not got yet.';
COMMENT ON COLUMN settlement.transits.sequence IS 'The command that told that it was sent.';
COMMENT ON COLUMN settlement.transits.index IS 'Its place in the transaction, from 0.';
COMMENT ON COLUMN settlement.transits.wallet IS 'The wallet.';
COMMENT ON COLUMN settlement.transits.message IS 'Hash of the message.';
COMMENT ON COLUMN settlement.transits.amount IS 'nanoTON.';

CREATE TABLE settlement.deposit_memos (
    sequence bigint PRIMARY KEY,
    account bigint NOT NULL UNIQUE,
    memo text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE settlement.deposit_memos IS 'By which comment a deposit is known to be an account''s.';
COMMENT ON COLUMN settlement.deposit_memos.sequence IS 'The command that opened it.';
COMMENT ON COLUMN settlement.deposit_memos.account IS 'Whose deposits they are.';
COMMENT ON COLUMN settlement.deposit_memos.memo IS 'Ten characters of Crockford''s base 32.';
COMMENT ON COLUMN settlement.deposit_memos.created_at IS 'The exchange''s time.';

CREATE TABLE settlement.addresses (
    sequence bigint PRIMARY KEY,
    account bigint NOT NULL,
    address bytea NOT NULL CHECK (length(address) = 32),
    usable_at timestamptz NOT NULL,
    UNIQUE (account, address)
);
COMMENT ON TABLE settlement.addresses IS 'Addresses that accounts have named.';
COMMENT ON COLUMN settlement.addresses.sequence IS 'The command that named it first.';
COMMENT ON COLUMN settlement.addresses.account IS 'Who named it.';
COMMENT ON COLUMN settlement.addresses.address IS 'In the base chain.';
COMMENT ON COLUMN settlement.addresses.usable_at IS 'Nothing goes there earlier.';

CREATE TABLE settlement.payout_terms (
    account bigint PRIMARY KEY,
    address bytea NOT NULL CHECK (length(address) = 32),
    bounceable boolean NOT NULL,
    threshold bigint NOT NULL CHECK (threshold > 0),
    set_at timestamptz NOT NULL,
    usable_at timestamptz NOT NULL,
    suspended boolean NOT NULL
);
COMMENT ON TABLE settlement.payout_terms IS
    'Where, and from which sum on, what an account has earned is paid out by itself.';
COMMENT ON COLUMN settlement.payout_terms.account IS 'Whose it is.';
COMMENT ON COLUMN settlement.payout_terms.address IS 'In the base chain.';
COMMENT ON COLUMN settlement.payout_terms.bounceable IS
    'Whether it is to come back when the address does not take it.';
COMMENT ON COLUMN settlement.payout_terms.threshold IS 'From this sum on, in nanoTON.';
COMMENT ON COLUMN settlement.payout_terms.set_at IS 'The exchange''s time.';
COMMENT ON COLUMN settlement.payout_terms.usable_at IS 'Nothing goes there earlier.';
COMMENT ON COLUMN settlement.payout_terms.suspended IS 'A payout came back from there.';

CREATE TABLE settlement.withdrawals (
    id bigint PRIMARY KEY,
    account bigint NOT NULL,
    address bytea NOT NULL CHECK (length(address) = 32),
    bounceable boolean NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    comment text NOT NULL,
    fee bigint NOT NULL CHECK (fee >= 0 AND fee < amount),
    requested_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    needs_approval boolean NOT NULL,
    approved_by bigint,
    state smallint NOT NULL,
    batch bigint,
    payout_index bigint
);
COMMENT ON TABLE settlement.withdrawals IS 'Money that owners want on the chain.';
COMMENT ON COLUMN settlement.withdrawals.id IS 'The command that requested it.';
COMMENT ON COLUMN settlement.withdrawals.account IS 'Whose money it is.';
COMMENT ON COLUMN settlement.withdrawals.address IS 'In the base chain.';
COMMENT ON COLUMN settlement.withdrawals.bounceable IS
    'Whether it is to come back when the address does not take it.';
COMMENT ON COLUMN settlement.withdrawals.amount IS 'nanoTON that left the account.';
COMMENT ON COLUMN settlement.withdrawals.comment IS 'For the receiver.';
COMMENT ON COLUMN settlement.withdrawals.fee IS 'What of it the exchange keeps for the costs, in nanoTON.';
COMMENT ON COLUMN settlement.withdrawals.requested_at IS 'The exchange''s time.';
COMMENT ON COLUMN settlement.withdrawals.due_at IS 'It is in no batch before.';
COMMENT ON COLUMN settlement.withdrawals.needs_approval IS 'Whether the operator must approve it.';
COMMENT ON COLUMN settlement.withdrawals.approved_by IS 'The command that approved it; null for none.';
COMMENT ON COLUMN settlement.withdrawals.state IS 'See market.codes, withdrawal_state.';
COMMENT ON COLUMN settlement.withdrawals.batch IS 'The batch of its newest payout; null before the first.';
COMMENT ON COLUMN settlement.withdrawals.payout_index IS 'Its place in the batch; null before the first.';

CREATE TABLE settlement.withdrawal_days (
    account bigint PRIMARY KEY,
    day bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0)
);
COMMENT ON TABLE settlement.withdrawal_days IS 'What accounts have withdrawn on their last day with a withdrawal.';
COMMENT ON COLUMN settlement.withdrawal_days.account IS 'Whose it is.';
COMMENT ON COLUMN settlement.withdrawal_days.day IS 'Days of UTC since 1970.';
COMMENT ON COLUMN settlement.withdrawal_days.amount IS 'nanoTON.';

CREATE TABLE settlement.batches (
    id bigint PRIMARY KEY,
    wallet bigint NOT NULL,
    phase text NOT NULL,
    place bigint NOT NULL,
    created_at_s bigint NOT NULL,
    timeout_s bigint NOT NULL,
    value bigint NOT NULL,
    planned_at timestamptz NOT NULL,
    outside_logical_time bigint,
    outside_hash bytea,
    own_message bytea,
    inside_logical_time bigint,
    inside_hash bytea,
    block bigint NOT NULL,
    decided_at_s bigint,
    code bigint NOT NULL,
    ended boolean NOT NULL
);
COMMENT ON TABLE settlement.batches IS 'Payouts that one message carries.';
COMMENT ON COLUMN settlement.batches.id IS 'The command that planned it.';
COMMENT ON COLUMN settlement.batches.wallet IS 'The wallet that pays.';
COMMENT ON COLUMN settlement.batches.phase IS 'signed, accepted, confirmed, burnt, failed, expired or contested.';
COMMENT ON COLUMN settlement.batches.place IS 'Of the query id, in the order in which they are used.';
COMMENT ON COLUMN settlement.batches.created_at_s IS
    'Time of the message by the chain''s clock, in seconds since 1970.';
COMMENT ON COLUMN settlement.batches.timeout_s IS 'Seconds for which the wallet takes it.';
COMMENT ON COLUMN settlement.batches.value IS 'What the wallet sends itself, in nanoTON.';
COMMENT ON COLUMN settlement.batches.planned_at IS 'The exchange''s time.';
COMMENT ON COLUMN settlement.batches.outside_logical_time IS
    'Of the transaction with which the wallet took the message; null before.';
COMMENT ON COLUMN settlement.batches.outside_hash IS 'Of that transaction; null before.';
COMMENT ON COLUMN settlement.batches.own_message IS 'Hash of the message that the wallet sent itself; null before.';
COMMENT ON COLUMN settlement.batches.inside_logical_time IS
    'Of the transaction with which the wallet paid; null before.';
COMMENT ON COLUMN settlement.batches.inside_hash IS 'Of that transaction; null before.';
COMMENT ON COLUMN settlement.batches.block IS
    'Block of the masterchain with which the last of both is final; 0 before.';
COMMENT ON COLUMN settlement.batches.decided_at_s IS
    'The chain''s clock at the verdict, in seconds since 1970; null before.';
COMMENT ON COLUMN settlement.batches.code IS 'Of a failure; 0 for none.';
COMMENT ON COLUMN settlement.batches.ended IS 'Whether nothing can come of it any more.';

CREATE TABLE settlement.payouts (
    batch bigint NOT NULL,
    index bigint NOT NULL,
    account bigint NOT NULL,
    withdrawal bigint,
    address bytea NOT NULL CHECK (length(address) = 32),
    bounceable boolean NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    fee bigint NOT NULL CHECK (fee >= 0),
    comment text NOT NULL,
    state smallint NOT NULL,
    message bytea,
    returned bigint NOT NULL CHECK (returned >= 0),
    PRIMARY KEY (batch, index)
);
COMMENT ON TABLE settlement.payouts IS 'Money that goes to an address with a batch.';
COMMENT ON COLUMN settlement.payouts.batch IS 'The batch.';
COMMENT ON COLUMN settlement.payouts.index IS 'Its place in the batch, from 0.';
COMMENT ON COLUMN settlement.payouts.account IS 'Whose money it is.';
COMMENT ON COLUMN settlement.payouts.withdrawal IS 'The withdrawal; null for what the account has earned.';
COMMENT ON COLUMN settlement.payouts.address IS 'In the base chain.';
COMMENT ON COLUMN settlement.payouts.bounceable IS 'Whether it is to come back when the address does not take it.';
COMMENT ON COLUMN settlement.payouts.amount IS 'What arrives, in nanoTON.';
COMMENT ON COLUMN settlement.payouts.fee IS 'What the exchange keeps beside it for the costs, in nanoTON.';
COMMENT ON COLUMN settlement.payouts.comment IS 'For the receiver.';
COMMENT ON COLUMN settlement.payouts.state IS 'See market.codes, payout_state.';
COMMENT ON COLUMN settlement.payouts.message IS 'Hash of the message that paid it; null before.';
COMMENT ON COLUMN settlement.payouts.returned IS 'What came back, in nanoTON.';

CREATE TABLE settlement.suspense (
    id bigint PRIMARY KEY,
    wallet bigint NOT NULL,
    reason smallint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    source bytea,
    comment bytea,
    arrived_at timestamptz NOT NULL,
    assigned_to bigint
);
COMMENT ON TABLE settlement.suspense IS 'Money that arrived and was nobody''s.';
COMMENT ON COLUMN settlement.suspense.id IS 'The command with which it arrived.';
COMMENT ON COLUMN settlement.suspense.wallet IS 'The wallet that got it.';
COMMENT ON COLUMN settlement.suspense.reason IS 'See market.codes, suspense_reason.';
COMMENT ON COLUMN settlement.suspense.amount IS 'nanoTON.';
COMMENT ON COLUMN settlement.suspense.source IS 'Whom it came from; null if that is unknown.';
COMMENT ON COLUMN settlement.suspense.comment IS 'The comment as it came, which may have a zero byte; null for none.';
COMMENT ON COLUMN settlement.suspense.arrived_at IS 'The exchange''s time.';
COMMENT ON COLUMN settlement.suspense.assigned_to IS 'Whose it is, 0 for the operator; null while it is nobody''s.';

CREATE TABLE settlement.wallet_transactions (
    sequence bigint PRIMARY KEY,
    wallet bigint NOT NULL,
    logical_time bigint NOT NULL,
    hash bytea NOT NULL,
    previous_logical_time bigint NOT NULL,
    previous_hash bytea NOT NULL,
    time_s bigint NOT NULL,
    block bigint NOT NULL,
    fee bigint NOT NULL,
    balance bigint NOT NULL,
    incoming smallint NOT NULL,
    amount bigint NOT NULL,
    place bigint,
    created_at_s bigint,
    message bytea,
    source bytea,
    comment bytea,
    sent_amounts bigint[] NOT NULL,
    sent_addresses bytea NOT NULL,
    sent_messages bytea NOT NULL,
    code bigint NOT NULL,
    skipped bigint NOT NULL,
    UNIQUE (wallet, logical_time)
);
COMMENT ON TABLE settlement.wallet_transactions IS 'Every transaction of every wallet.';
COMMENT ON COLUMN settlement.wallet_transactions.sequence IS 'The command that told it.';
COMMENT ON COLUMN settlement.wallet_transactions.wallet IS 'The wallet.';
COMMENT ON COLUMN settlement.wallet_transactions.logical_time IS 'Its place in the order of everything.';
COMMENT ON COLUMN settlement.wallet_transactions.hash IS 'Its hash.';
COMMENT ON COLUMN settlement.wallet_transactions.previous_logical_time IS
    'Of the transaction of the wallet before it.';
COMMENT ON COLUMN settlement.wallet_transactions.previous_hash IS 'Of the transaction of the wallet before it.';
COMMENT ON COLUMN settlement.wallet_transactions.time_s IS 'The chain''s clock, in seconds since 1970.';
COMMENT ON COLUMN settlement.wallet_transactions.block IS 'The block of the masterchain with which it is final.';
COMMENT ON COLUMN settlement.wallet_transactions.fee IS 'What the wallet has paid for it, in nanoTON.';
COMMENT ON COLUMN settlement.wallet_transactions.balance IS 'What the wallet has then, in nanoTON.';
COMMENT ON COLUMN settlement.wallet_transactions.incoming IS 'See market.codes, incoming_message.';
COMMENT ON COLUMN settlement.wallet_transactions.amount IS 'What came with it, in nanoTON.';
COMMENT ON COLUMN settlement.wallet_transactions.place IS
    'Of the query id of a message from outside; null for any other.';
COMMENT ON COLUMN settlement.wallet_transactions.created_at_s IS
    'Time of a message from outside; null for any other.';
COMMENT ON COLUMN settlement.wallet_transactions.message IS
    'Hash of the message that the wallet sent itself, or that came back; null for any other.';
COMMENT ON COLUMN settlement.wallet_transactions.source IS 'Whom a deposit came from; null for any other.';
COMMENT ON COLUMN settlement.wallet_transactions.comment IS 'The comment of a deposit as it came; null for none.';
COMMENT ON COLUMN settlement.wallet_transactions.sent_amounts IS 'nanoTON of the messages that it sent.';
COMMENT ON COLUMN settlement.wallet_transactions.sent_addresses IS 'Their addresses, 32 bytes each.';
COMMENT ON COLUMN settlement.wallet_transactions.sent_messages IS 'Their hashes, 32 bytes each.';
COMMENT ON COLUMN settlement.wallet_transactions.code IS '0 only if everything was carried out.';
COMMENT ON COLUMN settlement.wallet_transactions.skipped IS 'Actions that were left out.';

CREATE TABLE settlement.chain_deposits (
    sequence bigint PRIMARY KEY,
    account bigint NOT NULL,
    wallet bigint NOT NULL,
    logical_time bigint NOT NULL,
    hash bytea NOT NULL,
    source bytea NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    memo text NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE settlement.chain_deposits IS 'Deposits by the chain that were somebody''s at once.';
COMMENT ON COLUMN settlement.chain_deposits.sequence IS 'The command with which it arrived.';
COMMENT ON COLUMN settlement.chain_deposits.account IS 'Whose it is.';
COMMENT ON COLUMN settlement.chain_deposits.wallet IS 'The wallet that got it.';
COMMENT ON COLUMN settlement.chain_deposits.logical_time IS 'Of the transaction.';
COMMENT ON COLUMN settlement.chain_deposits.hash IS 'Of the transaction.';
COMMENT ON COLUMN settlement.chain_deposits.source IS 'Whom it came from.';
COMMENT ON COLUMN settlement.chain_deposits.amount IS 'nanoTON.';
COMMENT ON COLUMN settlement.chain_deposits.memo IS 'The memo that it came with.';
COMMENT ON COLUMN settlement.chain_deposits.at IS 'The exchange''s time.';

CREATE INDEX withdrawals_by_account ON settlement.withdrawals (account, id);
CREATE INDEX withdrawals_open ON settlement.withdrawals (id) WHERE state IN (1, 2);
CREATE INDEX batches_open ON settlement.batches (id) WHERE NOT ended;
CREATE INDEX payouts_by_account ON settlement.payouts (account, batch, index);
CREATE INDEX payouts_by_withdrawal ON settlement.payouts (withdrawal) WHERE withdrawal IS NOT NULL;
CREATE INDEX suspense_open ON settlement.suspense (id) WHERE assigned_to IS NULL;
CREATE INDEX chain_deposits_by_account ON settlement.chain_deposits (account, sequence);

GRANT SELECT, INSERT ON settlement.wallet_transactions TO bombyx_server;
GRANT SELECT, INSERT, UPDATE ON settlement.terms, settlement.holds, settlement.wallets, settlement.query_sets,
    settlement.deposit_memos, settlement.addresses, settlement.withdrawals, settlement.withdrawal_days,
    settlement.batches, settlement.payouts, settlement.suspense, settlement.chain_deposits TO bombyx_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON settlement.payout_terms, settlement.transits TO bombyx_server;

-- Views -------------------------------------------------------------------------------------------------------------

CREATE VIEW settlement.state AS
SELECT w.wallet, w.balance,
    coalesce((SELECT sum(amount) FROM settlement.transits t WHERE t.wallet = w.wallet), 0)::bigint AS in_transit,
    (SELECT count(*) FROM settlement.batches b WHERE b.wallet = w.wallet AND b.decided_at_s IS NULL)
        AS batches_in_flight,
    (SELECT min(b.planned_at) FROM settlement.batches b WHERE b.wallet = w.wallet AND b.decided_at_s IS NULL)
        AS oldest_batch,
    (SELECT count(*) FROM settlement.batches b WHERE b.wallet = w.wallet AND b.phase = 'contested') AS contested,
    to_timestamp(w.scanned_to_s) AS scanned_to,
    (SELECT market.code_name('hold_reason', h.reason) FROM settlement.holds h WHERE h.resumed_at IS NULL) AS held
FROM settlement.wallets w;
COMMENT ON VIEW settlement.state IS 'How settlement stands, wallet by wallet.';
COMMENT ON COLUMN settlement.state.wallet IS 'The wallet.';
COMMENT ON COLUMN settlement.state.balance IS 'What it has by its history, in nanoTON.';
COMMENT ON COLUMN settlement.state.in_transit IS 'What it has sent itself and has not got yet, in nanoTON.';
COMMENT ON COLUMN settlement.state.batches_in_flight IS 'Batches without a verdict.';
COMMENT ON COLUMN settlement.state.oldest_batch IS 'When the oldest of them was planned; null for none.';
COMMENT ON COLUMN settlement.state.contested IS 'Batches that somebody must look at.';
COMMENT ON COLUMN settlement.state.scanned_to IS 'The chain''s time until which nothing is missing.';
COMMENT ON COLUMN settlement.state.held IS 'Why nothing is planned; null when all is well.';

CREATE VIEW settlement.open_payouts AS
SELECT 's' || p.batch || '.' || p.index AS payout, 'a' || p.account AS account, 'w' || p.withdrawal AS withdrawal,
    encode(p.address, 'hex') AS address, p.amount, p.fee, b.phase, b.planned_at
FROM settlement.payouts p JOIN settlement.batches b ON b.id = p.batch WHERE p.state = 1;
COMMENT ON VIEW settlement.open_payouts IS 'Payouts without a verdict of the chain.';
COMMENT ON COLUMN settlement.open_payouts.payout IS 'The payout, as the interface names it.';
COMMENT ON COLUMN settlement.open_payouts.account IS 'Whose money it is.';
COMMENT ON COLUMN settlement.open_payouts.withdrawal IS 'The withdrawal; null for what the account has earned.';
COMMENT ON COLUMN settlement.open_payouts.address IS 'In the base chain, in hexadecimal digits.';
COMMENT ON COLUMN settlement.open_payouts.amount IS 'What is to arrive, in nanoTON.';
COMMENT ON COLUMN settlement.open_payouts.fee IS 'What the exchange keeps, in nanoTON.';
COMMENT ON COLUMN settlement.open_payouts.phase IS 'How far its batch is.';
COMMENT ON COLUMN settlement.open_payouts.planned_at IS 'Since when.';

CREATE VIEW settlement.payouts_by_day AS
SELECT (to_timestamp(b.decided_at_s) AT TIME ZONE 'UTC')::date AS day, count(*) AS payouts,
    count(DISTINCT p.batch) AS batches, sum(p.amount) AS amount, sum(p.fee) AS fees, sum(p.returned) AS returned
FROM settlement.payouts p JOIN settlement.batches b ON b.id = p.batch WHERE p.state IN (2, 4) GROUP BY 1;
COMMENT ON VIEW settlement.payouts_by_day IS 'What was paid on each day of UTC, by the chain''s clock.';
COMMENT ON COLUMN settlement.payouts_by_day.day IS 'The day.';
COMMENT ON COLUMN settlement.payouts_by_day.payouts IS 'Payouts.';
COMMENT ON COLUMN settlement.payouts_by_day.batches IS 'Batches that carried them.';
COMMENT ON COLUMN settlement.payouts_by_day.amount IS 'What arrived, in nanoTON.';
COMMENT ON COLUMN settlement.payouts_by_day.fees IS 'What the exchange kept, in nanoTON.';
COMMENT ON COLUMN settlement.payouts_by_day.returned IS 'What came back since, in nanoTON.';

CREATE VIEW settlement.open_suspense AS
SELECT 'u' || s.id AS entry, s.wallet, market.code_name('suspense_reason', s.reason) AS reason, s.amount,
    encode(s.source, 'hex') AS source, s.comment, s.arrived_at
FROM settlement.suspense s WHERE s.assigned_to IS NULL;
COMMENT ON VIEW settlement.open_suspense IS 'Money that is nobody''s.';
COMMENT ON COLUMN settlement.open_suspense.entry IS 'The entry, as the interface names it.';
COMMENT ON COLUMN settlement.open_suspense.wallet IS 'The wallet that got it.';
COMMENT ON COLUMN settlement.open_suspense.reason IS 'Why it is nobody''s.';
COMMENT ON COLUMN settlement.open_suspense.amount IS 'nanoTON.';
COMMENT ON COLUMN settlement.open_suspense.source IS
    'Whom it came from, in hexadecimal digits; null if that is unknown.';
COMMENT ON COLUMN settlement.open_suspense.comment IS 'The comment as it came; null for none.';
COMMENT ON COLUMN settlement.open_suspense.arrived_at IS 'The exchange''s time.';

CREATE VIEW settlement.reconciliation AS
SELECT wallets, in_transit, by_hand, ledger, wallets + in_transit + by_hand - ledger AS difference
FROM (
    SELECT (SELECT coalesce(sum(balance), 0) FROM settlement.wallets) AS wallets,
        (SELECT coalesce(sum(amount), 0) FROM settlement.transits) AS in_transit,
        (SELECT coalesce(sum(amount), 0) FROM ledger.transfers WHERE kind = 1) AS by_hand,
        (SELECT coalesce(sum(balance), 0) FROM ledger.accounts WHERE account = 1) AS ledger
) AS sums;
COMMENT ON VIEW settlement.reconciliation IS 'Whether the chain and the ledger agree, to the nanoTON.';
COMMENT ON COLUMN settlement.reconciliation.wallets IS 'What all wallets have by their histories, in nanoTON.';
COMMENT ON COLUMN settlement.reconciliation.in_transit IS 'What they have sent themselves, in nanoTON.';
COMMENT ON COLUMN settlement.reconciliation.by_hand IS 'Deposits that the operator has booked by hand, in nanoTON.';
COMMENT ON COLUMN settlement.reconciliation.ledger IS 'What the ledger says that the exchange has, in nanoTON.';
COMMENT ON COLUMN settlement.reconciliation.difference IS 'nanoTON; 0 when all is well.';

GRANT SELECT ON settlement.state, settlement.open_payouts, settlement.payouts_by_day, settlement.open_suspense,
    settlement.reconciliation TO bombyx_server, bombyx_auditor;

-- Rules -------------------------------------------------------------------------------------------------------------

ALTER VIEW ledger.invariants RENAME TO trading_invariants;
COMMENT ON VIEW ledger.trading_invariants IS 'The rules of ledger.invariants but those of settlement.';

CREATE VIEW ledger.invariants AS
SELECT name, violations FROM ledger.trading_invariants
UNION ALL
SELECT name, violations FROM (
    SELECT 80 AS number, 'money in settlement is that of withdrawals and open payouts' AS name, (
        SELECT count(*)
        FROM (SELECT * FROM ledger.accounts WHERE kind = 'in_settlement') AS a
            FULL JOIN (
                SELECT account * 16 + 5 AS account, sum(amount) AS amount FROM (
                    SELECT account, amount FROM settlement.withdrawals WHERE state = 1
                    UNION ALL SELECT account, amount + fee FROM settlement.payouts WHERE state = 1
                ) AS owed GROUP BY 1) AS o USING (account)
        WHERE coalesce(a.balance, 0) <> coalesce(o.amount, 0)) AS violations
    UNION ALL SELECT 81, 'the money of nobody is the sum of its entries', (
        SELECT count(*) FROM (SELECT coalesce(sum(balance), 0) AS balance FROM ledger.accounts WHERE account = 3) AS a,
            (SELECT coalesce(sum(amount), 0) AS amount FROM settlement.suspense WHERE assigned_to IS NULL) AS s
        WHERE a.balance <> s.amount)
    UNION ALL SELECT 82, 'wallets and what was booked by hand are what the ledger says that the chain has', (
        SELECT count(*) FROM settlement.reconciliation WHERE difference <> 0)
    UNION ALL SELECT 83, 'every payout that is paid was sent by the transaction of its batch', (
        SELECT count(*)
        FROM settlement.payouts p JOIN settlement.batches b ON b.id = p.batch
            LEFT JOIN settlement.wallet_transactions t ON t.wallet = b.wallet
                AND t.logical_time = b.inside_logical_time
        WHERE p.state IN (2, 4) AND (t.sent_amounts[p.index + 1] = p.amount
            AND substring(t.sent_messages FROM 1 + 32 * p.index::integer FOR 32) = p.message
            AND substring(t.sent_addresses FROM 1 + 32 * p.index::integer FOR 32) = p.address) IS NOT TRUE)
    UNION ALL SELECT 84, 'every message of a batch that is paid is a payout', (
        SELECT count(*)
        FROM settlement.batches b
            LEFT JOIN settlement.wallet_transactions t ON t.wallet = b.wallet
                AND t.logical_time = b.inside_logical_time
        WHERE b.phase = 'confirmed' AND cardinality(t.sent_amounts) IS DISTINCT FROM
            (SELECT count(*) FROM settlement.payouts p WHERE p.batch = b.id AND p.state IN (2, 4)))
    UNION ALL SELECT 85, 'a payout waits for a verdict as long as its batch does', (
        SELECT count(*) FROM settlement.payouts p LEFT JOIN settlement.batches b ON b.id = p.batch
        WHERE (p.state = 1) IS DISTINCT FROM (b.phase IN ('signed', 'accepted'))
            AND b.phase IS DISTINCT FROM 'contested')
    UNION ALL SELECT 86, 'a withdrawal is paid once, or not at all', (
        SELECT count(*)
        FROM settlement.withdrawals w LEFT JOIN (
            SELECT withdrawal, count(*) FILTER (WHERE state IN (2, 4)) AS paid,
                count(*) FILTER (WHERE state = 1) AS open
            FROM settlement.payouts GROUP BY 1) AS p ON p.withdrawal = w.id
        WHERE coalesce(p.paid, 0) <> CASE WHEN w.state = 3 THEN 1 ELSE 0 END
            OR coalesce(p.open, 0) <> CASE WHEN w.state = 2 THEN 1 ELSE 0 END)
    UNION ALL SELECT 87, 'the transactions of a wallet follow each other without gaps', (
        SELECT count(*)
        FROM (SELECT t.*, lag(logical_time) OVER w AS last, lag(hash) OVER w AS last_hash
            FROM settlement.wallet_transactions t WINDOW w AS (PARTITION BY wallet ORDER BY logical_time)) AS t
            JOIN settlement.wallets w USING (wallet)
        WHERE t.previous_logical_time <> coalesce(t.last, w.start_logical_time)
            OR t.previous_hash <> coalesce(t.last_hash, w.start_hash))
    UNION ALL SELECT 88, 'a wallet ends with its last transaction', (
        SELECT count(*)
        FROM settlement.wallets w LEFT JOIN LATERAL (SELECT logical_time, hash, balance
            FROM settlement.wallet_transactions t WHERE t.wallet = w.wallet
            ORDER BY logical_time DESC LIMIT 1) AS t ON true
        WHERE w.last_logical_time <> coalesce(t.logical_time, w.start_logical_time)
            OR w.last_hash <> coalesce(t.hash, w.start_hash) OR w.balance <> coalesce(t.balance, w.start_balance))
) AS rules;
COMMENT ON VIEW ledger.invariants IS
    'Every rule that money, orders, deliveries, settlement and journal obey, with the number of its violations: each '
    'must be 0. Reads everything; run it on a replica or when it is quiet.';
COMMENT ON COLUMN ledger.invariants.name IS 'The rule.';
COMMENT ON COLUMN ledger.invariants.violations IS 'How many rows break it.';
GRANT SELECT ON ledger.invariants TO bombyx_server, bombyx_auditor;
