-- When nobody could answer anything, because no web process was there or the database was away: what such a time took
-- from somebody's deadline is given back.
CREATE TABLE outages (
    began_at timestamptz PRIMARY KEY,
    ended_at timestamptz NOT NULL CHECK (ended_at > began_at)
);

ALTER TABLE heartbeats ADD COLUMN role text NOT NULL DEFAULT 'worker' CHECK (role IN ('web', 'worker'));

GRANT SELECT, INSERT ON outages TO rescind_app;
