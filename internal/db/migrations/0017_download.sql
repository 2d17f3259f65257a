-- What clients agree to before they download, what was handed over to whom, and the secret addresses of feeds.

-- Each row is one version, and never changes.
CREATE TABLE agreement (
  product_id TEXT    NOT NULL REFERENCES product (id),
  version    TEXT    NOT NULL,
  made_at    BIGINT  NOT NULL,
  made_by    TEXT    NOT NULL,
  asks       BOOLEAN NOT NULL, -- false: from this version on nothing is asked
  PRIMARY KEY (product_id, version)
);
CREATE INDEX agreement_latest ON agreement (product_id, made_at);

CREATE TABLE agreement_text (
  product_id TEXT NOT NULL,
  version    TEXT NOT NULL,
  lang       TEXT NOT NULL,
  text       TEXT NOT NULL,
  hash       TEXT NOT NULL,
  PRIMARY KEY (product_id, version, lang)
);

-- The first of an organization's people who accepted did it for all of them.
CREATE TABLE agreement_acceptance (
  organization_id TEXT   NOT NULL REFERENCES organization (id),
  product_id      TEXT   NOT NULL,
  version         TEXT   NOT NULL,
  lang            TEXT   NOT NULL,
  text_hash       TEXT   NOT NULL,
  account_id      TEXT   NOT NULL,
  address         TEXT   NOT NULL,
  accepted_at     BIGINT NOT NULL,
  PRIMARY KEY (organization_id, product_id, version)
);

-- One answer with bytes of an artifact. The names are those of the time.
CREATE TABLE transfer (
  id              TEXT   NOT NULL PRIMARY KEY,
  organization_id TEXT   NOT NULL,
  company         TEXT   NOT NULL,
  company_key     TEXT   NOT NULL,
  caller          TEXT   NOT NULL, -- person, service, source
  who             TEXT   NOT NULL, -- id of the account, the service account, the address
  name            TEXT   NOT NULL,
  product_id      TEXT   NOT NULL,
  channel         TEXT   NOT NULL,
  version         TEXT   NOT NULL,
  release_id      TEXT   NOT NULL,
  artifact_id     TEXT   NOT NULL,
  file            TEXT   NOT NULL,
  size            BIGINT NOT NULL,
  asked           TEXT   NOT NULL, -- the range; empty: the whole
  address         TEXT   NOT NULL,
  started_at      BIGINT NOT NULL,
  ended_at        BIGINT NOT NULL, -- 0: not yet
  sent            BIGINT NOT NULL,
  spans           TEXT   NOT NULL, -- what was sent, as JSON pairs
  state           TEXT   NOT NULL, -- running, completed, partial, unfinished
  lease_until     BIGINT NOT NULL  -- of a running one: whoever sends moves it on
);
CREATE INDEX transfer_who ON transfer (who, state, lease_until);
CREATE INDEX transfer_lease ON transfer (state, lease_until);
CREATE INDEX transfer_organization ON transfer (organization_id, id);
CREATE INDEX transfer_release ON transfer (release_id, id);
CREATE INDEX transfer_product ON transfer (product_id, id);
CREATE INDEX transfer_state ON transfer (state, id);
CREATE INDEX transfer_of ON transfer (who, id);
CREATE INDEX transfer_ended ON transfer (ended_at);

-- The lock under which transfers of one caller are counted.
CREATE TABLE transfer_caller (
  who     TEXT   NOT NULL PRIMARY KEY,
  seen_at BIGINT NOT NULL
);

-- What a caller has of a file so far, over several transfers.
CREATE TABLE transfer_part (
  who         TEXT   NOT NULL,
  artifact_id TEXT   NOT NULL,
  spans       TEXT   NOT NULL,
  at          BIGINT NOT NULL,
  PRIMARY KEY (who, artifact_id)
);
CREATE INDEX transfer_part_at ON transfer_part (at);

-- Who wants to be told of a product's releases.
CREATE TABLE release_news (
  account_id TEXT   NOT NULL,
  product_id TEXT   NOT NULL,
  since      BIGINT NOT NULL,
  PRIMARY KEY (account_id, product_id)
);
CREATE INDEX release_news_product ON release_news (product_id, account_id);

-- Whether somebody was told of a release is decided once.
CREATE TABLE release_told (
  account_id TEXT    NOT NULL,
  release_id TEXT    NOT NULL,
  told       BOOLEAN NOT NULL, -- false: had no right to it on that day
  at         BIGINT  NOT NULL,
  PRIMARY KEY (account_id, release_id)
);

-- Addresses with a secret part, for readers that send no token.
CREATE TABLE feed_address (
  id              TEXT   NOT NULL PRIMARY KEY,
  organization_id TEXT   NOT NULL REFERENCES organization (id),
  kind            TEXT   NOT NULL, -- winget, atom
  name            TEXT   NOT NULL,
  secret_hash     TEXT   NOT NULL UNIQUE,
  made_by         TEXT   NOT NULL, -- the account
  made_at         BIGINT NOT NULL,
  used_at         BIGINT NOT NULL, -- 0: never
  revoked_at      BIGINT NOT NULL, -- 0: in use
  revoked_by      TEXT   NOT NULL
);
CREATE INDEX feed_address_organization ON feed_address (organization_id, made_at);
