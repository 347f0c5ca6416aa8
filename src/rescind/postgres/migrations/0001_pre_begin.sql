-- Tables of three kinds (see docs/architecture.md): by shop, by buyer, reference. Every key of a table that is kept
-- by shop begins with shop_id, so that one statement about one shop stays on one node.

-- reference ------------------------------------------------------------------------------------------------------

CREATE TABLE installation (
    key   text PRIMARY KEY,
    value text NOT NULL
);
-- The epoch rises with every restore: transaction numbers begin anew then, and old cursors mean nothing.
INSERT INTO installation (key, value) VALUES ('epoch', '1');

CREATE TABLE policies (
    hash         text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    name         text NOT NULL,
    layer        text NOT NULL CHECK (layer IN ('law', 'preset', 'shop')),
    body         bytea NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE credentials (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    kind       text NOT NULL CHECK (kind IN ('key', 'link', 'session')),
    role       text NOT NULL CHECK (role IN ('buyer', 'seller', 'support', 'operator', 'host')),
    principal  text NOT NULL,
    name       text NOT NULL DEFAULT '',
    shop_id    text,
    buyer_id   text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz,
    CHECK ((role = 'seller') <= (shop_id IS NOT NULL)),
    CHECK ((role = 'buyer') <= (buyer_id IS NOT NULL))
);

CREATE TABLE heartbeats (
    worker     text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    beat_at    timestamptz NOT NULL
);

-- by shop --------------------------------------------------------------------------------------------------------

CREATE TABLE shops (
    shop_id     text PRIMARY KEY CHECK (shop_id ~ '^shp_[0-9a-hjkmnp-tv-z]{8}$'),
    name        text NOT NULL,
    preset_hash text NOT NULL REFERENCES policies,
    settings    jsonb NOT NULL DEFAULT '{}',
    zone        text NOT NULL,
    contact     jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE orders (
    shop_id     text COLLATE "C" NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    number      text COLLATE "C" NOT NULL,
    buyer_id    text COLLATE "C" NOT NULL,
    version     integer NOT NULL CHECK (version > 0),
    state       bytea NOT NULL CHECK (octet_length(state) <= 65536),
    head        bytea NOT NULL CHECK (octet_length(head) = 32),
    stage       text NOT NULL,
    case_status text,
    due_at      timestamptz,
    -- When the seller should have shipped: tiles count it, and it would cost too much to look for it inside of state.
    dispatch_due_at timestamptz,
    total_minor bigint NOT NULL CHECK (total_minor BETWEEN 0 AND 1000000000000000),
    currency    char(3) NOT NULL,
    placed_at   timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (shop_id, order_id),
    UNIQUE (shop_id, number)
) WITH (fillfactor = 70);
CREATE INDEX orders_by_time ON orders (shop_id, placed_at DESC, order_id DESC);
CREATE INDEX orders_by_buyer ON orders (buyer_id, placed_at DESC, order_id DESC);
CREATE INDEX orders_by_number ON orders (number);
-- None of these has a column that changes: an update of an order stays on its page and touches no index.
CREATE INDEX orders_everywhere ON orders (placed_at DESC, order_id DESC);

CREATE TABLE order_lines (
    shop_id        text COLLATE "C" NOT NULL,
    order_id       text COLLATE "C" NOT NULL,
    line_id        text COLLATE "C" NOT NULL,
    place          smallint NOT NULL,
    sku            text NOT NULL,
    title          text NOT NULL,
    variant        text NOT NULL,
    options        jsonb NOT NULL,
    image          text NOT NULL,
    quantity       integer NOT NULL CHECK (quantity > 0),
    cancelled      integer NOT NULL DEFAULT 0 CHECK (cancelled BETWEEN 0 AND quantity),
    unit_minor     bigint NOT NULL CHECK (unit_minor >= 0),
    discount_minor bigint NOT NULL CHECK (discount_minor >= 0),
    tax_minor      bigint NOT NULL CHECK (tax_minor >= 0),
    PRIMARY KEY (shop_id, order_id, line_id)
) WITH (fillfactor = 85);

CREATE INDEX order_lines_by_sku ON order_lines (sku);

CREATE TABLE parcels (
    shop_id   text COLLATE "C" NOT NULL,
    order_id  text COLLATE "C" NOT NULL,
    parcel_id text COLLATE "C" NOT NULL,
    carrier   text NOT NULL,
    tracking  text COLLATE "C" NOT NULL,
    PRIMARY KEY (shop_id, order_id, parcel_id)
);
CREATE INDEX parcels_by_tracking ON parcels (tracking);

CREATE TABLE tenders (
    shop_id               text COLLATE "C" NOT NULL,
    order_id              text COLLATE "C" NOT NULL,
    tender_id             text COLLATE "C" NOT NULL,
    method                text NOT NULL,
    label                 text NOT NULL,
    currency              char(3) NOT NULL,
    amount_minor          bigint NOT NULL CHECK (amount_minor BETWEEN 0 AND 1000000000000000),
    captured_minor        bigint NOT NULL CHECK (captured_minor BETWEEN 0 AND amount_minor),
    reserved_minor        bigint NOT NULL,
    refunded_minor        bigint NOT NULL,
    taken_elsewhere_minor bigint NOT NULL CHECK (taken_elsewhere_minor >= 0),
    PRIMARY KEY (shop_id, order_id, tender_id),
    -- I-02: whatever the code above believes, no more goes back than came in.
    CONSTRAINT never_more_than_captured
        CHECK (reserved_minor >= 0 AND refunded_minor >= 0 AND reserved_minor + refunded_minor <= captured_minor)
) WITH (fillfactor = 80);

CREATE TABLE people (
    shop_id   text COLLATE "C" NOT NULL,
    order_id  text COLLATE "C" NOT NULL,
    recipient jsonb NOT NULL,
    note      text NOT NULL DEFAULT '',
    PRIMARY KEY (shop_id, order_id)
);

CREATE TABLE events (
    shop_id     text COLLATE "C" NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    seq         integer NOT NULL CHECK (seq > 0),
    type        text NOT NULL,
    body        bytea NOT NULL,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    received_at timestamptz NOT NULL,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    -- A tail that read by id alone would pass over a row whose transaction began early and committed late.
    tx          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (shop_id, order_id, seq)
);
CREATE INDEX events_tail ON events (tx, id);

CREATE TABLE texts (
    shop_id  text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    text_id  text COLLATE "C" NOT NULL,
    body     text,
    salt     text,
    CHECK ((body IS NULL) = (salt IS NULL)),
    PRIMARY KEY (shop_id, order_id, text_id)
);

CREATE TABLE ledger (
    shop_id      text COLLATE "C" NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    seq          integer NOT NULL,
    place        smallint NOT NULL,
    account      text NOT NULL,
    tender_id    text NOT NULL,
    currency     char(3) NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (shop_id, order_id, seq, place)
);

CREATE TABLE due (
    shop_id     text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    ref         text COLLATE "C" NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    due_at      timestamptz NOT NULL,
    slice       smallint NOT NULL CHECK (slice BETWEEN 0 AND 63),
    lease_until timestamptz,
    fence       bigint NOT NULL DEFAULT 0,
    attempts    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (shop_id, kind, ref)
);
CREATE INDEX due_next ON due (kind, slice, due_at);

CREATE TABLE cases (
    shop_id      text COLLATE "C" NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    buyer_id     text COLLATE "C" NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('cancellation', 'contradiction')),
    status       text NOT NULL,
    reason       text NOT NULL,
    stage        text NOT NULL,
    rule         text NOT NULL,
    amount_minor bigint NOT NULL,
    currency     char(3) NOT NULL,
    requested_at timestamptz NOT NULL,
    due_at       timestamptz,
    on_silence   text NOT NULL,
    closed_at    timestamptz,
    closed_by    text,
    filed_by     text NOT NULL,
    PRIMARY KEY (shop_id, case_id)
) WITH (fillfactor = 85);
CREATE INDEX cases_waiting ON cases (shop_id, status, due_at, case_id);
CREATE INDEX cases_by_order ON cases (shop_id, order_id);
CREATE INDEX cases_by_time ON cases (shop_id, requested_at DESC, case_id DESC);
CREATE INDEX cases_by_buyer ON cases (buyer_id, requested_at DESC);
CREATE INDEX cases_open ON cases (status, due_at) WHERE closed_at IS NULL;

CREATE TABLE idempotency (
    shop_id     text COLLATE "C" NOT NULL,
    principal   text COLLATE "C" NOT NULL,
    route       text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    order_id    text COLLATE "C" NOT NULL,
    first_seq   integer NOT NULL,
    last_seq    integer NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (shop_id, principal, route, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- by buyer; filled by the worker from events, and may be filled again ---------------------------------------------

CREATE TABLE buyer_counters (
    buyer_id text COLLATE "C" NOT NULL,
    day      date NOT NULL,
    name     text COLLATE "C" NOT NULL,
    count    integer NOT NULL,
    PRIMARY KEY (buyer_id, name, day)
);

CREATE TABLE buyers (
    buyer_id text COLLATE "C" PRIMARY KEY,
    name     text NOT NULL,
    email    text NOT NULL,
    locale   text NOT NULL DEFAULT 'en'
);

-- what the program may do ----------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rescind_app;
REVOKE UPDATE, DELETE, TRUNCATE ON events, ledger FROM rescind_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO rescind_app;
