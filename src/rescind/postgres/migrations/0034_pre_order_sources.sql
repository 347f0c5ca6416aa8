-- Where orders come from that a host pushes or that are fetched from it. shop_id: whose they are; empty where each message
-- says. url: where the host answers; empty where it only pushes. settings: what the operator chose, as JSON. secrets:
-- sealed under a key that is not in the database. made_with, rotated_with: of the requests that made its secrets.
-- fetched_to: everything that changed there until then is here.
CREATE TABLE order_sources (
    name          text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,31}$'),
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('signed', 'woocommerce')),
    shop_id       text COLLATE "C" NOT NULL,
    url           text NOT NULL,
    state         text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'paused')),
    settings      bytea NOT NULL,
    secrets       bytea NOT NULL,
    made_with     bytea NOT NULL,
    rotated_with  bytea,
    old_until     timestamptz,
    version       integer NOT NULL DEFAULT 1,
    fetch_at      timestamptz,
    fetched_to    timestamptz,
    fetch_trouble text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by    text NOT NULL
);
CREATE INDEX order_sources_fetch ON order_sources (fetch_at) WHERE state = 'on';

-- What sources told us, as it came. subject: what the host calls the order. outcome: what became of it; cause, field,
-- expected: why nothing could be made of it, and where.
CREATE TABLE source_messages (
    source      text COLLATE "C" NOT NULL REFERENCES order_sources (name),
    message_id  text COLLATE "C" NOT NULL,
    topic       text COLLATE "C" NOT NULL,
    subject     text NOT NULL,
    body        bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts    integer NOT NULL DEFAULT 0,
    done_at     timestamptz,
    outcome     text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'done', 'no_news', 'set_aside')),
    cause       text NOT NULL DEFAULT '',
    field       text NOT NULL DEFAULT '',
    expected    text NOT NULL DEFAULT '',
    order_id    text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (source, message_id)
);
CREATE INDEX source_messages_due ON source_messages (due_at) WHERE done_at IS NULL;
CREATE INDEX source_messages_latest ON source_messages (source, received_at DESC, message_id);

-- Which order of ours an order there is. changed_at: the state of it there that we have read. contents: as it was bought.
-- refunds: those there that we know. told: what of ours it was told. due_at: when to look whether it is to be told more;
-- while somebody tells it, when that is given up. again: it moved since somebody began to.
CREATE TABLE source_orders (
    source     text COLLATE "C" NOT NULL REFERENCES order_sources (name),
    foreign_id text COLLATE "C" NOT NULL,
    shop_id    text COLLATE "C" NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    changed_at timestamptz NOT NULL,
    contents   bytea NOT NULL,
    refunds    text[] NOT NULL DEFAULT '{}',
    told       text[] NOT NULL DEFAULT '{}',
    due_at     timestamptz,
    again      boolean NOT NULL DEFAULT false,
    attempts   integer NOT NULL DEFAULT 0,
    trouble    text NOT NULL DEFAULT '',
    PRIMARY KEY (source, foreign_id)
);
CREATE UNIQUE INDEX source_orders_ours ON source_orders (shop_id, order_id);
CREATE INDEX source_orders_due ON source_orders (due_at) WHERE due_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON order_sources, source_messages, source_orders TO rescind_app;
