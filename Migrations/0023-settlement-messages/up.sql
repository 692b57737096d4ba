-- Messages of settlement's batches, as they were signed.

CREATE TABLE settlement.messages (
    batch bigint PRIMARY KEY,
    bytes bytea NOT NULL CHECK (length(bytes) BETWEEN 1 AND 65536),
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE settlement.messages IS
    'What was sent for each batch, stored before it was sent for the first time. Not derived from the journal.';
COMMENT ON COLUMN settlement.messages.batch IS 'The batch (settlement.batches).';
COMMENT ON COLUMN settlement.messages.bytes IS 'The signed message to the wallet, a bag of cells.';
COMMENT ON COLUMN settlement.messages.stored_at IS 'When, by the database''s clock.';

GRANT SELECT, INSERT ON settlement.messages TO bombyx_server;
GRANT SELECT ON settlement.messages TO bombyx_auditor;
