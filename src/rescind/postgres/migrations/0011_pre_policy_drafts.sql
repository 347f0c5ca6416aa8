-- A draft is written, submitted, and then put in force or sent back. What is waiting today was submitted when it was
-- proposed.
ALTER TABLE policy_versions
    -- The text as somebody wrote it, with its comments; a version of before is told from its published form.
    ADD COLUMN source          text,
    -- What was in force when the draft was begun: another one since then is told to whoever approves.
    ADD COLUMN base_hash       text NOT NULL DEFAULT '',
    ADD COLUMN note            text NOT NULL DEFAULT '',
    -- The worked examples that are meant to come out otherwise.
    ADD COLUMN accepted        text[] NOT NULL DEFAULT '{}',
    ADD COLUMN submitted_at    timestamptz,
    ADD COLUMN rejected_by     text,
    ADD COLUMN rejected_at     timestamptz,
    ADD COLUMN rejection       text NOT NULL DEFAULT '',
    ADD COLUMN idempotency_key text,
    ADD COLUMN fingerprint     bytea;
CREATE UNIQUE INDEX policy_versions_once ON policy_versions (proposed_by, idempotency_key);

ALTER TABLE policy_versions DROP CONSTRAINT policy_versions_status_check;
ALTER TABLE policy_versions ADD CONSTRAINT policy_versions_status_check
    CHECK (status IN ('draft', 'submitted', 'rejected', 'live', 'retired'));
ALTER TABLE policy_versions DROP CONSTRAINT four_eyes;
ALTER TABLE policy_versions ADD CONSTRAINT four_eyes CHECK (
    (status NOT IN ('live', 'retired') OR (approved_by IS NOT NULL AND approved_by <> proposed_by))
    AND (status <> 'rejected' OR (rejected_by IS NOT NULL AND rejected_by <> proposed_by))
);
UPDATE policy_versions SET status = 'submitted', submitted_at = proposed_at WHERE status = 'draft';

-- On which day a key was last used: one write a key a day.
ALTER TABLE credentials ADD COLUMN used_on date;
