-- How far events were published to a message broker, by its kind. Everything up to (tx, id) is there. holder: which
-- worker publishes at the moment, until its lease ends; fence: what its next step has to show. published_at: when
-- something was taken last. failing_since, fault, said: since when nothing is taken any more, and why.
CREATE TABLE event_streams (
    stream        text COLLATE "C" PRIMARY KEY CHECK (stream IN ('nats')),
    tx            xid8 NOT NULL,
    id            bigint NOT NULL,
    holder        text NOT NULL DEFAULT '',
    fence         bigint NOT NULL DEFAULT 0,
    lease_until   timestamptz NOT NULL DEFAULT '-infinity',
    published_at  timestamptz,
    failing_since timestamptz,
    fault         text NOT NULL DEFAULT '',
    said          text NOT NULL DEFAULT ''
);
GRANT SELECT, INSERT, UPDATE ON event_streams TO rescind_app;

-- key_pair: messages carry a signature too that anybody verifies with a public key. The key pair follows from the
-- secret and from what is not in the database. told_stopped_at: the switching-off that somebody was written about.
ALTER TABLE webhook_endpoints
    ADD COLUMN key_pair boolean NOT NULL DEFAULT false,
    ADD COLUMN told_stopped_at timestamptz;

-- Mail that is about an endpoint and no document.
ALTER TABLE mails
    ADD COLUMN endpoint_id text COLLATE "C" NOT NULL DEFAULT '',
    DROP CONSTRAINT mails_kind_check,
    ADD CONSTRAINT mails_kind_check CHECK (kind IN ('document', 'endpoint_off'));

-- That a message was seen is told as it happens, in the one order of events and messages. What was seen before has no
-- place in that order.
ALTER TABLE message_reads ADD COLUMN id bigint, ADD COLUMN tx xid8;
ALTER TABLE message_reads ALTER COLUMN id SET DEFAULT nextval('events_id_seq'),
    ALTER COLUMN tx SET DEFAULT pg_current_xact_id();
CREATE INDEX message_reads_tail ON message_reads (tx, id) WHERE tx IS NOT NULL;

-- What a translator made of a message, for those who asked: beside the words, never instead of them. translator: what
-- it is called, as it was called then.
CREATE TABLE translations (
    shop_id       text COLLATE "C" NOT NULL,
    message_id    text COLLATE "C" NOT NULL,
    language      text COLLATE "C" NOT NULL,
    body          text NOT NULL CHECK (length(body) BETWEEN 1 AND 8000),
    translator    text NOT NULL,
    translated_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, message_id, language)
);
GRANT SELECT, INSERT, DELETE ON translations TO rescind_app;

-- Whoever erases words erases them in every language, in the same transaction.
CREATE FUNCTION erase_translations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM translations WHERE shop_id = NEW.shop_id AND message_id = NEW.message_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER messages_erased AFTER UPDATE OF body ON messages
    FOR EACH ROW WHEN (NEW.body IS NULL) EXECUTE FUNCTION erase_translations();
