-- Roles belong to the whole cluster: another database of it, or an administrator, may have made them already.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['bombyx_server', 'bombyx_auditor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', wanted);
            EXCEPTION
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the role "%" does not exist and "%" may not create it', wanted, current_user
                        USING ERRCODE = 'insufficient_privilege',
                        HINT = format('As an administrator run: CREATE ROLE %I LOGIN;', wanted);
                -- Another database of the cluster is being migrated at this moment.
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
END
$$;

CREATE SCHEMA journal;
COMMENT ON SCHEMA journal IS
    'What makes commands durable: one row per batch, linked by hashes, and the row that says who leads.';

CREATE SCHEMA ledger;
COMMENT ON SCHEMA ledger IS 'Double-entry ledger in nanoTON: every movement of money and every balance.';

CREATE SCHEMA market;
COMMENT ON SCHEMA market IS 'Owners, models, orders, trades and leases.';

CREATE SCHEMA projection;
COMMENT ON SCHEMA projection IS
    'How far the tables follow the journal, and what the engine needs beside them to start.';

GRANT USAGE ON SCHEMA journal, ledger, market, projection TO bombyx_server, bombyx_auditor;

-- Whatever later migrations add, an auditor may read.
ALTER DEFAULT PRIVILEGES IN SCHEMA journal, ledger, market, projection GRANT SELECT ON TABLES TO bombyx_auditor;
