-- A shop's name, time zone, contact and preset are versions of it as its settings are. before: what they were, for an
-- order that is told late was bought under the preset of its day.
ALTER TABLE shop_versions DROP CONSTRAINT shop_versions_kind_check;
ALTER TABLE shop_versions ADD CONSTRAINT shop_versions_kind_check
    CHECK (kind IN ('automation', 'contact', 'replies', 'rules', 'settings', 'shop')) NOT VALID;

-- host: for whose pages a browser made a passkey, and shows it to no other; empty where that was never written down.
ALTER TABLE passkeys ADD COLUMN host text COLLATE "C" NOT NULL DEFAULT '';
