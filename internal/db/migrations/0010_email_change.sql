-- Addresses that accounts had. While undo_until is ahead and the change is
-- open, the former address is nobody else's: its owner may take it back.
CREATE TABLE email_change (
  id           TEXT   NOT NULL PRIMARY KEY,
  account_id   TEXT   NOT NULL REFERENCES account (id),
  email        TEXT   NOT NULL, -- the former one, as it was typed; '' once the account is closed
  email_key    TEXT   NOT NULL,
  confirmed_at BIGINT NOT NULL, -- when it was confirmed; 0: never, and then it cannot be taken back
  since        BIGINT NOT NULL, -- what was set for the account since then goes when the change is undone
  changed_at   BIGINT NOT NULL,
  undo_until   BIGINT NOT NULL,
  state        TEXT   NOT NULL  -- open, undone, over
);
CREATE INDEX email_change_account ON email_change (account_id, changed_at);
CREATE INDEX email_change_held ON email_change (email_key, undo_until) WHERE state = 'open';
