-- What the helpdesk finds accounts by, whom it has verified, and what it is about to clear.

-- The words of a person that accounts are found by, in hexadecimal digits, as of access_request_token. Whatever
-- changes a word of an account sets its indexed_at to 0: whoever searches brings it up to date first, and a chore does
-- so for many.
CREATE TABLE account_token (
  token      TEXT NOT NULL,
  account_id TEXT NOT NULL,
  PRIMARY KEY (token, account_id)
);
CREATE INDEX account_token_of ON account_token (account_id, token);
ALTER TABLE account ADD COLUMN indexed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX account_indexed ON account (indexed_at);
CREATE INDEX account_state_id ON account (state, id);

-- What staff wrote to the applicant in the approval: it is shown with the request, and sent again with it.
ALTER TABLE access_request ADD COLUMN message TEXT NOT NULL DEFAULT '';

-- A code that a caller read out, by which one member of staff has verified one account for a while.
CREATE TABLE helpdesk_proof (
  account_id  TEXT   NOT NULL,
  staff_id    TEXT   NOT NULL,
  means       TEXT   NOT NULL, -- email, mobile
  destination TEXT   NOT NULL, -- a hash: a proof of another address counts for nothing
  sent_at     BIGINT NOT NULL,
  proved_at   BIGINT NOT NULL, -- 0: not yet
  PRIMARY KEY (account_id, staff_id, means)
);
CREATE INDEX helpdesk_proof_sent ON helpdesk_proof (sent_at);

-- What is to be taken away from an account, on whose word, and when.
CREATE TABLE helpdesk_clearing (
  id           TEXT    NOT NULL PRIMARY KEY,
  account_id   TEXT    NOT NULL,
  questions    BOOLEAN NOT NULL,
  authenticator BOOLEAN NOT NULL,
  passkeys     BOOLEAN NOT NULL,
  basis        TEXT    NOT NULL, -- two-means, voucher, two-staff
  state        TEXT    NOT NULL, -- asked, waiting, done, stopped, refused, cancelled, lapsed, overtaken
  reason       TEXT    NOT NULL,
  asked_by     TEXT    NOT NULL, -- the member of staff
  asked_name   TEXT    NOT NULL,
  asked_at     BIGINT  NOT NULL,
  agreed_by    TEXT    NOT NULL, -- the administrator, or the second member of staff
  agreed_name  TEXT    NOT NULL,
  due_at       BIGINT  NOT NULL, -- asked: it lapses; waiting: it takes effect
  settled_at   BIGINT  NOT NULL,
  settled_by   TEXT    NOT NULL,
  note         TEXT    NOT NULL  -- why it was cancelled or refused
);
CREATE UNIQUE INDEX helpdesk_clearing_open ON helpdesk_clearing (account_id) WHERE state IN ('asked', 'waiting');
CREATE INDEX helpdesk_clearing_due ON helpdesk_clearing (state, due_at, id);
CREATE INDEX helpdesk_clearing_account ON helpdesk_clearing (account_id, asked_at);
