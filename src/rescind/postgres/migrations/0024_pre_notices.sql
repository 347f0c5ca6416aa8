-- What people are told of orders. A row is for one reader: a buyer, whoever works in a shop, or the platform. key: what
-- makes it the same notice, so that an event that is carried twice tells nobody twice. body: what does not change of it;
-- how it stands is read from the order each time it is shown or sent. tx, id: its place in the live stream.
CREATE TABLE notices (
    shop_id   text COLLATE "C" NOT NULL,
    notice_id text COLLATE "C" NOT NULL,
    order_id  text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    role      text NOT NULL CHECK (role IN ('buyer', 'seller', 'support')),
    party     text COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    topic     text COLLATE "C" NOT NULL,
    body      bytea NOT NULL,
    made_at   timestamptz NOT NULL,
    read_at   timestamptz,
    read_by   text NOT NULL DEFAULT '',
    id        bigint NOT NULL DEFAULT nextval('events_id_seq'),
    tx        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (shop_id, notice_id),
    UNIQUE (shop_id, order_id, key)
);
CREATE INDEX notices_by_reader ON notices (role, party, made_at DESC, notice_id DESC);
CREATE INDEX notices_unread ON notices (role, party) WHERE read_at IS NULL;
CREATE INDEX notices_by_time ON notices (tx, id);
CREATE INDEX notices_by_age ON notices (made_at);

-- Addresses at which people can be told. person: whose it is, as credentials name them. shop_id: empty for people of the
-- platform. code: what proves an address, hashed; tries: how often a wrong one was typed. A buyer's mail address is not
-- here: the marketplace tells it with the buyer.
CREATE TABLE notice_channels (
    channel_id  text COLLATE "C" PRIMARY KEY,
    role        text NOT NULL CHECK (role IN ('seller', 'support', 'buyer')),
    shop_id     text COLLATE "C" NOT NULL,
    person      text COLLATE "C" NOT NULL,
    channel     text COLLATE "C" NOT NULL,
    address     text COLLATE "C" NOT NULL,
    code        bytea,
    code_until  timestamptz,
    codes       integer NOT NULL DEFAULT 0,
    codes_since timestamptz,
    tries       integer NOT NULL DEFAULT 0,
    made_at     timestamptz NOT NULL,
    verified_at timestamptz,
    gone_at     timestamptz,
    UNIQUE (role, shop_id, person, channel, address)
);
CREATE INDEX notice_channels_of_shops ON notice_channels (shop_id) WHERE verified_at IS NOT NULL AND gone_at IS NULL;

-- What a person has chosen: a language (empty: the one we know of them), whose clock (empty: the shop's), the hour of
-- the daily digest, and by channel and topic how they are told; what is not in it is as it comes.
CREATE TABLE notice_preferences (
    role       text NOT NULL CHECK (role IN ('buyer', 'seller', 'support')),
    shop_id    text COLLATE "C" NOT NULL,
    person     text COLLATE "C" NOT NULL,
    language   text NOT NULL DEFAULT '',
    zone       text NOT NULL DEFAULT '',
    hour       smallint NOT NULL DEFAULT 8 CHECK (hour BETWEEN 0 AND 23),
    choices    jsonb NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (role, shop_id, person)
);

-- A notice on its way to one address. recipient: a channel's id, or buyer:<id> for the address the marketplace tells.
-- state: gathered waits for a digest; dropped did not stand any more when its turn came. mail: what it went with.
CREATE TABLE notice_sends (
    shop_id   text COLLATE "C" NOT NULL,
    notice_id text COLLATE "C" NOT NULL,
    channel   text COLLATE "C" NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    state     text COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'gathered', 'sent', 'dropped', 'refused', 'failed')),
    due_at    timestamptz NOT NULL,
    made_at   timestamptz NOT NULL,
    ended_at  timestamptz,
    fence     integer NOT NULL DEFAULT 0,
    tries     integer NOT NULL DEFAULT 0,
    said      text NOT NULL DEFAULT '',
    mail      text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (shop_id, notice_id, channel, recipient)
);
CREATE INDEX notice_sends_due ON notice_sends (channel, recipient, due_at) WHERE state = 'waiting';
CREATE INDEX notice_sends_gathered ON notice_sends (due_at) WHERE state = 'gathered';
CREATE INDEX notice_sends_mail ON notice_sends (mail) WHERE mail <> '';
GRANT SELECT, INSERT, UPDATE, DELETE ON notices, notice_channels, notice_preferences, notice_sends TO rescind_app;

-- Mail that tells of a notice, of a day's notices, or proves an address. about: the notice, or the code's own number;
-- reader: the recipient it is for. dropped: what it was to tell did not stand any more when its turn came.
ALTER TABLE mails ADD COLUMN about text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN reader text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE mails DROP CONSTRAINT mails_kind_check;
ALTER TABLE mails ADD CONSTRAINT mails_kind_check CHECK (kind IN ('document', 'notice', 'digest', 'code')) NOT VALID;
ALTER TABLE mails DROP CONSTRAINT mails_status_check;
ALTER TABLE mails ADD CONSTRAINT mails_status_check
    CHECK (status IN ('waiting', 'taken', 'refused', 'failed', 'in_doubt', 'dropped')) NOT VALID;

-- A shop that has no address at which it can be told is not decided for by its silence. That holds for installations
-- that begin with this; one that has shops already is asked to switch it on.
INSERT INTO installation (key, value) SELECT 'channels', 'wanted' WHERE NOT EXISTS (SELECT FROM shops);
