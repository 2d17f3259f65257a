-- What the mechanisms keep: dialogues, codes, links, limits, events, chores.

CREATE TABLE setting (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE flow (
  id          TEXT   NOT NULL PRIMARY KEY,
  secret_hash TEXT   NOT NULL,
  kind        TEXT   NOT NULL,
  step        TEXT   NOT NULL,
  subject     TEXT   NOT NULL, -- whom the dialogue is about, once known; or ''
  data        TEXT   NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL
);
CREATE INDEX flow_subject ON flow (kind, subject);
CREATE INDEX flow_step ON flow (kind, step, updated_at);
CREATE INDEX flow_expires ON flow (expires_at);

CREATE TABLE code (
  owner       TEXT   NOT NULL, -- the flow or account that the code belongs to
  purpose     TEXT   NOT NULL,
  mac         TEXT   NOT NULL, -- over owner, purpose, destination and the code
  tries_left  BIGINT NOT NULL,
  issued_at   BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  used_at     BIGINT NOT NULL,
  PRIMARY KEY (owner, purpose)
);
CREATE INDEX code_expires ON code (expires_at);

CREATE TABLE link (
  token_hash TEXT   NOT NULL PRIMARY KEY,
  purpose    TEXT   NOT NULL,
  subject    TEXT   NOT NULL,
  data       TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL
);
CREATE INDEX link_subject ON link (purpose, subject);
CREATE INDEX link_expires ON link (expires_at);

CREATE TABLE throttle (
  key TEXT   NOT NULL PRIMARY KEY,
  tat BIGINT NOT NULL -- theoretical arrival time of the cell-rate algorithm
);
CREATE INDEX throttle_tat ON throttle (tat);

-- The audit trail. A row's hash covers the row before it; personal data stands
-- in event_detail, of which the chain holds only a salted hash, so that it can
-- be erased without breaking the chain.
CREATE TABLE event (
  seq          BIGINT NOT NULL PRIMARY KEY,
  id           TEXT   NOT NULL UNIQUE,
  at           BIGINT NOT NULL,
  action       TEXT   NOT NULL,
  actor_kind   TEXT   NOT NULL,
  actor_id     TEXT   NOT NULL,
  subject      TEXT   NOT NULL,
  organization TEXT   NOT NULL,
  request_id   TEXT   NOT NULL,
  detail_hash  TEXT   NOT NULL,
  hash         TEXT   NOT NULL
);
CREATE INDEX event_subject ON event (subject, seq);
CREATE INDEX event_organization ON event (organization, seq);
CREATE INDEX event_actor ON event (actor_id, seq);

CREATE TABLE event_detail (
  event_id TEXT NOT NULL PRIMARY KEY REFERENCES event (id),
  salt     TEXT NOT NULL,
  data     TEXT NOT NULL -- JSON
);

CREATE TABLE event_head (
  one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  seq  BIGINT NOT NULL,
  hash TEXT   NOT NULL
);
INSERT INTO event_head (one, seq, hash) VALUES (1, 0, '');

CREATE TABLE chore (
  name        TEXT   NOT NULL PRIMARY KEY,
  next_at     BIGINT NOT NULL,
  lease_token TEXT   NOT NULL,
  lease_until BIGINT NOT NULL,
  ran_at      BIGINT NOT NULL,
  took        BIGINT NOT NULL, -- microseconds
  runs        BIGINT NOT NULL,
  error       TEXT   NOT NULL  -- of the last run, or ''
);
