-- A manual review stands in the same queue as requests and contradictions.
ALTER TABLE cases DROP CONSTRAINT cases_kind_check;
ALTER TABLE cases ADD CONSTRAINT cases_kind_check CHECK (kind IN ('cancellation', 'contradiction', 'review')) NOT VALID;
