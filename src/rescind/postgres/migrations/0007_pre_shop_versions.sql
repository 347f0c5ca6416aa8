-- What a shop decides in advance, version by version, and what the platform decides for it. Nothing is changed or
-- deleted: the latest of a kind is in force. hash: the policy that stands from then on; null when none does any more.
-- may_end_at: before this the shop cannot end what the platform switched on.
CREATE TABLE shop_versions (
    shop_id    text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('automation', 'rules', 'settings')),
    number     integer NOT NULL CHECK (number > 0),
    body       jsonb NOT NULL,
    hash       text REFERENCES policies,
    may_end_at timestamptz,
    since      timestamptz NOT NULL,
    changed_by text NOT NULL,
    PRIMARY KEY (shop_id, kind, number)
);
-- Every process asks for these now and then; most shops have none.
CREATE INDEX shop_versions_standing ON shop_versions (shop_id, kind, number DESC) WHERE kind <> 'settings';
GRANT SELECT, INSERT ON shop_versions TO rescind_app;

-- How a shop answered in a calendar month: counted once, when it is over.
CREATE TABLE answer_months (
    shop_id    text COLLATE "C" NOT NULL,
    month      date NOT NULL,
    asked      integer NOT NULL CHECK (asked >= 0),
    in_time    integer NOT NULL CHECK (in_time BETWEEN 0 AND asked),
    counted_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, month)
);
GRANT SELECT, INSERT ON answer_months TO rescind_app;

ALTER TABLE policies DROP CONSTRAINT policies_layer_check;
ALTER TABLE policies ADD CONSTRAINT policies_layer_check
    CHECK (layer IN ('law', 'preset', 'shop', 'standing')) NOT VALID;
