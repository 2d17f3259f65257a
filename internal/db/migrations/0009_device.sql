-- The browsers from which an account has signed in (package signin): each keeps a random token in a cookie, of which the row has
-- the hash. A browser that several people use has one token and a row for each. session_id is the session that it began last.
-- Until trusted_until the browser need not give the authenticator's code.
CREATE TABLE device (
    id            TEXT PRIMARY KEY,
    token_hash    TEXT NOT NULL,
    account_id    TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL,
    trusted_until BIGINT NOT NULL,
    session_id    TEXT NOT NULL,
    agent         TEXT NOT NULL,
    network       TEXT NOT NULL,
    UNIQUE (token_hash, account_id)
);
CREATE INDEX device_account ON device (account_id);
CREATE INDEX device_seen ON device (seen_at);

-- Whom a brake counts, where it counts one login or one account: for showing and for loosening all that brakes an account.
ALTER TABLE signin_delay ADD COLUMN whom TEXT NOT NULL DEFAULT '';
CREATE INDEX signin_delay_whom ON signin_delay (whom);
