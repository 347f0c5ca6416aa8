-- One look a kind finds what is due, whatever the slices: those are checked on the few rows that are. The index before
-- wanted a look for each kind and slice, 512 in a sweep. Code that still asks by slice is answered from this one, too.
CREATE INDEX due_by_time ON due (kind, due_at);
DROP INDEX due_next;
