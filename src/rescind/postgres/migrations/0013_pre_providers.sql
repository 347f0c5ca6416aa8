-- Payment providers that are connected. secrets: sealed under a key that is not in the database. own: what is used for
-- payments that name no connection.
CREATE TABLE provider_connections (
    name       text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,63}$'),
    kind       text NOT NULL,
    test       boolean NOT NULL,
    account    text NOT NULL,
    own        boolean NOT NULL,
    direct     boolean NOT NULL,
    secrets    bytea NOT NULL,
    version    integer NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL
);
CREATE UNIQUE INDEX provider_connections_own ON provider_connections (own) WHERE own;

-- What providers told us, as it came. outcome: what became of it; done_at without done: a person has to look.
CREATE TABLE provider_messages (
    connection  text COLLATE "C" NOT NULL,
    message_id  text COLLATE "C" NOT NULL,
    type        text NOT NULL,
    body        bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts    integer NOT NULL DEFAULT 0,
    done_at     timestamptz,
    outcome     text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'done', 'no_news', 'set_aside')),
    cause       text NOT NULL DEFAULT '',
    PRIMARY KEY (connection, message_id)
);
CREATE INDEX provider_messages_due ON provider_messages (due_at) WHERE done_at IS NULL;
CREATE INDEX provider_messages_aside ON provider_messages (received_at) WHERE outcome = 'set_aside';

-- Which tenders of which orders a payment at a provider pays for; filled from events, and may be filled again.
CREATE TABLE payments (
    payment   text COLLATE "C" NOT NULL,
    provider  text COLLATE "C" NOT NULL,
    shop_id   text COLLATE "C" NOT NULL,
    order_id  text COLLATE "C" NOT NULL,
    tender_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (payment, provider, shop_id, order_id, tender_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_connections, provider_messages, payments TO rescind_app;
