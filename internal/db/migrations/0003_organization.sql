-- Organizations, their people, licences, and the requests for access.

CREATE TABLE organization (
  id         TEXT   NOT NULL PRIMARY KEY,
  name       TEXT   NOT NULL,
  name_key   TEXT   NOT NULL, -- folded, without legal forms: like names are equal here
  kind       TEXT   NOT NULL, -- client, reseller
  country    TEXT   NOT NULL, -- ISO 3166-1 alpha-2, or empty
  origin     TEXT   NOT NULL, -- approval, import, staff
  reference  TEXT   NOT NULL, -- the vendor's own number for it, or empty
  created_at BIGINT NOT NULL,
  version    BIGINT NOT NULL
);
CREATE INDEX organization_name ON organization (name_key);
CREATE UNIQUE INDEX organization_reference ON organization (reference) WHERE reference <> '';

-- A domain belongs to one organization, and only after somebody verified it.
CREATE TABLE organization_domain (
  domain          TEXT   NOT NULL PRIMARY KEY,
  organization_id TEXT   NOT NULL REFERENCES organization (id),
  verified_at     BIGINT NOT NULL,
  verified_by     TEXT   NOT NULL
);
CREATE INDEX organization_domain_of ON organization_domain (organization_id);

-- Whom an organization expects: an address that joins it once it is confirmed.
CREATE TABLE organization_contact (
  organization_id TEXT   NOT NULL REFERENCES organization (id),
  email_key       TEXT   NOT NULL,
  email           TEXT   NOT NULL,
  first_name      TEXT   NOT NULL,
  last_name       TEXT   NOT NULL,
  role            TEXT   NOT NULL, -- administrator, technical, member; empty: first becomes administrator
  origin          TEXT   NOT NULL, -- approval, invitation, import
  created_at      BIGINT NOT NULL,
  joined_at       BIGINT NOT NULL, -- 0: not yet
  PRIMARY KEY (organization_id, email_key)
);
CREATE INDEX organization_contact_email ON organization_contact (email_key);

-- One account is a member of one organization.
CREATE TABLE organization_member (
  account_id      TEXT   NOT NULL PRIMARY KEY,
  organization_id TEXT   NOT NULL REFERENCES organization (id),
  role            TEXT   NOT NULL,
  origin          TEXT   NOT NULL, -- approval, invitation, import, join-request
  joined_at       BIGINT NOT NULL
);
CREATE INDEX organization_member_of ON organization_member (organization_id);

CREATE TABLE join_request (
  id              TEXT   NOT NULL PRIMARY KEY,
  organization_id TEXT   NOT NULL REFERENCES organization (id),
  account_id      TEXT   NOT NULL,
  state           TEXT   NOT NULL, -- open, accepted, refused
  created_at      BIGINT NOT NULL,
  decided_at      BIGINT NOT NULL,
  decided_by      TEXT   NOT NULL
);
CREATE UNIQUE INDEX join_request_open ON join_request (account_id) WHERE state = 'open';
CREATE INDEX join_request_state ON join_request (state, created_at, id);
CREATE INDEX join_request_account ON join_request (account_id, created_at);

