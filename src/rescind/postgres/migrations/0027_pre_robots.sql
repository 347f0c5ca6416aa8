-- Robots of group chats that speak for a shop. url, secret: sealed under a key that is not in the database; shown: what
-- people may see of the address; address: a hash of it, because two rows of one robot would not know of each other's
-- messages. topics: what the group hears, none for everything. free_at: when the robot may be spoken to again; while
-- somebody speaks to it, when that lease ends. fence: what the end of an attempt has to show. next_at: when it is tried
-- again after a failure; tries: failures in a row. last_*: what came of the last message, or test. made_with, tested_with:
-- what a repeated request is known by.
CREATE TABLE robots (
    shop_id       text COLLATE "C" NOT NULL,
    robot_id      text COLLATE "C" NOT NULL CHECK (robot_id ~ '^bot_[0-9a-hjkmnp-tv-z]{22}$'),
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('wecom', 'feishu', 'dingtalk')),
    url           bytea NOT NULL,
    secret        bytea NOT NULL,
    signed        boolean NOT NULL,
    shown         text NOT NULL,
    address       bytea NOT NULL,
    about         text NOT NULL,
    topics        text[] NOT NULL,
    language      text COLLATE "C" NOT NULL,
    state         text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'paused', 'gone', 'failing', 'removed')),
    free_at       timestamptz NOT NULL,
    fence         bigint NOT NULL DEFAULT 0,
    next_at       timestamptz NOT NULL,
    tries         integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    stopped_at    timestamptz,
    last_at       timestamptz,
    last_fault    text NOT NULL DEFAULT '',
    last_said     text NOT NULL DEFAULT '',
    last_test     boolean NOT NULL DEFAULT false,
    verified_at   timestamptz,
    made_with     bytea NOT NULL,
    tested_with   bytea,
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL,
    changed_at    timestamptz NOT NULL,
    changed_by    text NOT NULL,
    PRIMARY KEY (shop_id, robot_id)
);
CREATE UNIQUE INDEX robots_address ON robots (shop_id, address) WHERE state <> 'removed';

-- What a group is still to hear, and what it has heard. over: by the time it could be said there was nothing to say.
CREATE TABLE robot_messages (
    shop_id    text COLLATE "C" NOT NULL,
    robot_id   text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    topic      text COLLATE "C" NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'said', 'over', 'failed')),
    made_at    timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (shop_id, robot_id, message_id)
);
CREATE INDEX robot_messages_waiting ON robot_messages (shop_id, robot_id, made_at) WHERE state = 'waiting';
CREATE INDEX robot_messages_age ON robot_messages (made_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON robots, robot_messages TO rescind_app;

-- Browsers that somebody wants to be told in. endpoint, auth: sealed under a key that is not in the database; address: a
-- hash of the endpoint, because a browser that subscribes again is the same. role, shop_id,
-- person: who is told, as notice_channels has them.
CREATE TABLE push_subscriptions (
    subscription_id text COLLATE "C" PRIMARY KEY CHECK (subscription_id ~ '^psh_[0-9a-hjkmnp-tv-z]{22}$'),
    address         bytea NOT NULL UNIQUE,
    role            text COLLATE "C" NOT NULL CHECK (role IN ('buyer', 'seller', 'support')),
    shop_id         text COLLATE "C" NOT NULL,
    person          text COLLATE "C" NOT NULL,
    endpoint        bytea NOT NULL,
    point           bytea NOT NULL,
    auth            bytea NOT NULL,
    browser         text NOT NULL,
    language        text COLLATE "C" NOT NULL,
    created_at      timestamptz NOT NULL,
    last_at         timestamptz,
    last_fault      text NOT NULL DEFAULT ''
);
CREATE INDEX push_subscriptions_person ON push_subscriptions (role, shop_id, person, created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON push_subscriptions TO rescind_app;
