CREATE TABLE journal.batches (
    number bigint PRIMARY KEY CHECK (number > 0),
    epoch bigint NOT NULL CHECK (epoch > 0),
    rules_version integer NOT NULL,
    first_sequence bigint NOT NULL CHECK (first_sequence > 0),
    last_sequence bigint NOT NULL CHECK (last_sequence >= first_sequence - 1),
    logical_time_us bigint NOT NULL,
    commands bytea NOT NULL,
    state_digest bytea NOT NULL CHECK (octet_length(state_digest) = 16),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Packed commands hardly compress, and trying costs more time than the rest of the insert.
ALTER TABLE journal.batches ALTER COLUMN commands SET STORAGE EXTERNAL;

COMMENT ON TABLE journal.batches IS
    'The journal: the commands that one commit made durable together. Rows are only ever added.';
COMMENT ON COLUMN journal.batches.number IS 'From 1, without gaps.';
COMMENT ON COLUMN journal.batches.epoch IS 'The leadership under which the batch was written.';
COMMENT ON COLUMN journal.batches.rules_version IS 'The rules by which the engine carried the commands out.';
COMMENT ON COLUMN journal.batches.first_sequence IS 'Sequence number of the first command.';
COMMENT ON COLUMN journal.batches.last_sequence IS
    'Sequence number of the last command; first_sequence - 1 when the batch has none.';
COMMENT ON COLUMN journal.batches.logical_time_us IS
    'The exchange''s time for the whole batch, in microseconds since 1970 UTC. It never decreases.';
COMMENT ON COLUMN journal.batches.commands IS 'The packed commands.';
COMMENT ON COLUMN journal.batches.state_digest IS
    'A 128-bit sum over the engine''s state after the batch: finds divergence.';
COMMENT ON COLUMN journal.batches.digest IS
    'SHA-256 over the previous digest, the header and the commands (view journal.chain): finds tampering.';
COMMENT ON COLUMN journal.batches.committed_at IS 'The database''s clock at the insert. Not part of the chain.';

CREATE TABLE journal.leader (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch bigint NOT NULL CHECK (epoch >= 0),
    holder text NOT NULL,
    expires_at timestamptz NOT NULL,
    last_batch bigint NOT NULL CHECK (last_batch >= 0),
    backends integer[] NOT NULL,
    taken_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO journal.leader (epoch, holder, expires_at, last_batch, backends, taken_at)
VALUES (0, '', 'epoch', 0, '{}', 'epoch');

COMMENT ON TABLE journal.leader IS
    'One row: which server may write the journal. A batch is inserted only together with an update of this row.';
COMMENT ON COLUMN journal.leader.only_row IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN journal.leader.epoch IS 'Counts the leaderships; 0 before the first.';
COMMENT ON COLUMN journal.leader.holder IS 'The leading server''s name for itself.';
COMMENT ON COLUMN journal.leader.expires_at IS
    'By the database''s clock: afterwards another server may take over. Every batch moves it on.';
COMMENT ON COLUMN journal.leader.last_batch IS 'The newest batch of the journal.';
COMMENT ON COLUMN journal.leader.backends IS
    'Server processes of the leader''s connections; who takes over ends them first.';
COMMENT ON COLUMN journal.leader.taken_at IS
    'When the leadership began: a process that started later is not one of backends, though it may have its number.';

CREATE FUNCTION journal.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is forbidden: rows are only ever added', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
COMMENT ON FUNCTION journal.refuse_change() IS 'Trigger of the tables that only grow: refuses whatever it is asked.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.batches
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();

GRANT SELECT, INSERT ON journal.batches TO bombyx_server;
GRANT SELECT, UPDATE ON journal.leader TO bombyx_server;
