-- Getting back in: how often something was sent, how often a means failed in a row, and which questions are asked.

CREATE TABLE recovery_send (
  key       TEXT   NOT NULL PRIMARY KEY, -- what was typed, or where it went; hashed
  fourth_at BIGINT NOT NULL,             -- the last four times, the oldest first
  third_at  BIGINT NOT NULL,
  second_at BIGINT NOT NULL,
  last_at   BIGINT NOT NULL
);
CREATE INDEX recovery_send_last ON recovery_send (last_at);

CREATE TABLE recovery_failure (
  whose     TEXT   NOT NULL, -- an account; or '-' and a hash of a login that nobody has, so that everybody costs the same
  means     TEXT   NOT NULL,
  failures  BIGINT NOT NULL, -- in a row
  failed_at BIGINT NOT NULL,
  PRIMARY KEY (whose, means)
);

CREATE TABLE recovery_pick (
  account_id TEXT   NOT NULL PRIMARY KEY,
  one        BIGINT NOT NULL, -- position of a question, from 0
  two        BIGINT NOT NULL,
  picked_at  BIGINT NOT NULL
);
