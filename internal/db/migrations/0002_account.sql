-- Who the people are, and what they prove it with.

CREATE TABLE account (
  id                 TEXT   NOT NULL PRIMARY KEY,
  user_id            TEXT   NOT NULL,          -- as it is shown
  user_id_key        TEXT   NOT NULL UNIQUE,   -- PRECIS, case-mapped
  email              TEXT   NOT NULL,          -- as it was typed
  email_key          TEXT   NOT NULL UNIQUE,   -- canonical; 'closed:' and the id once closed
  email_confirmed_at BIGINT NOT NULL,
  mobile             TEXT   NOT NULL,          -- E.164, or ''
  mobile_verified_at BIGINT NOT NULL,
  first_name         TEXT   NOT NULL,
  last_name          TEXT   NOT NULL,
  organization       TEXT   NOT NULL,          -- as it was typed; grants nothing
  country            TEXT   NOT NULL,          -- ISO 3166-1 alpha-2, or ''
  lang               TEXT   NOT NULL,
  state              TEXT   NOT NULL,          -- unfinished, active, expired, disabled, closed
  password_hash      TEXT   NOT NULL,          -- PHC string, or '' for none
  password_set_at    BIGINT NOT NULL,
  search_key         TEXT   NOT NULL,
  reminded_at        BIGINT NOT NULL,
  created_at         BIGINT NOT NULL,
  updated_at         BIGINT NOT NULL
);
CREATE INDEX account_state ON account (state, created_at);
CREATE INDEX account_created ON account (created_at);

-- Passwords that were, so that they do not come back at once.
CREATE TABLE account_password (
  account_id TEXT   NOT NULL REFERENCES account (id),
  hash       TEXT   NOT NULL,
  set_at     BIGINT NOT NULL,
  PRIMARY KEY (account_id, set_at)
);

CREATE TABLE account_question (
  account_id TEXT   NOT NULL REFERENCES account (id),
  position   BIGINT NOT NULL,
  question   TEXT   NOT NULL, -- a key of the catalogue, or ''
  own        TEXT   NOT NULL, -- in the person's own words, or ''
  hash       TEXT   NOT NULL, -- of the normalised answer
  set_at     BIGINT NOT NULL,
  PRIMARY KEY (account_id, position)
);

CREATE TABLE authenticator (
  account_id   TEXT   NOT NULL PRIMARY KEY REFERENCES account (id),
  secret       TEXT   NOT NULL, -- sealed
  last_step    BIGINT NOT NULL, -- the newest time step that was taken
  failures     BIGINT NOT NULL, -- in a row
  created_at   BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL  -- 0 until a code of it was shown
);

CREATE TABLE recovery_code (
  account_id TEXT   NOT NULL REFERENCES account (id),
  mac        TEXT   NOT NULL,
  used_at    BIGINT NOT NULL,
  PRIMARY KEY (account_id, mac)
);

-- Every text of the terms that anybody accepted, kept as proof.
CREATE TABLE terms_text (
  hash    TEXT   NOT NULL PRIMARY KEY,
  version TEXT   NOT NULL,
  lang    TEXT   NOT NULL,
  text    TEXT   NOT NULL,
  kept_at BIGINT NOT NULL
);

CREATE TABLE terms_acceptance (
  account_id  TEXT   NOT NULL REFERENCES account (id),
  version     TEXT   NOT NULL,
  text_hash   TEXT   NOT NULL,
  address     TEXT   NOT NULL, -- network address of who accepted
  accepted_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, version)
);
