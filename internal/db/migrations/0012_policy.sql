-- What a right is made of: features, versions of policies, and what each term copied from one.

-- The minisign keys whose signatures releases must bear, as a JSON list. What the office has edited since, the
-- configuration does not undo at the next start.
ALTER TABLE product ADD COLUMN publisher_keys TEXT NOT NULL DEFAULT '[]';
ALTER TABLE product ADD COLUMN origin TEXT NOT NULL DEFAULT 'config'; -- config, office
ALTER TABLE product ADD COLUMN edited_at BIGINT NOT NULL DEFAULT 0;   -- by the office; 0: never

CREATE TABLE feature (
  product_id TEXT   NOT NULL REFERENCES product (id),
  code       TEXT   NOT NULL, -- what licence files and the software say
  name       TEXT   NOT NULL,
  position   BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (product_id, code)
);

-- Each row is one version, and never changes: terms name the version that they were granted under.
CREATE TABLE policy (
  product_id       TEXT    NOT NULL REFERENCES product (id),
  name             TEXT    NOT NULL,
  version          BIGINT  NOT NULL,
  title            TEXT    NOT NULL,
  kind             TEXT    NOT NULL, -- evaluation, subscription, perpetual, partner
  term_days        BIGINT  NOT NULL, -- 0: without end
  start            TEXT    NOT NULL, -- first-sign-in, grant, date
  start_within     BIGINT  NOT NULL,
  grace_days       BIGINT  NOT NULL,
  maintenance_days BIGINT  NOT NULL, -- of a perpetual one; 0: updates without end
  seats            BIGINT  NOT NULL, -- 0: not limited
  devices          BIGINT  NOT NULL, -- 0: not limited
  lease_minutes    BIGINT  NOT NULL,
  channels         TEXT    NOT NULL, -- JSON list
  features         TEXT    NOT NULL, -- JSON list
  file_days        BIGINT  NOT NULL,
  ladder           TEXT    NOT NULL, -- JSON
  retired          BOOLEAN NOT NULL,
  created_at       BIGINT  NOT NULL,
  created_by       TEXT    NOT NULL, -- empty: the portal, at its start
  PRIMARY KEY (product_id, name, version)
);

-- A term holds its policy's values as they were: a later version changes nothing that was granted.
ALTER TABLE term ADD COLUMN policy            TEXT   NOT NULL DEFAULT '';
ALTER TABLE term ADD COLUMN policy_version    BIGINT NOT NULL DEFAULT 0;
ALTER TABLE term ADD COLUMN devices           BIGINT NOT NULL DEFAULT 0;
ALTER TABLE term ADD COLUMN lease_minutes     BIGINT NOT NULL DEFAULT 0;
ALTER TABLE term ADD COLUMN channels          TEXT   NOT NULL DEFAULT ''; -- JSON list; '': stable
ALTER TABLE term ADD COLUMN features          TEXT   NOT NULL DEFAULT ''; -- JSON list; '': none
ALTER TABLE term ADD COLUMN file_days         BIGINT NOT NULL DEFAULT 0;
ALTER TABLE term ADD COLUMN maintenance_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE term ADD COLUMN ladder            TEXT   NOT NULL DEFAULT ''; -- JSON; '': none
ALTER TABLE term ADD COLUMN rung              TEXT   NOT NULL DEFAULT ''; -- of an extension: client, reseller, office

ALTER TABLE hold ADD COLUMN lifted_note TEXT NOT NULL DEFAULT '';

-- By what lists find a licence. They are computed anew with every fact; the status is computed from the facts alone.
ALTER TABLE license ADD COLUMN ends_at BIGINT NOT NULL DEFAULT 0; -- the latest end of its terms; 0: none; 4000000000000000000: without end
ALTER TABLE license ADD COLUMN held    TEXT   NOT NULL DEFAULT ''; -- revoked, suspended
UPDATE license SET
  ends_at = COALESCE((SELECT MAX(CASE WHEN t.starts_at = 0 THEN t.start_by + t.days * 86400000000
    WHEN t.ends_at = 0 THEN 4000000000000000000 ELSE t.ends_at END) FROM term t WHERE t.license_id = license.id), 0),
  held = COALESCE((SELECT MIN(h.kind) FROM hold h WHERE h.license_id = license.id AND h.lifted_at = 0), '');
CREATE INDEX license_ends ON license (held, ends_at, id);
CREATE INDEX license_held ON license (id) WHERE held <> '';
CREATE INDEX hold_in_force ON hold (license_id, kind, from_at) WHERE lifted_at = 0;
CREATE INDEX license_product ON license (product_id, id);

-- Grows with everything that is withdrawn or let go, so that whoever publishes it need look at all of it only then.
CREATE TABLE withdrawal (
  one    BIGINT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL
);
INSERT INTO withdrawal (one, number) VALUES (1, 0);
