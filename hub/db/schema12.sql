-- Version 12: what summaries of patients are made of, and the questions of boxes for one.
-- Everything is looked through again for the further kinds.
DROP INDEX indexed_entries;
CREATE INDEX indexed_entries ON entries (stream, idx) WHERE kind IN (10, 11, 12, 13, 16, 20, 23, 24, 27, 28, 63, 70, 74);
DELETE FROM indexed;

CREATE TABLE index_notes (
  patient BLOB NOT NULL,
  stream  INTEGER NOT NULL,
  idx     INTEGER NOT NULL,
  PRIMARY KEY (patient, stream, idx)
) STRICT, WITHOUT ROWID;

-- due grows with every reason to look at a question; 0 = nothing is to be done. sent tells
-- one answer from the next.
CREATE TABLE questions (
  leaf     BLOB PRIMARY KEY,
  patient  BLOB NOT NULL,
  box      TEXT NOT NULL,
  stream   INTEGER NOT NULL,
  idx      INTEGER NOT NULL,
  consent  INTEGER NOT NULL,
  at       INTEGER NOT NULL,           -- when it was taken in, by the centre's clock
  due      INTEGER NOT NULL DEFAULT 1,
  state    INTEGER NOT NULL DEFAULT 0, -- clinic.SummaryOutcome of the last answer; 0 = none
  sent     BLOB NOT NULL DEFAULT x'',
  answered INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX questions_due ON questions (at) WHERE due > 0;
CREATE INDEX questions_patient ON questions (patient);
CREATE INDEX questions_at ON questions (at);
CREATE INDEX questions_box ON questions (box, at);
