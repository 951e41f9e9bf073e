-- Version 5: legal signatures that boxes ask for, one row for each document's leaf
-- and role. state: 1 waits for the signing service, 2 signed, not queued down yet,
-- 3 queued down, 4 refused for good.
CREATE TABLE legal (
  leaf    BLOB NOT NULL,
  role    INTEGER NOT NULL,
  box     TEXT NOT NULL REFERENCES boxes(name), -- that asked, and gets the answer
  licence TEXT NOT NULL,
  asked   INTEGER NOT NULL,
  state   INTEGER NOT NULL,
  tries   INTEGER NOT NULL DEFAULT 0,
  due     INTEGER NOT NULL,
  problem TEXT NOT NULL DEFAULT '',
  -- The entry that goes down: the same bytes however often it is queued.
  down_salt  BLOB,
  down_bytes BLOB,
  down_leaf  BLOB,
  PRIMARY KEY (leaf, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX legal_waits ON legal (state, due) WHERE state < 3;

CREATE TABLE legal_scanned (
  stream INTEGER PRIMARY KEY REFERENCES streams(id),
  next   INTEGER NOT NULL
) STRICT;

CREATE INDEX legal_asks ON entries (stream, idx) WHERE kind = 30;
CREATE INDEX legal_documents ON entries (leaf) WHERE kind IN (24, 26);
