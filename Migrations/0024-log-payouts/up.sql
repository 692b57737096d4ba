-- The log names batches of payouts and the operator's measurements: only what is said of its tables changes.

COMMENT ON COLUMN log.leaves.kind IS
    '1 receipt, 2 equivocation, 3 key rotation, 4 measurement policy, 5 settlement batch, 6 attestation, '
    '7 lease policy, 9 measurement.';
COMMENT ON TABLE log.statements IS
    'What the exchange has said in public of its keys, its policies, its workers and its payouts, each a leaf of the log.';
COMMENT ON COLUMN log.size.statements IS 'Keys, policies, words on workers, and batches of payouts.';
