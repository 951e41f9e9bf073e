-- Alerts of diseases are looked at like signatures and what machines say.
DROP INDEX judged_entries;
CREATE INDEX judged_entries ON entries (stream, idx) WHERE kind IN (6, 27, 80);
