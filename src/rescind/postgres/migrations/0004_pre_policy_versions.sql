-- Which policies were proposed, which are in force and which were: a draft comes into force by a second person.
CREATE TABLE policy_versions (
    number      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    shop_id     text,
    hash        text NOT NULL REFERENCES policies,
    status      text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'live', 'retired')),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    approved_by text,
    approved_at timestamptz,
    retired_at  timestamptz,
    CONSTRAINT four_eyes CHECK (status = 'draft' OR (approved_by IS NOT NULL AND approved_by <> proposed_by))
);
CREATE UNIQUE INDEX policy_versions_live ON policy_versions (name, coalesce(shop_id, '')) WHERE status = 'live';
GRANT SELECT, INSERT, UPDATE ON policy_versions TO rescind_app;

-- A shop's own rules, beside the preset and its settings.
ALTER TABLE shops ADD COLUMN shop_hash text REFERENCES policies;
