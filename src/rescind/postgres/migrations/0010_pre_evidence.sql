-- Files that show something. The bytes are in the object store under shop, order and id; here is whose they are.
-- place: which of its side's files of this order; kept_at: since when the bytes are there; named_at: when the sweep found
-- that an event names it, which is the only thing that makes a file part of a case.
CREATE TABLE evidence (
    shop_id     text COLLATE "C" NOT NULL,
    evidence_id text COLLATE "C" NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    by_role     text COLLATE "C" NOT NULL,
    by_id       text COLLATE "C" NOT NULL,
    place       smallint NOT NULL,
    type        text NOT NULL,
    size        integer NOT NULL CHECK (size > 0),
    digest      text COLLATE "C" NOT NULL CHECK (length(digest) = 64),
    uploaded_at timestamptz NOT NULL,
    kept_at     timestamptz,
    named_at    timestamptz,
    PRIMARY KEY (shop_id, evidence_id),
    UNIQUE (shop_id, order_id, by_role, by_id, digest),
    UNIQUE (shop_id, order_id, by_role, place)
);
CREATE INDEX evidence_unnamed ON evidence (uploaded_at) WHERE named_at IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON evidence TO rescind_app;

-- A return case stands in the same queue as the others, those of 0009 among them.
ALTER TABLE cases DROP CONSTRAINT cases_kind_check;
ALTER TABLE cases ADD CONSTRAINT cases_kind_check
    CHECK (kind IN ('cancellation', 'contradiction', 'review', 'override', 'return')) NOT VALID;
