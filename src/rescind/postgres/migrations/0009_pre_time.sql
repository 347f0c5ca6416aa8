-- Whoever lets the clock say that nobody paid asks the provider first: work of a kind of its own, with a lease.
UPDATE due SET kind = 'unpaid' WHERE kind = 'timer' AND ref LIKE '%:unpaid';

-- Business calendars, kept by the hash of what they say for as long as a receipt may name them.
CREATE TABLE calendars (
    hash         text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    name         text NOT NULL,
    body         bytea NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What operators said of single days: closed, open, or as the package has it again. The last word about a day counts.
CREATE TABLE calendar_days (
    number   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    calendar text NOT NULL,
    day      date NOT NULL,
    says     text NOT NULL CHECK (says IN ('closed', 'open', 'package')),
    reason   text NOT NULL,
    said_by  text NOT NULL,
    known_at timestamptz NOT NULL
);
CREATE INDEX calendar_days_of ON calendar_days (calendar, number);
GRANT SELECT, INSERT ON calendars, calendar_days TO rescind_app;
