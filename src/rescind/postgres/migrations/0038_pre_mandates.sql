-- Keys of programs that act for people, and do so under a mandate alone.
ALTER TABLE credentials ADD COLUMN mandated boolean NOT NULL DEFAULT false;

-- What a person lets such a key do. shops: none for all that the key sees; buyer_id: whose orders alone. each_minor: the
-- most one act is about; a_day_minor: the most of one day (UTC). because: why, in the person's own words. made_by, ended_by:
-- as what and who. used_on, used_minor: the last day on which something was used, and how much; acts_made: in all.
CREATE TABLE mandates (
    mandate_id    text COLLATE "C" PRIMARY KEY,
    key_hash      bytea NOT NULL REFERENCES credentials (token_hash),
    acts          text[] NOT NULL CHECK (acts <> '{}'),
    shops         text[] NOT NULL DEFAULT '{}',
    buyer_id      text NOT NULL DEFAULT '',
    currency      char(3) NOT NULL,
    each_minor    bigint NOT NULL CHECK (each_minor > 0),
    a_day_minor   bigint NOT NULL CHECK (a_day_minor >= each_minor),
    until         timestamptz NOT NULL,
    because       text NOT NULL CHECK (length(because) BETWEEN 1 AND 500),
    made_by       text NOT NULL,
    made_by_name  text NOT NULL,
    made_at       timestamptz NOT NULL,
    ended_by      text NOT NULL DEFAULT '',
    ended_by_name text NOT NULL DEFAULT '',
    ended_at      timestamptz CHECK ((ended_at IS NULL) = (ended_by = '')),
    used_on       date,
    used_minor    bigint NOT NULL DEFAULT 0 CHECK (used_minor >= 0),
    acts_made     bigint NOT NULL DEFAULT 0,
    -- Whatever goes wrong elsewhere, no day holds more than a person said.
    CHECK (used_minor <= a_day_minor)
);
CREATE INDEX mandates_of_key ON mandates (key_hash, made_at DESC);
GRANT SELECT, INSERT, UPDATE (ended_by, ended_by_name, ended_at, used_on, used_minor, acts_made) ON mandates TO rescind_app;
