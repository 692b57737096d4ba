-- What the two pgbench scripts write to. The columns and indexes of an order are those of market.orders, so that a row
-- costs what one of ours costs.

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account bigint NOT NULL,
    price bigint NOT NULL CHECK (price > 0),
    lots bigint NOT NULL CHECK (lots > 0),
    remaining bigint NOT NULL CHECK (remaining >= 0 AND remaining <= lots),
    open_lots bigint NOT NULL DEFAULT 0 CHECK (open_lots >= 0),
    max_open_lots bigint,
    class bigint,
    profile bigint,
    body_hash bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_sequence bigint NOT NULL DEFAULT 0,
    maker_bps integer NOT NULL DEFAULT 10,
    taker_bps integer NOT NULL DEFAULT 30,
    side smallint NOT NULL,
    time_in_force smallint NOT NULL DEFAULT 1,
    claimed_tee smallint NOT NULL DEFAULT 0,
    close_reason smallint,
    client_order_id text
) WITH (fillfactor = 85);
CREATE INDEX orders_by_account ON orders (account, id);
CREATE INDEX orders_open ON orders (id) WHERE close_reason IS NULL;

-- From here on for the textbook only.

CREATE TABLE accounts (
    account bigint NOT NULL,
    kind smallint NOT NULL, -- 1 available, 2 held, 3 payable, 4 fees
    balance bigint NOT NULL CHECK (balance >= 0),
    PRIMARY KEY (account, kind)
) WITH (fillfactor = 50);

CREATE TABLE transfers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL,
    debit bigint NOT NULL,
    debit_kind smallint NOT NULL,
    credit bigint NOT NULL,
    credit_kind smallint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX transfers_by_debit ON transfers (debit, id);
CREATE INDEX transfers_by_credit ON transfers (credit, id);

CREATE TABLE trades (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL,
    buyer bigint NOT NULL,
    seller bigint NOT NULL,
    lots bigint NOT NULL CHECK (lots > 0),
    price bigint NOT NULL CHECK (price > 0),
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX trades_by_buyer ON trades (buyer, id);
CREATE INDEX trades_by_seller ON trades (seller, id);

-- Account 0 is the exchange's; 1 to 1,000 buy, 1,001 to 2,000 sell.
INSERT INTO accounts VALUES (0, 4, 0);
INSERT INTO accounts SELECT number, kind, CASE kind WHEN 1 THEN 1000000000000000 ELSE 0 END
    FROM generate_series(1, 1000) AS number, generate_series(1, 2) AS kind;
INSERT INTO accounts SELECT number, 3, 0 FROM generate_series(1001, 2000) AS number;
ANALYZE;
