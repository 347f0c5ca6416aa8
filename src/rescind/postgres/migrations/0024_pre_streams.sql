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
