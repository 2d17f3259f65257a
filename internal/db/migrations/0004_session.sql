-- Who is signed in (package session), and who of the accounts is staff, with which roles (package staff).

-- A session is found by its id; the cookie's secret is kept as a hash. An ended session has no row; one that ran out keeps
-- its row for a day, so that its holder can be told why, and is then swept.
CREATE TABLE session (
    id           TEXT PRIMARY KEY,
    secret_hash  TEXT NOT NULL,
    kind         TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    started_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    fresh_at     BIGINT NOT NULL,
    idle         BIGINT NOT NULL,
    idle_ends_at BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    address      TEXT NOT NULL,
    agent        TEXT NOT NULL
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_ends ON session (idle_ends_at);

-- One row for each member of staff, and one for each role of each. Whoever takes a role away locks the administrators' rows
-- first, so that the last one stays.
CREATE TABLE staff (
    account_id  TEXT PRIMARY KEY,
    added_at    BIGINT NOT NULL,
    enrolled_at BIGINT NOT NULL
);
CREATE TABLE staff_role (
    account_id TEXT NOT NULL,
    role       TEXT NOT NULL,
    PRIMARY KEY (account_id, role)
);
CREATE INDEX staff_role_role ON staff_role (role);

-- Every page of an organization's administrator counts who waits to join.
CREATE INDEX join_request_waiting ON join_request (organization_id) WHERE state = 'open';

-- How many tries to sign in failed lately, for an account from a network, for an account, and for a network; and when the next
-- is let through. A try is written down before it is made and struck out when it was right.
CREATE TABLE signin_delay (
    key      TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    tried_at BIGINT NOT NULL,
    next_at  BIGINT NOT NULL
);
CREATE INDEX signin_delay_tried ON signin_delay (tried_at);

-- The networks from which an account has signed in: a stranger's failures elsewhere do not delay its owner there.
CREATE TABLE signin_place (
    account_id TEXT NOT NULL,
    network    TEXT NOT NULL,
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, network)
);
CREATE INDEX signin_place_seen ON signin_place (seen_at);
