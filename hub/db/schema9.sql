-- The patient index: which entries tell of which patient, by what each is found, who has
-- to hear of it, what the centre said of pairs, and what waits on the merge desk.
CREATE INDEX indexed_entries ON entries (stream, idx) WHERE kind IN (10, 11, 13, 20);

CREATE TABLE indexed (
  stream INTEGER PRIMARY KEY REFERENCES streams(id),
  next   INTEGER NOT NULL
) STRICT;

-- Of a link the patient is each of the two.
CREATE TABLE index_entries (
  patient BLOB NOT NULL,
  leaf    BLOB NOT NULL,
  kind    INTEGER NOT NULL,
  stream  INTEGER NOT NULL,
  idx     INTEGER NOT NULL,
  PRIMARY KEY (patient, leaf)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_homes (
  patient BLOB NOT NULL,
  box     TEXT NOT NULL,
  wrote   INTEGER NOT NULL,             -- 0 = only holds what others wrote
  PRIMARY KEY (patient, box)
) STRICT, WITHOUT ROWID;
CREATE INDEX index_homes_box ON index_homes (box);

CREATE TABLE index_boxes (
  box      TEXT PRIMARY KEY,
  facility TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE index_keys (
  key     BLOB NOT NULL,
  patient BLOB NOT NULL,
  PRIMARY KEY (key, patient)
) STRICT, WITHOUT ROWID;
CREATE INDEX index_keys_patient ON index_keys (patient);

-- Whom to judge, and whose boxes to tell; n grows with every reason.
CREATE TABLE index_judge (patient BLOB PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE index_tell (patient BLOB PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

-- What the centre said, as it goes down to boxes.
CREATE TABLE index_said (
  leaf  BLOB PRIMARY KEY,
  a     BLOB NOT NULL,
  b     BLOB NOT NULL,
  salt  BLOB NOT NULL,
  bytes BLOB NOT NULL,
  at    INTEGER NOT NULL,
  who   INTEGER NOT NULL,               -- clinic.CentreBy
  what  INTEGER NOT NULL                -- 0 two people, 1 one, 2 taken back
) STRICT, WITHOUT ROWID;
CREATE INDEX index_said_a ON index_said (a);
CREATE INDEX index_said_b ON index_said (b);
CREATE INDEX index_said_at ON index_said (at);

-- a is the smaller of the two.
CREATE TABLE index_asks (
  a     BLOB NOT NULL,
  b     BLOB NOT NULL,
  signs INTEGER NOT NULL,
  score INTEGER NOT NULL,
  since INTEGER NOT NULL,
  later INTEGER NOT NULL DEFAULT 0,     -- not before that time
  PRIMARY KEY (a, b)
) STRICT, WITHOUT ROWID;
CREATE INDEX index_asks_score ON index_asks (score);

-- People of whom boxes wrote different things apart from each other, by the ID that leads.
CREATE TABLE index_conflicts (
  patient   BLOB PRIMARY KEY,
  allergies INTEGER NOT NULL,
  details   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
