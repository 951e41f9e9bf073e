-- Version 2: who saw which alarm, the bytes kept as evidence of each box, and a
-- row to try writing with. Version 1 is frozen.
CREATE TABLE acks (
  alarm INTEGER NOT NULL REFERENCES alarms(id),
  count INTEGER NOT NULL,             -- how often the alarm had happened
  at    INTEGER NOT NULL,
  who   TEXT NOT NULL,
  PRIMARY KEY (alarm, count)
) STRICT, WITHOUT ROWID;

ALTER TABLE boxes ADD COLUMN evidence INTEGER NOT NULL DEFAULT 0;
UPDATE boxes SET evidence = (SELECT COALESCE(sum(length(COALESCE(c.bytes, '')) + 64), 0) FROM conflicts c WHERE c.box = boxes.name);
CREATE INDEX evidence ON conflicts (alarm);

CREATE TABLE probe (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT;
