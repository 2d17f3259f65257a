-- Programs of an organization: accounts that have scopes and show a token.

CREATE TABLE service_account (
  id              TEXT   NOT NULL PRIMARY KEY,
  organization_id TEXT   NOT NULL,
  name            TEXT   NOT NULL,
  name_key        TEXT   NOT NULL, -- without case
  scopes          TEXT   NOT NULL, -- separated by spaces
  created_at      BIGINT NOT NULL,
  created_by      TEXT   NOT NULL,
  revoked_at      BIGINT NOT NULL, -- 0: it works
  revoked_by      TEXT   NOT NULL
);
CREATE UNIQUE INDEX service_account_name ON service_account (organization_id, name_key) WHERE revoked_at = 0;
CREATE INDEX service_account_organization ON service_account (organization_id, created_at);

-- The tokens of a service account: the newest, and the one before it while a rotation lasts.
CREATE TABLE service_token (
  id                 TEXT   NOT NULL PRIMARY KEY, -- stands in the token, and is no secret
  service_account_id TEXT   NOT NULL,
  number             BIGINT NOT NULL, -- of the account's tokens, from 1
  hash               TEXT   NOT NULL,
  made_at            BIGINT NOT NULL,
  made_by            TEXT   NOT NULL,
  expires_at         BIGINT NOT NULL, -- 0: never
  used_at            BIGINT NOT NULL, -- to the minute; 0: never
  used_from          TEXT   NOT NULL  -- the network
);
CREATE UNIQUE INDEX service_token_account ON service_token (service_account_id, number);
