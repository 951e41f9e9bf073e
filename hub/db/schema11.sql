-- Version 11: boxes of one facility share entries. site is the certified facility of a
-- box, and of a stream when it began; streams up to before are of machines that had the
-- box's name earlier.
ALTER TABLE boxes ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE boxes ADD COLUMN before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN site TEXT NOT NULL DEFAULT '';
UPDATE boxes SET site = COALESCE(json_extract(facility, '$.Code'), '') WHERE serial <> '';
UPDATE streams SET site = COALESCE((SELECT b.site FROM boxes b WHERE b.name = streams.box), '');
CREATE INDEX boxes_site ON boxes (site) WHERE site <> '';
CREATE INDEX streams_site ON streams (site) WHERE site <> '';

-- How far each stream was looked through for each box, what the box shall get and has
-- not acknowledged (the bytes stand in entries), and what no program could read yet.
CREATE TABLE shared (
  box    TEXT NOT NULL REFERENCES boxes(name),
  stream INTEGER NOT NULL REFERENCES streams(id),
  next   INTEGER NOT NULL,
  PRIMARY KEY (box, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE shares (
  box    TEXT NOT NULL REFERENCES boxes(name),
  rank   INTEGER NOT NULL,            -- the lowest goes first
  stream INTEGER NOT NULL REFERENCES streams(id),
  idx    INTEGER NOT NULL,
  PRIMARY KEY (box, rank, stream, idx)
) STRICT, WITHOUT ROWID;

-- What it acknowledged, and how many entries it had received then: a box that comes back
-- with fewer, from a copy, gets what it lost.
CREATE TABLE given (
  box      TEXT NOT NULL REFERENCES boxes(name),
  received INTEGER NOT NULL,
  rank     INTEGER NOT NULL,
  stream   INTEGER NOT NULL REFERENCES streams(id),
  idx      INTEGER NOT NULL,
  PRIMARY KEY (box, received, rank, stream, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE unshared (
  box    TEXT NOT NULL REFERENCES boxes(name),
  stream INTEGER NOT NULL REFERENCES streams(id),
  idx    INTEGER NOT NULL,
  PRIMARY KEY (box, stream, idx)
) STRICT, WITHOUT ROWID;
