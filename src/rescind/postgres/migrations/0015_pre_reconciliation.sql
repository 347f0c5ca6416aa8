-- Our refunds against a provider's: each run, and what differed. A run that has no finished_at broke off and counts for
-- nothing. since and until: which of the provider's refunds were looked at. told: differences that were news for the
-- order and are settled by it.
CREATE TABLE reconciliations (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider    text NOT NULL,
    source      text NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL CHECK (until > since),
    started_by  text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    ours        integer NOT NULL DEFAULT 0,
    theirs      integer NOT NULL DEFAULT 0,
    agreed      integer NOT NULL DEFAULT 0,
    on_its_way  integer NOT NULL DEFAULT 0,
    not_sent    integer NOT NULL DEFAULT 0
);

CREATE TABLE differences (
    run              bigint NOT NULL REFERENCES reconciliations,
    place            integer NOT NULL,
    kind             text NOT NULL CHECK (kind IN
                         ('missing', 'unknown', 'twice', 'payment', 'currency', 'amount', 'status', 'late')),
    refund_id        text COLLATE "C",
    shop_id          text COLLATE "C",
    order_id         text COLLATE "C",
    order_number     text,
    our_status       text,
    our_minor        bigint,
    our_currency     char(3),
    our_payment      text NOT NULL DEFAULT '',
    owed_at          timestamptz,
    their_reference  text NOT NULL DEFAULT '',
    their_status     text,
    their_minor      bigint,
    their_currency   char(3),
    their_payment    text NOT NULL DEFAULT '',
    their_at         timestamptz,
    their_count      integer NOT NULL,
    state            text NOT NULL CHECK (state IN ('open', 'told', 'explained')),
    explained_by     text,
    explained_at     timestamptz,
    explanation      text,
    PRIMARY KEY (run, place),
    -- Who says that a difference is none says why, and under a name.
    CHECK ((state = 'explained') = (explained_by IS NOT NULL AND explained_at IS NOT NULL AND explanation <> ''))
);
CREATE INDEX differences_open ON differences (run, place) WHERE state = 'open';

-- Who let refunds run again after a restore, on what: runs that were clean or explained, or a reason for going without.
CREATE TABLE releases (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    held        text NOT NULL,
    released_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_by text NOT NULL,
    runs        bigint[] NOT NULL,
    reason      text NOT NULL,
    CHECK (cardinality(runs) > 0 OR reason <> '')
);

GRANT SELECT, INSERT ON reconciliations, differences TO rescind_app;
GRANT UPDATE (finished_at, ours, theirs, agreed, on_its_way, not_sent) ON reconciliations TO rescind_app;
GRANT UPDATE (state, explained_by, explained_at, explanation) ON differences TO rescind_app;
GRANT SELECT ON releases TO rescind_app;

-- Refunds that did not arrive wait for a person, until one settles them. Those that still may are found by their due work; these have none.
CREATE TABLE failed_refunds (
    shop_id      text COLLATE "C" NOT NULL,
    refund_id    text COLLATE "C" NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    failed_at    timestamptz NOT NULL,
    PRIMARY KEY (shop_id, refund_id)
);
CREATE INDEX failed_refunds_by_time ON failed_refunds (failed_at DESC, refund_id DESC);
CREATE TYPE failed_refunds_insert AS (shop_id text, refund_id text, order_id text, failed_at timestamptz);
CREATE TYPE failed_refunds_delete AS (shop_id text, refund_id text);
INSERT INTO failed_refunds (shop_id, refund_id, order_id, failed_at)
SELECT o.shop_id, r ->> 'id', o.order_id, coalesce((r ->> 'settled_at')::timestamptz, o.updated_at)
FROM orders o, jsonb_array_elements(convert_from(o.state, 'UTF8')::jsonb -> 'refunds') AS r
WHERE position('"refunds":[{'::bytea IN o.state) > 0 AND r ->> 'status' = 'failed'
  AND coalesce(r ->> 'settled', '') = '';

-- Who looks after a refund that nobody knows the end of.
CREATE TABLE refund_owners (
    shop_id   text COLLATE "C" NOT NULL,
    refund_id text COLLATE "C" NOT NULL,
    owner     text NOT NULL,
    taken_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (shop_id, refund_id)
);
GRANT SELECT, INSERT, DELETE ON failed_refunds TO rescind_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON refund_owners TO rescind_app;

-- Credit of the marketplace never lay with a payment provider.
UPDATE ledger l SET account = 'credit'
FROM tenders t
WHERE l.account = 'provider' AND (l.shop_id, l.order_id, l.tender_id) = (t.shop_id, t.order_id, t.tender_id)
  AND t.method IN ('balance', 'gift_card', 'points', 'store_credit', 'voucher');
