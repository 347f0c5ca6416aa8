-- order_id: of a buyer who came for this order alone. opens, language: what a buyer's link leads to and how they read it.
-- back_to: the page of the marketplace that somebody came from.
ALTER TABLE credentials
    ADD COLUMN order_id text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN opens text COLLATE "C" NOT NULL DEFAULT ''
        CHECK (opens IN ('', 'orders', 'order', 'cancel', 'conversation', 'fragment')),
    ADD COLUMN language text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN back_to text NOT NULL DEFAULT '',
    ADD CONSTRAINT credentials_of_one_order CHECK (order_id = '' OR role = 'buyer');

-- Secrets under which the marketplace signs links itself, sealed under a key that is not in the database.
CREATE TABLE link_secrets (
    secret_id  text COLLATE "C" PRIMARY KEY,
    secret     bytea NOT NULL,
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at    timestamptz,
    ended_at   timestamptz
);

-- Signed links that have signed somebody in, until they are over anyway.
CREATE TABLE used_links (
    link_hash  bytea PRIMARY KEY CHECK (octet_length(link_hash) = 32),
    expires_at timestamptz NOT NULL
);
CREATE INDEX used_links_by_end ON used_links (expires_at);

ALTER TABLE mails DROP CONSTRAINT mails_kind_check;
ALTER TABLE mails ADD CONSTRAINT mails_kind_check CHECK (
    kind IN ('document', 'endpoint_off', 'notice', 'digest', 'code', 'staff', 'list', 'guest')
) NOT VALID;

GRANT SELECT, INSERT, UPDATE ON link_secrets TO rescind_app;
GRANT SELECT, INSERT, DELETE ON used_links TO rescind_app;
