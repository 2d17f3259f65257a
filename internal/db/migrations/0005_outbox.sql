-- Messages that leave the portal. A row is written in the transaction of what
-- it tells, and stays as the record of what became of it.
CREATE TABLE outbox_message (
  id           TEXT   NOT NULL PRIMARY KEY,
  kind         TEXT   NOT NULL,
  channel      TEXT   NOT NULL,
  about        TEXT   NOT NULL,
  recipient    TEXT   NOT NULL,
  lang         TEXT   NOT NULL,
  subject      TEXT   NOT NULL,
  body         TEXT   NOT NULL, -- sealed; empty once the message has left
  state        TEXT   NOT NULL, -- queued, held, sent, failed, dropped
  reason       TEXT   NOT NULL, -- why it was dropped
  replaced_by  TEXT   NOT NULL, -- the newer message about the same thing
  attempts     BIGINT NOT NULL,
  queued_at    BIGINT NOT NULL,
  due_at       BIGINT NOT NULL,
  until_at     BIGINT NOT NULL, -- of no use after this; 0: always
  settled_at   BIGINT NOT NULL,
  lease_token  TEXT   NOT NULL,
  lease_until  BIGINT NOT NULL,
  carrier      TEXT   NOT NULL, -- who had it last
  answer       TEXT   NOT NULL  -- what that one said
);
CREATE INDEX outbox_message_due ON outbox_message (due_at, id) WHERE state = 'queued';
CREATE INDEX outbox_message_state ON outbox_message (state, queued_at);
CREATE INDEX outbox_message_about ON outbox_message (about, kind);
CREATE INDEX outbox_message_recipient ON outbox_message (recipient, queued_at);

-- The demo's inbox: what would have gone out, readable.
CREATE TABLE inbox_message (
  id           TEXT   NOT NULL PRIMARY KEY,
  channel      TEXT   NOT NULL,
  kind         TEXT   NOT NULL,
  recipient    TEXT   NOT NULL,
  lang         TEXT   NOT NULL,
  subject      TEXT   NOT NULL,
  body_text    TEXT   NOT NULL,
  body_html    TEXT   NOT NULL,
  at           BIGINT NOT NULL
);
CREATE INDEX inbox_message_at ON inbox_message (at, id);
