-- Views of lists that somebody keeps. query: as it stands in an address. rhythm: how often it is mailed, empty for never;
-- weekday: of a weekly one, Monday is 0; hour, zone: by whose clock. channel: the address it goes to. next_at: when it is
-- made next; paused: why it is not, empty while it is.
CREATE TABLE saved_views (
    view_id     text COLLATE "C" PRIMARY KEY,
    role        text COLLATE "C" NOT NULL CHECK (role IN ('seller', 'support')),
    shop_id     text COLLATE "C" NOT NULL,
    person      text COLLATE "C" NOT NULL,
    list        text COLLATE "C" NOT NULL,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    query       text NOT NULL CHECK (length(query) <= 4000),
    columns     text[] NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    rhythm      text COLLATE "C" NOT NULL DEFAULT '' CHECK (rhythm IN ('', 'daily', 'weekly')),
    weekday     smallint NOT NULL DEFAULT 0 CHECK (weekday BETWEEN 0 AND 6),
    hour        smallint NOT NULL DEFAULT 8 CHECK (hour BETWEEN 0 AND 23),
    zone        text NOT NULL DEFAULT 'UTC',
    format      text COLLATE "C" NOT NULL DEFAULT 'csv' CHECK (format IN ('csv', 'xlsx')),
    language    text COLLATE "C" NOT NULL DEFAULT 'en',
    channel     text COLLATE "C" NOT NULL DEFAULT '',
    next_at     timestamptz,
    paused      text COLLATE "C" NOT NULL DEFAULT '',
    lease_until timestamptz,
    fence       bigint NOT NULL DEFAULT 0,
    UNIQUE (role, shop_id, person, list, name),
    CHECK ((next_at IS NOT NULL) = (rhythm <> '' AND paused = ''))
);
CREATE INDEX saved_views_due ON saved_views (next_at) WHERE next_at IS NOT NULL;

-- Which columns of a list somebody wants to see.
CREATE TABLE list_columns (
    role    text COLLATE "C" NOT NULL CHECK (role IN ('seller', 'support')),
    shop_id text COLLATE "C" NOT NULL,
    person  text COLLATE "C" NOT NULL,
    list    text COLLATE "C" NOT NULL,
    columns text[] NOT NULL,
    PRIMARY KEY (role, shop_id, person, list)
);

-- Who took a list away as a file. personal: whether it says something of people who bought. rows: how many left, also
-- where somebody broke off; ended_at is empty while it goes on.
CREATE TABLE list_exports (
    export_id  text COLLATE "C" PRIMARY KEY,
    role       text COLLATE "C" NOT NULL,
    shop_id    text COLLATE "C" NOT NULL,
    person     text COLLATE "C" NOT NULL,
    credential text COLLATE "C" NOT NULL,
    via        text COLLATE "C" NOT NULL CHECK (via IN ('page', 'api', 'cli', 'mail')),
    list       text COLLATE "C" NOT NULL,
    query      text NOT NULL,
    columns    text[] NOT NULL,
    personal   boolean NOT NULL,
    format     text COLLATE "C" NOT NULL CHECK (format IN ('csv', 'xlsx')),
    rows       bigint NOT NULL DEFAULT 0,
    began_at   timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE INDEX list_exports_by_time ON list_exports (began_at DESC, export_id DESC);

-- Files that were made for somebody of a view; their bytes are with the evidence. gone_at: since when they are not.
CREATE TABLE list_files (
    file_id text COLLATE "C" PRIMARY KEY,
    view_id text COLLATE "C" NOT NULL,
    role    text COLLATE "C" NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    person  text COLLATE "C" NOT NULL,
    list    text COLLATE "C" NOT NULL,
    format  text COLLATE "C" NOT NULL,
    rows    bigint NOT NULL,
    size    bigint NOT NULL,
    made_at timestamptz NOT NULL,
    gone_at timestamptz
);
CREATE INDEX list_files_of ON list_files (role, shop_id, person, made_at DESC);
CREATE INDEX list_files_kept ON list_files (made_at) WHERE gone_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views, list_columns, list_files TO rescind_app;
GRANT SELECT, INSERT, UPDATE (rows, ended_at) ON list_exports TO rescind_app;

-- Lists sorted by amount or by time left, or narrowed by one thing: from an index, and counted without a look at the
-- rows, which are wide. What stands behind a shop's tiles comes from one index as well.
CREATE INDEX orders_by_amount ON orders (total_minor DESC, order_id DESC);
CREATE INDEX orders_by_shop_amount ON orders (shop_id, total_minor DESC, order_id DESC);
CREATE INDEX orders_by_stage ON orders (stage, placed_at DESC, order_id DESC);
CREATE INDEX orders_by_shop_stage ON orders (shop_id, stage, placed_at DESC, order_id DESC) INCLUDE (dispatch_due_at);
CREATE INDEX orders_by_due ON orders (due_at, order_id);
CREATE INDEX orders_by_shop_due ON orders (shop_id, due_at, order_id);
CREATE INDEX orders_by_currency ON orders (currency, placed_at DESC, order_id DESC);
CREATE INDEX orders_to_ship ON orders (dispatch_due_at, shop_id)
    WHERE stage IN ('on_hold', 'review', 'allocated', 'preparing', 'packing', 'packed');
CREATE INDEX cases_everywhere ON cases (requested_at DESC, case_id DESC);
CREATE INDEX cases_by_amount ON cases (amount_minor DESC, case_id DESC);
CREATE INDEX cases_by_shop_amount ON cases (shop_id, amount_minor DESC, case_id DESC);
CREATE INDEX cases_by_status ON cases (status, due_at, case_id);
CREATE INDEX cases_by_reason ON cases (reason, requested_at DESC, case_id DESC) INCLUDE (shop_id, order_id);
CREATE INDEX cases_by_stage ON cases (stage, requested_at DESC, case_id DESC);
CREATE INDEX cases_by_currency ON cases (currency, requested_at DESC, case_id DESC);
CREATE INDEX cases_cancelled ON cases (shop_id, order_id)
    WHERE kind = 'cancellation' AND status IN ('approved', 'awaiting_seller', 'awaiting_carrier', 'in_review');
CREATE INDEX cases_open_first ON cases ((CASE WHEN closed_at IS NULL THEN due_at END), case_id);
CREATE INDEX cases_by_shop_open_first ON cases (shop_id, (CASE WHEN closed_at IS NULL THEN due_at END), case_id);

ALTER TABLE mails DROP CONSTRAINT mails_kind_check;
ALTER TABLE mails ADD CONSTRAINT mails_kind_check CHECK (
    kind IN ('document', 'endpoint_off', 'notice', 'digest', 'code', 'staff', 'list')
) NOT VALID;
