-- Receipts and credit notes as they were issued, and the last number of each series. Both are written in one
-- transaction, so that a number is taken if and only if its document is there. about: the cancellation, or empty for
-- the whole order; revision: the how many-th document about it.
CREATE TABLE documents (
    shop_id     text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('receipt', 'credit_note', 'reversal')),
    about       text COLLATE "C" NOT NULL,
    revision    smallint NOT NULL CHECK (revision > 0),
    series      text COLLATE "C" NOT NULL,
    year        smallint NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    replaces    text COLLATE "C",
    content     bytea NOT NULL,
    digest      text COLLATE "C" NOT NULL CHECK (length(digest) = 64),
    issued_at   timestamptz NOT NULL,
    PRIMARY KEY (shop_id, document_id),
    UNIQUE (shop_id, series, year, number),
    UNIQUE (shop_id, order_id, kind, about, revision),
    -- A document is taken the place of once.
    UNIQUE (shop_id, replaces)
);
-- Issued is issued: the role that serves adds documents and changes none.
GRANT SELECT, INSERT ON documents TO rescind_app;

CREATE TABLE document_numbers (
    shop_id text COLLATE "C" NOT NULL,
    series  text COLLATE "C" NOT NULL,
    year    smallint NOT NULL,
    last    integer NOT NULL CHECK (last >= 0),
    PRIMARY KEY (shop_id, series, year)
);
GRANT SELECT, INSERT, UPDATE ON document_numbers TO rescind_app;
