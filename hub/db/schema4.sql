-- Version 4: who works at the centre. Rows are never removed: the signed history
-- names people for ever, and a name is never given to another one.
CREATE TABLE operators (
  name  TEXT PRIMARY KEY,
  token BLOB NOT NULL UNIQUE,         -- SHA-256
  added INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
