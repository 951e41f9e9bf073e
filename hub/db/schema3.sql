-- Version 3: trust. The authority's registry is rows under a key, as
-- hub/authority has them; what boxes are told is noted, so that it is queued once.
CREATE TABLE authority (
  tab   TEXT NOT NULL,
  key   TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (tab, key)
) STRICT, WITHOUT ROWID;

-- Of the certificate in service: its serial, and why it ended (0 = it has not).
ALTER TABLE boxes ADD COLUMN serial TEXT NOT NULL DEFAULT '';
ALTER TABLE boxes ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;

-- The last heartbeat of each start of a machine; number counts them all.
CREATE TABLE beats (
  number INTEGER PRIMARY KEY,
  serial TEXT NOT NULL,
  boot   BLOB NOT NULL,
  box    TEXT NOT NULL,
  n      INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  state  INTEGER NOT NULL,
  obeyed INTEGER NOT NULL,
  agent  TEXT NOT NULL,
  UNIQUE (serial, boot)
) STRICT;

CREATE TABLE told (
  box    TEXT NOT NULL REFERENCES boxes(name),
  digest BLOB NOT NULL,
  PRIMARY KEY (box, digest)
) STRICT, WITHOUT ROWID;

-- Keys of people that came in entries, and how far each stream was looked through.
CREATE TABLE credentials (
  digest   TEXT PRIMARY KEY,
  box      TEXT NOT NULL,
  epoch    BLOB NOT NULL,
  idx      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  person   BLOB NOT NULL,
  role     INTEGER NOT NULL,
  facility TEXT NOT NULL,
  serial   TEXT NOT NULL,
  request  BLOB NOT NULL,
  chain    TEXT NOT NULL,
  problem  TEXT NOT NULL,
  ended    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE scanned (
  stream INTEGER PRIMARY KEY REFERENCES streams(id),
  next   INTEGER NOT NULL
) STRICT;

CREATE INDEX credential_entries ON entries (stream, idx) WHERE kind = 4;
CREATE INDEX escrow_entries ON entries (stream, idx) WHERE kind = 7;
