-- What the vendor publishes, the files of it, and what lies in the store.

CREATE TABLE release (
  id             TEXT    NOT NULL PRIMARY KEY,
  product_id     TEXT    NOT NULL,
  version        TEXT    NOT NULL,
  version_key    TEXT    NOT NULL, -- the same for 4.2 and 4.2.0
  channel        TEXT    NOT NULL, -- stable, preview, lts
  title          TEXT    NOT NULL,
  notes          TEXT    NOT NULL, -- Markdown by language, as JSON
  required       BOOLEAN NOT NULL,
  required_since BIGINT  NOT NULL, -- 0: not required, or not published yet
  state          TEXT    NOT NULL, -- draft, verifying, published, withdrawn
  effective_at   BIGINT  NOT NULL, -- published: when clients have it; verifying: when they shall, 0 for at once
  made_at        BIGINT  NOT NULL,
  made_by        TEXT    NOT NULL,
  edited_at      BIGINT  NOT NULL, -- the stamp that an edit names
  published_at   BIGINT  NOT NULL, -- when somebody said so
  published_by   TEXT    NOT NULL,
  withdrawn_at   BIGINT  NOT NULL,
  withdrawn_by   TEXT    NOT NULL,
  reason         TEXT    NOT NULL  -- of the withdrawal
);
CREATE UNIQUE INDEX release_version ON release (product_id, version_key);
CREATE INDEX release_shown ON release (product_id, state, channel);
CREATE INDEX release_effective ON release (state, effective_at, id);

CREATE TABLE artifact (
  id          TEXT   NOT NULL PRIMARY KEY,
  release_id  TEXT   NOT NULL,
  kind        TEXT   NOT NULL, -- as it stands in an address: windows-x64-msi
  title       TEXT   NOT NULL,
  name        TEXT   NOT NULL, -- of the file
  name_key    TEXT   NOT NULL, -- the same for names that some file systems take for one
  platform    TEXT   NOT NULL,
  arch        TEXT   NOT NULL,
  media_type  TEXT   NOT NULL,
  size        BIGINT NOT NULL, -- -1: not known before the end
  sha256      TEXT   NOT NULL,
  sha512      TEXT   NOT NULL,
  blake2b     TEXT   NOT NULL, -- what minisign signs
  signature   TEXT   NOT NULL, -- as it was typed
  signed_by   TEXT   NOT NULL, -- id of the key, where the signature is right
  comment     TEXT   NOT NULL, -- the trusted one
  state       TEXT   NOT NULL, -- uploading, verifying, verified, refused
  trouble     TEXT   NOT NULL, -- refused: why, as a fault's code
  trouble_args TEXT  NOT NULL, -- for its words, as JSON
  blob        TEXT   NOT NULL, -- of the whole, or of the attempt to join it
  lease_token TEXT   NOT NULL,
  lease_until BIGINT NOT NULL,
  made_at     BIGINT NOT NULL,
  made_by     TEXT   NOT NULL,
  touched_at  BIGINT NOT NULL, -- a part came, or a state changed
  verified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX artifact_kind ON artifact (release_id, kind);
CREATE UNIQUE INDEX artifact_name ON artifact (release_id, name_key);
CREATE INDEX artifact_waiting ON artifact (state, lease_until, id);

CREATE TABLE artifact_part (
  artifact_id TEXT   NOT NULL,
  number      BIGINT NOT NULL, -- from 0
  size        BIGINT NOT NULL,
  sha256      TEXT   NOT NULL,
  blob        TEXT   NOT NULL,
  PRIMARY KEY (artifact_id, number)
);

-- Each blob's name is noted before the first byte is written. What nothing refers to is taken away.
CREATE TABLE release_blob (
  name TEXT    NOT NULL PRIMARY KEY,
  at   BIGINT  NOT NULL, -- since when it is as it is
  kept BOOLEAN NOT NULL  -- something refers to it
);
CREATE INDEX release_blob_loose ON release_blob (kept, at, name);
