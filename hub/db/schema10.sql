-- The latest checkpoint that the box signed: its signature, and the size of its tree.
ALTER TABLE streams ADD COLUMN checkpoint BLOB NOT NULL DEFAULT x'';
ALTER TABLE streams ADD COLUMN checkpoint_size INTEGER NOT NULL DEFAULT 0;
