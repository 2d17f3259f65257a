-- What an account goes through after it was made: when it was last used, since when and why it is in its state, and whether
-- its owner still has to give what a legacy account lacks.

ALTER TABLE account ADD COLUMN signed_in_at BIGINT NOT NULL DEFAULT 0; -- the last time a session began
ALTER TABLE account ADD COLUMN state_at BIGINT NOT NULL DEFAULT 0;     -- since when it is in its state; 0: since it was made
ALTER TABLE account ADD COLUMN state_reason TEXT NOT NULL DEFAULT '';  -- why: import, staff, age, dormant, undo, compromise
ALTER TABLE account ADD COLUMN held_reason TEXT NOT NULL DEFAULT '';  -- of a disabled account: why it had expired before, or '' for it had not
ALTER TABLE account ADD COLUMN incomplete BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN closing_at BIGINT NOT NULL DEFAULT 0;   -- the owner asked to close it; it closes then
ALTER TABLE account ADD COLUMN age_notice BIGINT NOT NULL DEFAULT 0;   -- the days before its password ends that were told last; 0: none
ALTER TABLE account ADD COLUMN dormant_notice_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX account_closing ON account (closing_at) WHERE closing_at <> 0;
CREATE INDEX account_signed_in ON account (state, signed_in_at);
CREATE INDEX account_password_set ON account (state, password_set_at);

-- Addresses that an account had until a short while ago: told of what happens, and not free for others.
CREATE TABLE account_email (
  account_id TEXT   NOT NULL REFERENCES account (id),
  email      TEXT   NOT NULL,
  email_key  TEXT   NOT NULL,
  changed_at BIGINT NOT NULL,
  until_at   BIGINT NOT NULL, -- it can be undone before this
  PRIMARY KEY (account_id, email_key)
);
CREATE INDEX account_email_key ON account_email (email_key, until_at);

-- How many have accepted a version, and who has not.
CREATE INDEX terms_acceptance_version ON terms_acceptance (version, account_id);
