-- Mail that goes out: a row a message, written with what it tells of. key: what makes asking again the same asking.
-- handing_at: since when the server has been given the content; a worker that ended between that and the server's answer
-- leaves it behind. place, code, said: where in the talk with the server its last answer came, and the answer.
-- address: empty once nobody has to be written to any more; masked stays.
CREATE TABLE mails (
    shop_id     text COLLATE "C" NOT NULL,
    mail_id     text COLLATE "C" NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('document')),
    document_id text COLLATE "C" NOT NULL,
    language    text COLLATE "C" NOT NULL,
    address     text COLLATE "C" NOT NULL,
    masked      text NOT NULL,
    key         text COLLATE "C" NOT NULL,
    asked_by    text NOT NULL,
    asked_at    timestamptz NOT NULL,
    status      text COLLATE "C" NOT NULL DEFAULT 'waiting'
        CHECK (status IN ('waiting', 'taken', 'refused', 'failed', 'in_doubt')),
    due_at      timestamptz NOT NULL,
    lease_until timestamptz,
    fence       bigint NOT NULL DEFAULT 0,
    handing_at  timestamptz,
    tries       integer NOT NULL DEFAULT 0,
    settled_at  timestamptz,
    place       text NOT NULL DEFAULT '',
    code        smallint NOT NULL DEFAULT 0,
    said        text NOT NULL DEFAULT '',
    PRIMARY KEY (shop_id, mail_id),
    UNIQUE (shop_id, key)
);
CREATE INDEX mails_due ON mails (due_at) WHERE status = 'waiting';
CREATE INDEX mails_asked ON mails (asked_at);
CREATE INDEX mails_address ON mails (address, asked_at);
CREATE INDEX mails_document ON mails (shop_id, document_id, asked_at);
GRANT SELECT, INSERT, UPDATE ON mails TO rescind_app;

-- Addresses that a server refused for good. Nothing is sent there until an operator takes the row away.
CREATE TABLE mail_bounces (
    address    text COLLATE "C" PRIMARY KEY,
    code       smallint NOT NULL,
    said       text NOT NULL,
    bounced_at timestamptz NOT NULL
);

-- The server that mail is handed to, where operators have set it up on a page: one row or none. password: sealed under
-- a key that is not in the database.
CREATE TABLE mail_server (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    host       text NOT NULL,
    port       integer NOT NULL,
    security   text NOT NULL CHECK (security IN ('tls', 'starttls', 'none')),
    username   text NOT NULL,
    password   bytea NOT NULL,
    sender     text NOT NULL,
    name       text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON mail_bounces, mail_server TO rescind_app;
