-- The key pairs by which the portal signs licence files, lists, codes and feeds. Rows stay: a retired key loses its secret
-- half and is still listed, since files that it signed are in the field.
CREATE TABLE signing_key (
  id         TEXT   NOT NULL PRIMARY KEY, -- how files name it: 16 hexadecimal digits
  public     TEXT   NOT NULL,             -- 64 hexadecimal digits
  sealed     TEXT   NOT NULL,             -- the secret half; '' once retired
  state      TEXT   NOT NULL,             -- current, next, retired
  made_at    BIGINT NOT NULL,
  current_at BIGINT NOT NULL,             -- 0: not yet
  retired_at BIGINT NOT NULL              -- 0: not yet
);
-- One current key and one next, whatever two nodes do at once.
CREATE UNIQUE INDEX signing_key_one ON signing_key (state) WHERE state <> 'retired';
