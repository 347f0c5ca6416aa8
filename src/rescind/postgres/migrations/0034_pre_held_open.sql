-- This number belongs to a change that is joined before this one; this file goes when it comes.
SELECT 1;
