-- A refund that the marketplace pays out itself waits in the same queue as requests, reviews and return cases.
ALTER TABLE cases DROP CONSTRAINT cases_kind_check;
ALTER TABLE cases ADD CONSTRAINT cases_kind_check
    CHECK (kind IN ('cancellation', 'contradiction', 'review', 'override', 'return', 'refund')) NOT VALID;
-- They are read on their own, across all shops, and are few among the cases: an ordinary cancellation makes none.
CREATE INDEX cases_refunds ON cases (requested_at, case_id) WHERE kind = 'refund';
