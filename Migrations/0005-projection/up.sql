CREATE TABLE projection.cursor (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    batch bigint NOT NULL CHECK (batch >= 0),
    sequence bigint NOT NULL CHECK (sequence >= 0),
    logical_time_us bigint NOT NULL,
    last_trade bigint NOT NULL CHECK (last_trade >= 0),
    moved_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO projection.cursor (batch, sequence, logical_time_us, last_trade, moved_at) VALUES (0, 0, 0, 0, 'epoch');

COMMENT ON TABLE projection.cursor IS
    'One row: the batch whose end the tables show. It moves in the transaction that writes them.';
COMMENT ON COLUMN projection.cursor.only_row IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN projection.cursor.batch IS 'journal.batches.number; 0 before the first.';
COMMENT ON COLUMN projection.cursor.sequence IS 'The last command whose effects the tables show.';
COMMENT ON COLUMN projection.cursor.logical_time_us IS 'The exchange''s time of that batch.';
COMMENT ON COLUMN projection.cursor.last_trade IS 'The newest trade''s number.';
COMMENT ON COLUMN projection.cursor.moved_at IS 'The database''s clock when it moved.';

CREATE TABLE projection.requests (
    sequence bigint PRIMARY KEY,
    account bigint NOT NULL,
    key_high bigint,
    key_low bigint,
    key_body bigint,
    body_hash bigint NOT NULL,
    at timestamptz NOT NULL,
    client_high bigint,
    client_low bigint,
    rejection integer,
    CHECK (num_nulls(key_high, key_low, key_body) IN (0, 3)),
    CHECK (num_nulls(client_high, client_low) IN (0, 2))
);
COMMENT ON TABLE projection.requests IS
    'Requests that are remembered, so that a repetition gets the same answer and does nothing again.';
COMMENT ON COLUMN projection.requests.sequence IS 'The command that carried it out, or was rejected.';
COMMENT ON COLUMN projection.requests.account IS 'Who asked.';
COMMENT ON COLUMN projection.requests.key_high IS 'First 64 bits of the idempotency key''s hash; null without a key.';
COMMENT ON COLUMN projection.requests.key_low IS 'The next 64 bits.';
COMMENT ON COLUMN projection.requests.key_body IS '64 bits of the hash of the body that came with the key.';
COMMENT ON COLUMN projection.requests.body_hash IS
    '64 bits of the hash of the body that came with the client''s own name; 0 without one.';
COMMENT ON COLUMN projection.requests.at IS 'The exchange''s time.';
COMMENT ON COLUMN projection.requests.rejection IS
    'Why the command was rejected (market.codes, rejection); null when it was carried out.';
COMMENT ON COLUMN projection.requests.client_high IS
    'First 64 bits of the hash of the client''s own name for its order; null when it gave none.';
COMMENT ON COLUMN projection.requests.client_low IS 'The next 64 bits.';

GRANT SELECT, UPDATE ON projection.cursor TO bombyx_server;
GRANT SELECT, INSERT, DELETE ON projection.requests TO bombyx_server;
