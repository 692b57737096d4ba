-- Servers that do not lead send their clients to the one that does, so the row says where that is. And an exchange that
-- was without a leader for a while must know for how long, also when its last batch is much older than that.

ALTER TABLE journal.leader
    ADD COLUMN address text NOT NULL DEFAULT '',
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT 'epoch';
-- The best that is known of a leader from before these columns.
UPDATE journal.leader SET seen_at = greatest(
    taken_at,
    (SELECT max(committed_at) FROM journal.batches WHERE number = leader.last_batch)
);
ALTER TABLE journal.leader ALTER COLUMN address DROP DEFAULT, ALTER COLUMN seen_at DROP DEFAULT;

COMMENT ON COLUMN journal.leader.address IS
    'Where clients reach the leader, a URL like https://exchange.example:8443; empty when it did not say.';
COMMENT ON COLUMN journal.leader.seen_at IS
    'When the leader was last known to be alive, by the database''s clock: each batch, each renewal of the term and the '
    'resignation move it. What lies between it and the next leader''s first batch is the gap.';
COMMENT ON COLUMN journal.leader.taken_at IS
    'When backends was written: a process that started later is not one of them, though it may have its number.';
