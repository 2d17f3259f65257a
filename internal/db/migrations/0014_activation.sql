-- Devices with their seats, the licence files that were issued, and the list of what is no longer good.

-- A device that was removed stays until its files have ended, so that the list can name them.
CREATE TABLE license_device (
  id            TEXT   NOT NULL PRIMARY KEY,
  license_id    TEXT   NOT NULL REFERENCES license (id),
  fingerprint   TEXT   NOT NULL, -- hash, different for each licence
  name          TEXT   NOT NULL,
  platform      TEXT   NOT NULL,
  activated_at  BIGINT NOT NULL,
  seen_at       BIGINT NOT NULL,
  seat_until    BIGINT NOT NULL, -- the seat is held until then
  offline_until BIGINT NOT NULL, -- end of what it was activated with offline; 0: it is online
  removed_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX license_device_of ON license_device (license_id, fingerprint) WHERE removed_at = 0;
CREATE INDEX license_device_list ON license_device (license_id, removed_at, id);
CREATE INDEX license_device_removed ON license_device (removed_at) WHERE removed_at > 0;

CREATE TABLE license_file (
  serial     TEXT   NOT NULL PRIMARY KEY,
  license_id TEXT   NOT NULL REFERENCES license (id),
  device_id  TEXT   NOT NULL, -- empty: for any device
  key_id     TEXT   NOT NULL, -- of the key that signed it
  issued_at  BIGINT NOT NULL,
  until_at   BIGINT NOT NULL, -- it says nothing any more from then on
  revoked_at BIGINT NOT NULL, -- with its device
  says       TEXT   NOT NULL, -- hash of the claims, by which it is given again; empty: it is not
  offline    BOOLEAN NOT NULL, -- it answers an offline activation
  answer     TEXT   NOT NULL  -- what was given, sealed, so that it can be given or shown again; or empty
);
CREATE INDEX license_file_says ON license_file (says, issued_at) WHERE says <> '';
CREATE INDEX license_file_withdrawn ON license_file (license_id, until_at) WHERE revoked_at > 0;
CREATE INDEX license_file_device ON license_file (device_id, issued_at) WHERE device_id <> '';
CREATE INDEX license_file_of ON license_file (license_id, issued_at);
CREATE INDEX license_file_until ON license_file (until_at);
CREATE INDEX license_file_revoked ON license_file (until_at) WHERE revoked_at > 0;

-- The one list in force. Number grows with every change of its content.
CREATE TABLE revocation_list (
  one       BIGINT NOT NULL PRIMARY KEY,
  number    BIGINT NOT NULL,
  content   TEXT   NOT NULL, -- hash of the entries
  mark      BIGINT NOT NULL, -- of withdrawal, when the entries were looked at
  issued_at BIGINT NOT NULL,
  key_id    TEXT   NOT NULL, -- of the key that signed it
  text      TEXT   NOT NULL  -- signed
);
INSERT INTO revocation_list (one, number, content, mark, issued_at, key_id, text) VALUES (1, 0, '', 0, 0, '', '');

CREATE INDEX license_key_replaced ON license_key (replaced_at) WHERE replaced_at > 0;
