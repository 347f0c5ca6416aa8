-- What a shop's settings were before a version of them: an order that is told late was bought under them.
ALTER TABLE shop_versions ADD COLUMN before jsonb;
