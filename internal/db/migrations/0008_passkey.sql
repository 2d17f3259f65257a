-- The passkeys with which people prove who they are. Only what is public of a key is kept.

CREATE TABLE passkey (
  id              TEXT    NOT NULL PRIMARY KEY,
  account_id      TEXT    NOT NULL REFERENCES account (id),
  credential_id   TEXT    NOT NULL UNIQUE, -- base64url, as the authenticator calls it
  public_key      TEXT    NOT NULL,        -- COSE, base64url
  aaguid          TEXT    NOT NULL,        -- the make of the authenticator, base64url
  counter         BIGINT  NOT NULL,        -- of signatures; 0 where the authenticator does not count
  transports      TEXT    NOT NULL,        -- with spaces between
  backup_eligible BOOLEAN NOT NULL,
  backed_up       BOOLEAN NOT NULL,
  name            TEXT    NOT NULL,        -- as its owner calls it
  created_at      BIGINT  NOT NULL,
  used_at         BIGINT  NOT NULL,
  copied_at       BIGINT  NOT NULL         -- when two copies of the key seemed to be in use: it counts no more
);
CREATE INDEX passkey_account ON passkey (account_id, created_at);
