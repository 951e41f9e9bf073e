package db_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
)

func open(t *testing.T, dir string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), filepath.Join(dir, "đảo ? #1%.db")) // a path that a URL would misread
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestContract(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, dir string) dbtest.DB { return open(t, dir) })
}

func TestPragmas(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if m, _ := filepath.Glob(filepath.Join(dir, "*.db")); len(m) != 1 || filepath.Base(m[0]) != "đảo ? #1%.db" {
		t.Fatalf("the file is called %q", m)
	}
}

func TestNewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(`PRAGMA user_version = 99`); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	if _, err := db.Open(t.Context(), path); !errors.Is(err, db.ErrNewer) {
		t.Fatal(err)
	}
}

// TestOldFileIsBroughtForward opens a file of version 1 with alarms and evidence.
func TestOldFileIsBroughtForward(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(string(schema) + `
		INSERT INTO boxes (name, identity, hpke, added, down_epoch) VALUES ('a', zeroblob(32), x'01', 1, zeroblob(8));
		INSERT INTO alarms VALUES (7, 'a', 'fork', 'from 3', 1, 2, 5);
		INSERT INTO conflicts VALUES ('a', zeroblob(8), 3, zeroblob(32), zeroblob(16), x'0102', 7);
		PRAGMA user_version = 1`); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	for range 2 {
		d, err := db.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		as, err := d.Alarms(t.Context(), "a", 9)
		if err != nil || len(as) != 1 || as[0].Count != 5 || as[0].Kept != 1 || !as[0].Open() {
			t.Fatalf("%+v %v", as, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheckFindsDamage changes one thing at a time behind the program's back.
func TestCheckFindsDamage(t *testing.T) {
	for name, c := range map[string]struct{ damage, want string }{
		"none":    {`SELECT 1`, ""},
		"bytes":   {`UPDATE entries SET bytes = x'00' WHERE idx = 77`, "entry 77 does not hash"},
		"leaf":    {`UPDATE entries SET leaf = zeroblob(32), bytes = NULL, flag = 2 WHERE idx = 3`, "stored tree hash"},
		"missing": {`DELETE FROM entries WHERE idx = 5`, "entry 5 is missing"},
		"tail":    {`DELETE FROM entries WHERE idx = 99`, "99 entries, the stream says 100"},
		"beyond":  {`UPDATE streams SET size = 90`, "10 entries beyond"},
		"size":    {`UPDATE streams SET size = 101`, "100 entries, the stream says 101"},
		"root":    {`UPDATE streams SET root = zeroblob(32)`, "another root"},
		"hash":    {`UPDATE hashes SET data = zeroblob(2048) WHERE chunk = 1`, "stored tree hash 64"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hub.db")
			d, err := db.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.AddBox(t.Context(), "a", dbKeys(), dbtest.At(0)); err != nil {
				t.Fatal(err)
			}
			if err := d.Append(t.Context(), (&dbtest.Maker{Box: "a", Epoch: dbtest.Epoch()}).Next(100)); err != nil {
				t.Fatal(err)
			}
			raw, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			if _, err := raw.Exec(c.damage); err != nil {
				t.Fatal(err)
			}
			fs, err := d.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(fs) != 1 || !strings.Contains(fs[0].Problem, c.want) || (fs[0].Problem == "") != (c.want == "") {
				t.Fatalf("%+v", fs)
			}
		})
	}
}

// BenchmarkAppend is the share of ingest that SQLite takes: entries per second,
// 100 to a transaction, each transaction synced.
func BenchmarkAppend(b *testing.B) {
	d, err := db.Open(b.Context(), filepath.Join(b.TempDir(), "hub.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	if err := d.AddBox(b.Context(), "a", dbKeys(), dbtest.At(0)); err != nil {
		b.Fatal(err)
	}
	m := &dbtest.Maker{Box: "a", Epoch: dbtest.Epoch()}
	n := 0
	for b.Loop() {
		b.StopTimer()
		x := m.Next(100)
		for i := range x.Entries {
			x.Entries[i].Bytes = make([]byte, 300)
		}
		b.StartTimer()
		if err := d.Append(b.Context(), x); err != nil {
			b.Fatal(err)
		}
		n += 100
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
}

func dbKeys() hub.Keys { return hub.Keys{Identity: [32]byte{1}, HPKE: []byte{2}} }
