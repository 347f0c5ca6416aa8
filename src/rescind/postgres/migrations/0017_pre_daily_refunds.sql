-- What one person or one key gave back on one day, so that a limit holds however many do it at once. The statement that
-- counts is the one that checks. A few rows a day; they are forgotten after a week.
CREATE TABLE daily_refunds (
    actor        text COLLATE "C" NOT NULL,
    day          date NOT NULL,
    currency     char(3) NOT NULL,
    acts         integer NOT NULL CHECK (acts >= 0),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    PRIMARY KEY (actor, day, currency)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON daily_refunds TO rescind_app;
