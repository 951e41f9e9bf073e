-- Version 7: what signatures of records are worth. How far each stream was judged,
-- which entries confirm nothing or tell of damage, and by which revocations each
-- facility's signatures were judged last.
CREATE TABLE judged (
  stream INTEGER PRIMARY KEY REFERENCES streams(id),
  next   INTEGER NOT NULL
) STRICT;

-- state: clinic.SignatureState; 0 for what a box told of itself. A leaf that comes
-- again in another epoch is the same entry.
CREATE TABLE voids (
  box   TEXT NOT NULL REFERENCES boxes(name),
  leaf  BLOB NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (box, leaf)
) STRICT, WITHOUT ROWID;

CREATE TABLE judged_by (
  facility TEXT PRIMARY KEY,
  digest   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX judged_entries ON entries (stream, idx) WHERE kind IN (6, 27);
CREATE INDEX credentials_person ON credentials (person);
