-- What an organization was told of an end, so that it is told once: by the end itself, since a renewal or an extension makes
-- another one.
CREATE TABLE renewal_notice (
  license_id TEXT   NOT NULL REFERENCES license (id),
  matter     TEXT   NOT NULL, -- term, maintenance
  ends_at    BIGINT NOT NULL,
  stage      TEXT   NOT NULL, -- 60, 30, 7, 1, ended
  people     BIGINT NOT NULL, -- how many were told
  told_at    BIGINT NOT NULL,
  PRIMARY KEY (license_id, matter, ends_at, stage)
);

-- By which those are found that end within a window.
CREATE INDEX term_ends ON term (ends_at, license_id);
CREATE INDEX term_maintained ON term (maintenance_until, license_id) WHERE maintenance_until > 0;
CREATE INDEX term_waits ON term ((start_by + days * 86400000000), license_id) WHERE starts_at = 0;
