-- Files with orders or stage changes that somebody puts in. A file is kept in parts until it is taken apart into rows;
-- rows wait beside the orders they become, and the last order that was looked at is where work goes on after a stop.
-- shop_id: of a shop's own people, who put in what is theirs alone; NULL: of the marketplace.
CREATE TABLE imports (
    import_id   text COLLATE "C" PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('orders', 'stages')),
    shop_id     text COLLATE "C",
    put_in_by   text NOT NULL,
    file_name   text NOT NULL,
    size        bigint NOT NULL,
    confirmed   boolean NOT NULL,
    state       text NOT NULL CHECK (state IN ('reading', 'checking', 'checked', 'writing', 'ended', 'refused', 'dropped')),
    fault       text,
    header      jsonb NOT NULL DEFAULT '[]',
    ignored     jsonb NOT NULL DEFAULT '[]',
    row_count   integer NOT NULL DEFAULT 0,
    order_count integer NOT NULL DEFAULT 0,
    counts      jsonb NOT NULL DEFAULT '{}',
    last_shop   text COLLATE "C",
    last_number text COLLATE "C",
    made_at     timestamptz NOT NULL,
    ended_at    timestamptz,
    lease_until timestamptz,
    fence       bigint NOT NULL DEFAULT 0
);
CREATE INDEX imports_by_time ON imports (made_at DESC, import_id DESC);
CREATE INDEX imports_to_do ON imports (made_at) WHERE state IN ('reading', 'checking', 'writing');

CREATE TABLE import_parts (
    import_id text COLLATE "C" NOT NULL,
    place     integer NOT NULL,
    data      bytea NOT NULL,
    PRIMARY KEY (import_id, place)
);
ALTER TABLE import_parts ALTER COLUMN data SET STORAGE EXTERNAL;

-- shop and number as the file has them. nth: the row's place in the file; the header is 1.
CREATE TABLE import_rows (
    import_id text COLLATE "C" NOT NULL,
    shop      text COLLATE "C" NOT NULL,
    number    text COLLATE "C" NOT NULL,
    nth       integer NOT NULL,
    cells     text NOT NULL,
    PRIMARY KEY (import_id, shop, number, nth)
);

CREATE TABLE import_faults (
    import_id text COLLATE "C" NOT NULL,
    shop      text COLLATE "C" NOT NULL,
    number    text COLLATE "C" NOT NULL,
    nth       integer NOT NULL,
    fault     text NOT NULL,
    PRIMARY KEY (import_id, shop, number, nth)
);
CREATE INDEX import_faults_by_row ON import_faults (import_id, nth);

-- What nobody will be told of needs no fan-out, which is what keeps payments otherwise.
CREATE TYPE payments_insert AS (
    payment text, provider text, shop_id text, order_id text, tender_id text
);
GRANT SELECT, INSERT, UPDATE, DELETE ON imports, import_parts, import_rows, import_faults TO rescind_app;
