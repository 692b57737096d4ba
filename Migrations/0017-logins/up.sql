-- Whose accounts they are that were opened by a login with a wallet or a messenger.

INSERT INTO market.codes (field, code, name) VALUES ('rejection', 68, 'login_limit');

CREATE TABLE market.logins (
    sequence bigint PRIMARY KEY,
    account bigint NOT NULL UNIQUE,
    subject text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE market.logins IS
    'Accounts that were opened by a login, and who may log in to them. Nothing in it ever changes.';
COMMENT ON COLUMN market.logins.sequence IS 'The command of the first login.';
COMMENT ON COLUMN market.logins.account IS 'The account (market.accounts).';
COMMENT ON COLUMN market.logins.subject IS
    'Who logs in: ton: and the address of a wallet in raw form, or telegram: and the number of a user.';
COMMENT ON COLUMN market.logins.created_at IS 'The first login, by the exchange''s time.';

GRANT SELECT, INSERT ON market.logins TO bombyx_server;