CREATE TABLE product (
  id         TEXT    NOT NULL PRIMARY KEY, -- a short name of the vendor's choice
  name       TEXT    NOT NULL,
  summary    TEXT    NOT NULL,
  prefix     TEXT    NOT NULL, -- begins every key of the product
  offered    BOOLEAN NOT NULL, -- can an evaluation be asked for
  position   BIGINT  NOT NULL,
  created_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX product_prefix ON product (prefix);

CREATE TABLE license (
  id              TEXT   NOT NULL PRIMARY KEY,
  organization_id TEXT   NOT NULL REFERENCES organization (id),
  product_id      TEXT   NOT NULL REFERENCES product (id),
  created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX license_of ON license (organization_id, product_id);

-- The key in force has replaced_at 0; those that leaked stay, and say so.
CREATE TABLE license_key (
  lookup      TEXT   NOT NULL PRIMARY KEY,
  license_id  TEXT   NOT NULL REFERENCES license (id),
  key         TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  replaced_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX license_key_current ON license_key (license_id) WHERE replaced_at = 0;

-- Terms and holds are facts with dates: they are added, never taken away.
CREATE TABLE term (
  id         TEXT   NOT NULL PRIMARY KEY,
  license_id TEXT   NOT NULL REFERENCES license (id),
  kind       TEXT   NOT NULL,
  days       BIGINT NOT NULL,
  starts_at  BIGINT NOT NULL, -- 0: at the first sign-in, at start_by at the latest
  start_by   BIGINT NOT NULL,
  ends_at    BIGINT NOT NULL, -- 0 with a start: without end
  grace_days BIGINT NOT NULL,
  seats      BIGINT NOT NULL, -- 0: not limited
  request_id TEXT   NOT NULL,
  granted_at BIGINT NOT NULL,
  granted_by TEXT   NOT NULL,
  note       TEXT   NOT NULL
);
CREATE INDEX term_of ON term (license_id, granted_at);

CREATE TABLE hold (
  id         TEXT   NOT NULL PRIMARY KEY,
  license_id TEXT   NOT NULL REFERENCES license (id),
  kind       TEXT   NOT NULL, -- suspended, revoked
  reason     TEXT   NOT NULL,
  from_at    BIGINT NOT NULL,
  lifted_at  BIGINT NOT NULL,
  placed_by  TEXT   NOT NULL,
  lifted_by  TEXT   NOT NULL
);
CREATE INDEX hold_of ON hold (license_id, from_at);

CREATE TABLE access_request (
  id              TEXT   NOT NULL PRIMARY KEY,
  reference       TEXT   NOT NULL, -- what people quote; drawn, so that it counts nothing
  product_id      TEXT   NOT NULL REFERENCES product (id),
  state           TEXT   NOT NULL, -- received, approved, declined, withdrawn
  first_name      TEXT   NOT NULL,
  last_name       TEXT   NOT NULL,
  email           TEXT   NOT NULL,
  email_key       TEXT   NOT NULL,
  mobile          TEXT   NOT NULL,
  organization    TEXT   NOT NULL, -- as typed: it grants nothing
  name_key        TEXT   NOT NULL, -- of the typed organization
  country         TEXT   NOT NULL,
  users           BIGINT NOT NULL,
  purpose         TEXT   NOT NULL,
  lang            TEXT   NOT NULL,
  account_id      TEXT   NOT NULL, -- of a returning evaluator who asked again signed in
  network         TEXT   NOT NULL,
  signals         TEXT   NOT NULL, -- codes, separated by spaces
  search_key      TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  remind_at       BIGINT NOT NULL,
  due_at          BIGINT NOT NULL,
  late_at         BIGINT NOT NULL,
  reminded_at     BIGINT NOT NULL,
  decided_at      BIGINT NOT NULL,
  decided_by      TEXT   NOT NULL,
  decided_name    TEXT   NOT NULL,
  reason          TEXT   NOT NULL, -- public
  note            TEXT   NOT NULL, -- internal
  organization_id TEXT   NOT NULL, -- the one it was approved for, or empty
  term_id         TEXT   NOT NULL
);
CREATE UNIQUE INDEX access_request_reference ON access_request (reference);
CREATE UNIQUE INDEX access_request_open ON access_request (email_key, product_id) WHERE state = 'received';
CREATE INDEX access_request_due ON access_request (state, due_at, id);
CREATE INDEX access_request_decided ON access_request (state, decided_at, id);
CREATE INDEX access_request_created ON access_request (created_at, id);
CREATE INDEX access_request_email ON access_request (email_key, created_at);
CREATE INDEX access_request_account ON access_request (account_id, created_at) WHERE account_id <> '';
CREATE INDEX access_request_name ON access_request (name_key);
CREATE INDEX access_request_mobile ON access_request (mobile) WHERE mobile <> '';
CREATE INDEX access_request_network ON access_request (network, created_at);
CREATE INDEX access_request_late ON access_request (state, late_at);
CREATE INDEX access_request_remind ON access_request (state, reminded_at, remind_at);

-- What a request is found by: words of its names and address, its signals, its
-- country. Tokens are written in hexadecimal digits, which every collation of
-- every engine sorts alike, so that a beginning of a word is a range.
CREATE TABLE access_request_token (
  token      TEXT NOT NULL,
  request_id TEXT NOT NULL REFERENCES access_request (id),
  PRIMARY KEY (token, request_id)
);
