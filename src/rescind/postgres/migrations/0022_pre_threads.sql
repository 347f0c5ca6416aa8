-- Conversations. A message is a row of its own: an order is one row of bounded size that is read whole, and a talk has
-- no end. place: the how many-th of its thread, which no side but the platform is told, for gaps would tell of notes
-- that are not for it. The words and their salt can be erased; what was said by whom, to whom and when cannot.
CREATE TABLE threads (
    shop_id     text COLLATE "C" NOT NULL,
    thread_id   text COLLATE "C" NOT NULL,
    buyer_id    text COLLATE "C" NOT NULL,
    about       text NOT NULL CHECK (about IN ('order', 'product', 'shop')),
    order_id    text COLLATE "C",
    sku         text NOT NULL DEFAULT '',
    subject     text NOT NULL DEFAULT '',
    opened_at   timestamptz NOT NULL,
    messages    integer NOT NULL DEFAULT 0,
    -- What the buyer asked first and the seller answered first, for how fast a shop answers.
    asked_at    timestamptz,
    answered_at timestamptz,
    CHECK ((about = 'order') = (order_id IS NOT NULL)),
    PRIMARY KEY (shop_id, thread_id),
    UNIQUE (shop_id, order_id)
);
CREATE INDEX threads_answered ON threads (shop_id, asked_at DESC) WHERE answered_at IS NOT NULL;
CREATE INDEX threads_by_buyer ON threads (buyer_id, opened_at);

CREATE TABLE messages (
    shop_id   text COLLATE "C" NOT NULL,
    thread_id text COLLATE "C" NOT NULL,
    place     integer NOT NULL CHECK (place > 0),
    message_id text COLLATE "C" NOT NULL,
    audience  text NOT NULL CHECK (audience IN ('everyone', 'buyer', 'seller', 'internal')),
    side      text NOT NULL CHECK (side IN ('buyer', 'seller', 'platform')),
    author    text COLLATE "C" NOT NULL,
    body      text,
    salt      text,
    digest    text COLLATE "C" NOT NULL CHECK (length(digest) = 64),
    evidence  text[] NOT NULL DEFAULT '{}',
    flag      text NOT NULL DEFAULT '',
    key       text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    sent_at   timestamptz NOT NULL,
    -- Of the same numbers as events, so that the stream has one order.
    id        bigint NOT NULL DEFAULT nextval('events_id_seq'),
    tx        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((body IS NULL) = (salt IS NULL)),
    CHECK ((audience = 'internal') <= (side = 'platform')),
    PRIMARY KEY (shop_id, thread_id, place),
    UNIQUE (shop_id, message_id),
    -- What makes a repeat a repeat, however late it comes.
    UNIQUE (shop_id, side, author, key)
);
CREATE INDEX messages_tail ON messages (tx, id);
CREATE INDEX messages_with_files ON messages USING gin (evidence) WHERE evidence <> '{}';

-- A thread as one side has it: there is a row once there is something that this side may read.
CREATE TABLE thread_sides (
    shop_id   text COLLATE "C" NOT NULL,
    thread_id text COLLATE "C" NOT NULL,
    side      text NOT NULL CHECK (side IN ('buyer', 'seller', 'platform')),
    buyer_id  text COLLATE "C" NOT NULL,
    last_at   timestamptz NOT NULL,
    last_place integer NOT NULL,
    -- The last that another side wrote to it, and the last that it saw.
    new_place  integer NOT NULL DEFAULT 0,
    seen_place integer NOT NULL DEFAULT 0,
    flagged   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (shop_id, thread_id, side)
) WITH (fillfactor = 85);
CREATE INDEX thread_sides_by_shop ON thread_sides (shop_id, side, last_at DESC, thread_id DESC);
CREATE INDEX thread_sides_by_buyer ON thread_sides (buyer_id, side, last_at DESC, thread_id DESC);
CREATE INDEX thread_sides_everywhere ON thread_sides (side, last_at DESC, thread_id DESC);
CREATE INDEX thread_sides_unread ON thread_sides (side, shop_id, buyer_id) WHERE new_place > seen_place;

-- When a side saw a thread up to a place; rows are added and never changed.
CREATE TABLE message_reads (
    shop_id   text COLLATE "C" NOT NULL,
    thread_id text COLLATE "C" NOT NULL,
    side      text NOT NULL CHECK (side IN ('buyer', 'seller', 'platform')),
    place     integer NOT NULL,
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (shop_id, thread_id, side, place)
);

GRANT SELECT, INSERT, UPDATE ON threads, thread_sides TO rescind_app;
GRANT SELECT, INSERT ON messages, message_reads TO rescind_app;
-- What may be erased, and nothing else of a message.
GRANT UPDATE (body, salt) ON messages TO rescind_app;

-- The platform was called: that waits in the same queue.
ALTER TABLE cases DROP CONSTRAINT cases_kind_check;
ALTER TABLE cases ADD CONSTRAINT cases_kind_check
    CHECK (kind IN (
        'cancellation', 'contradiction', 'review', 'override', 'return', 'refund', 'proposal', 'escalation'
    )) NOT VALID;
