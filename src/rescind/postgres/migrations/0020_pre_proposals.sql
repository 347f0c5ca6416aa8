-- Money that one person proposes to move and another has to confirm waits in the same queue as everything else.
ALTER TABLE cases DROP CONSTRAINT cases_kind_check;
ALTER TABLE cases ADD CONSTRAINT cases_kind_check
    CHECK (kind IN ('cancellation', 'contradiction', 'review', 'override', 'return', 'refund', 'proposal')) NOT VALID;
-- They are read on their own, across all shops, and few of them wait at any time.
CREATE INDEX cases_proposals ON cases (requested_at, case_id) WHERE kind = 'proposal';
