-- What was said elsewhere, recorded by one side for the other to read, and which message another one answers. With whom
-- it was said is the first line of the body, so that it can be erased with it.
ALTER TABLE messages
    ADD COLUMN outside_way text CHECK (outside_way IN ('telephone', 'email', 'in_person', 'other')),
    ADD COLUMN outside_at  timestamptz,
    ADD COLUMN answers     text COLLATE "C";
ALTER TABLE messages ADD CONSTRAINT messages_outside_check
    CHECK ((outside_way IS NULL) = (outside_at IS NULL)
           AND (outside_way IS NULL OR (audience = 'everyone' AND flag = ''))) NOT VALID;

-- How a shop is reached, and the sentences it keeps ready, are versions of a shop as its settings are.
ALTER TABLE shop_versions DROP CONSTRAINT shop_versions_kind_check;
ALTER TABLE shop_versions ADD CONSTRAINT shop_versions_kind_check
    CHECK (kind IN ('automation', 'contact', 'replies', 'rules', 'settings')) NOT VALID;
