-- People who work here, each with an account of their own. password: argon2id; totp: the seed of an authenticator app,
-- sealed under a key that is not in the database. totp_step: the last step whose code was taken, so that none counts
-- twice. identity: as whom the identity provider knows them, once they came from there.
CREATE TABLE accounts (
    account_id text COLLATE "C" PRIMARY KEY,
    email      text COLLATE "C" NOT NULL UNIQUE,
    name       text NOT NULL,
    language   text COLLATE "C" NOT NULL,
    zone       text COLLATE "C" NOT NULL,
    password   text NOT NULL DEFAULT '',
    totp       bytea,
    totp_step  bigint NOT NULL DEFAULT 0,
    identity   text NOT NULL DEFAULT '',
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((totp IS NOT NULL) = (password <> ''))
);

-- As what a person works. shop_id: of a seller; empty for people of the platform.
CREATE TABLE account_roles (
    account_id text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
    role       text COLLATE "C" NOT NULL CHECK (role IN ('seller', 'support', 'operator')),
    shop_id    text COLLATE "C" NOT NULL,
    rights     text COLLATE "C" NOT NULL CHECK (rights IN ('manage', 'answer')),
    given_by   text NOT NULL,
    given_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at    timestamptz,
    PRIMARY KEY (account_id, role, shop_id),
    CHECK ((role = 'seller') = (shop_id <> ''))
);
CREATE INDEX account_roles_by_shop ON account_roles (shop_id, role);

CREATE TABLE passkeys (
    passkey_id bytea PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
    attested   bytea NOT NULL,
    name       text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at    timestamptz
);
CREATE INDEX passkeys_by_account ON passkeys (account_id);

CREATE TABLE recovery_codes (
    account_id text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
    code_hash  bytea NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (account_id, code_hash)
);

-- Links in mails to people: to join, to begin anew, to choose another password. The link itself is worked out from the
-- id and a key that is not in the database; whoever reads this table cannot make one.
CREATE TABLE staff_links (
    link_id    text COLLATE "C" PRIMARY KEY,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('join', 'anew', 'password')),
    email      text COLLATE "C" NOT NULL,
    name       text NOT NULL,
    language   text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL DEFAULT '',
    role       text COLLATE "C" NOT NULL DEFAULT '',
    shop_id    text COLLATE "C" NOT NULL DEFAULT '',
    rights     text COLLATE "C" NOT NULL DEFAULT 'manage',
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    ended_at   timestamptz
);
CREATE INDEX staff_links_open ON staff_links (shop_id, made_at) WHERE used_at IS NULL AND ended_at IS NULL;

-- Where somebody stands between two steps of a sign-in. data: what the next step has to be checked against.
CREATE TABLE sign_in_steps (
    token_hash bytea PRIMARY KEY,
    kind       text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    data       bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_steps_by_end ON sign_in_steps (expires_at);

-- Tries to sign in, by whom and from where they were made; a row that is over counts from nothing again.
CREATE TABLE sign_in_tries (
    about text COLLATE "C" PRIMARY KEY,
    tries integer NOT NULL,
    until timestamptz NOT NULL
);

-- Who let whom in, who changed what they may do, who ended it. Only ever added to.
CREATE TABLE staff_acts (
    act_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    act     text COLLATE "C" NOT NULL,
    by      text NOT NULL,
    by_name text NOT NULL,
    whom    text NOT NULL,
    role    text COLLATE "C" NOT NULL DEFAULT '',
    shop_id text COLLATE "C" NOT NULL DEFAULT '',
    rights  text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX staff_acts_by_shop ON staff_acts (shop_id, act_id);

-- account_id: of a person's session. scopes: what a key may do; none named is everything its role may. agent, address:
-- from where a session came. proven_at: when its person last showed who they are.
ALTER TABLE credentials
    ADD COLUMN account_id text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN rights text COLLATE "C" NOT NULL DEFAULT 'manage' CHECK (rights IN ('manage', 'answer')),
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN made_by text NOT NULL DEFAULT '',
    ADD COLUMN agent text NOT NULL DEFAULT '',
    ADD COLUMN address text NOT NULL DEFAULT '',
    ADD COLUMN used_at timestamptz,
    ADD COLUMN proven_at timestamptz;
CREATE INDEX credentials_by_person ON credentials (role, principal) WHERE revoked_at IS NULL;
CREATE INDEX credentials_by_account ON credentials (account_id) WHERE account_id <> '' AND revoked_at IS NULL;

ALTER TABLE mails DROP CONSTRAINT mails_kind_check;
ALTER TABLE mails ADD CONSTRAINT mails_kind_check CHECK (
    kind IN ('document', 'endpoint_off', 'notice', 'digest', 'code', 'staff')
) NOT VALID;

GRANT SELECT, INSERT, UPDATE, DELETE ON
    accounts, account_roles, passkeys, recovery_codes, staff_links, sign_in_steps, sign_in_tries TO rescind_app;
GRANT SELECT, INSERT ON staff_acts TO rescind_app;
