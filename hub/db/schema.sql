-- Version 1 of the centre's tables. Times are Unix milliseconds, 0 = never.
-- A change adds a numbered file; this one is frozen.
CREATE TABLE boxes (
  name        TEXT PRIMARY KEY,
  identity    BLOB NOT NULL,
  hpke        BLOB NOT NULL,
  facility    TEXT NOT NULL DEFAULT '{}',
  added       INTEGER NOT NULL,
  first_seen  INTEGER NOT NULL DEFAULT 0,
  last_seen   INTEGER NOT NULL DEFAULT 0,
  down_epoch  BLOB NOT NULL,
  down_acked  INTEGER NOT NULL DEFAULT 0,
  acked_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE streams (
  id          INTEGER PRIMARY KEY,
  box         TEXT NOT NULL REFERENCES boxes(name),
  epoch       BLOB NOT NULL,
  size        INTEGER NOT NULL DEFAULT 0,
  root        BLOB NOT NULL,
  incarnation BLOB NOT NULL,
  parent      BLOB NOT NULL,
  tip         INTEGER NOT NULL DEFAULT 0,
  stated      INTEGER NOT NULL DEFAULT 0,
  behind      INTEGER NOT NULL DEFAULT 0,
  started     INTEGER NOT NULL,
  receipt_at   INTEGER NOT NULL DEFAULT 0,
  receipt_size INTEGER NOT NULL DEFAULT 0,
  receipt_root BLOB NOT NULL,
  UNIQUE (box, epoch)
) STRICT;

CREATE TABLE entries (
  stream INTEGER NOT NULL REFERENCES streams(id),
  idx    INTEGER NOT NULL,
  salt   BLOB NOT NULL,
  bytes  BLOB,                        -- NULL = hole
  leaf   BLOB NOT NULL,
  kind   INTEGER NOT NULL,
  flag   INTEGER NOT NULL DEFAULT 0,  -- 1 parked, 2 hole
  PRIMARY KEY (stream, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX flagged ON entries (stream, idx) WHERE flag <> 0;

-- Stored hashes as x/mod/sumdb/tlog counts them, 64 to a row: 128 entries of a
-- frame touch five rows instead of 256.
CREATE TABLE hashes (
  stream INTEGER NOT NULL REFERENCES streams(id),
  chunk  INTEGER NOT NULL,
  data   BLOB NOT NULL,
  PRIMARY KEY (stream, chunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE incarnations (
  box         TEXT NOT NULL REFERENCES boxes(name),
  incarnation BLOB NOT NULL,
  epoch       BLOB NOT NULL,
  parent      BLOB NOT NULL,
  tip         INTEGER NOT NULL,
  first_seen  INTEGER NOT NULL,
  superseded  BLOB,                   -- by which incarnation
  PRIMARY KEY (box, incarnation)
) STRICT;

CREATE TABLE alarms (
  id     INTEGER PRIMARY KEY,
  box    TEXT NOT NULL,
  code   TEXT NOT NULL,
  detail TEXT NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  count  INTEGER NOT NULL,
  UNIQUE (box, code, detail)
) STRICT;

-- What arrived under an alarm and is not in entries. Both versions are kept.
CREATE TABLE conflicts (
  box   TEXT NOT NULL,
  epoch BLOB NOT NULL,
  idx   INTEGER NOT NULL,
  leaf  BLOB NOT NULL,
  salt  BLOB NOT NULL,
  bytes BLOB,
  alarm INTEGER NOT NULL REFERENCES alarms(id),
  PRIMARY KEY (box, epoch, idx, leaf)
) STRICT, WITHOUT ROWID;

CREATE TABLE downs (
  box   TEXT NOT NULL REFERENCES boxes(name),
  epoch BLOB NOT NULL,
  seq   INTEGER NOT NULL,
  salt  BLOB NOT NULL,
  bytes BLOB NOT NULL,
  leaf  BLOB NOT NULL,
  PRIMARY KEY (box, epoch, seq),
  UNIQUE (box, epoch, leaf)
) STRICT, WITHOUT ROWID;
