CREATE INDEX machine_entries ON entries (stream, idx) WHERE kind = 6;
