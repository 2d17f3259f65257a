-- How far back a change of address is undone: what was set for the account since then goes with it, since whoever changed the
-- address was in by then.
ALTER TABLE account_email ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
