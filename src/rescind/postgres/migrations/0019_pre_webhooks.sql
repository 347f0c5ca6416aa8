-- Where other systems are told. shop_id: whose endpoint it is, none for the marketplace's own. events: what it chose,
-- none for everything. The secrets are sealed under a key that is not in the database; made_with and rotated_with are
-- what a repeated request is known by. failing_since: when the attempts began that all failed until now.
CREATE TABLE webhook_endpoints (
    endpoint_id   text COLLATE "C" PRIMARY KEY CHECK (endpoint_id ~ '^hook_[0-9a-hjkmnp-tv-z]{22}$'),
    shop_id       text COLLATE "C",
    url           text NOT NULL,
    about         text NOT NULL,
    events        text[] NOT NULL,
    state         text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'paused', 'gone', 'failing', 'removed')),
    secret        bytea NOT NULL,
    old_secret    bytea,
    old_until     timestamptz,
    failing_since timestamptz,
    stopped_at    timestamptz,
    made_with     bytea NOT NULL,
    rotated_with  bytea,
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL,
    changed_at    timestamptz NOT NULL,
    changed_by    text NOT NULL,
    CHECK ((old_secret IS NULL) = (old_until IS NULL))
);
CREATE INDEX webhook_endpoints_by_shop ON webhook_endpoints (shop_id) WHERE state <> 'removed';

-- One event for one endpoint. due_at: when it is sent next; while somebody sends it, when that lease ends. fence: what
-- the end of an attempt has to show. tries: failures since it was first sent, or asked for again.
CREATE TABLE deliveries (
    shop_id     text COLLATE "C" NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    endpoint_id text COLLATE "C" NOT NULL,
    type        text NOT NULL,
    body        bytea NOT NULL,
    state       text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'missed')),
    due_at      timestamptz NOT NULL,
    made_at     timestamptz NOT NULL,
    ended_at    timestamptz,
    fence       integer NOT NULL DEFAULT 0,
    tries       smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (shop_id, event_id, endpoint_id)
);
-- A queue for each endpoint, so that a long one is in nobody's way.
CREATE INDEX deliveries_waiting ON deliveries (endpoint_id, due_at) WHERE state = 'waiting';
-- What can be sent again, found part by part.
CREATE INDEX deliveries_lost ON deliveries (endpoint_id, made_at) WHERE state IN ('failed', 'missed');
CREATE INDEX deliveries_by_time ON deliveries (endpoint_id, made_at DESC, event_id DESC);
CREATE INDEX deliveries_age ON deliveries (made_at);

-- What came of each attempt. status: of HTTP, 0 without an answer; fault: why, in a code.
CREATE TABLE delivery_attempts (
    shop_id     text COLLATE "C" NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    endpoint_id text COLLATE "C" NOT NULL,
    number      integer NOT NULL,
    at          timestamptz NOT NULL,
    ms          integer NOT NULL,
    status      smallint NOT NULL,
    fault       text NOT NULL,
    answer      text NOT NULL,
    PRIMARY KEY (shop_id, event_id, endpoint_id, number)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints, deliveries, delivery_attempts TO rescind_app;
