package db

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// fleet makes boxes, four to a facility, each with a stream that was looked through for
// the three others.
func fleet(tb testing.TB, boxes int) *DB {
	tb.Helper()
	d, err := Open(tb.Context(), filepath.Join(tb.TempDir(), "hub.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { d.Close() })
	err = inTx(tb.Context(), d.w, func(tx *sql.Tx) error {
		for i := range boxes {
			for _, q := range []string{
				`INSERT INTO boxes (name, identity, hpke, added, down_epoch, serial, site) VALUES (?1,x'',x'',0,x'','1',?2)`,
				`INSERT INTO streams (box, epoch, size, root, incarnation, parent, started, receipt_root, site) VALUES (?1,x'01',9,x'',x'',x'',0,x'',?2)`,
			} {
				if _, err := tx.Exec(q, fmt.Sprintf("box-%05d", i), fmt.Sprintf("site-%05d", i/4)); err != nil {
					return err
				}
			}
		}
		_, err := tx.Exec(`INSERT INTO shared (box, stream, next) SELECT b.name, s.id, s.size FROM boxes b JOIN streams s ON s.site=b.site AND s.box<>b.name`)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// BenchmarkSharing is what a look costs when nothing is new, with 10,000 boxes: of one
// box's facility, which each upload brings about, and of all, once a minute.
func BenchmarkSharing(b *testing.B) {
	d := fleet(b, 10_000)
	for name, box := range map[string]string{"facility": "box-05000", "all": ""} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if s, err := d.Sharing(b.Context(), box, &hub.Sharing{}, 64); err != nil || len(s) != 0 {
					b.Fatal(s, err)
				}
			}
		})
	}
}

// BenchmarkOwed is what the next set of a box costs while 50,000 rows of catalogues wait
// for its next month.
func BenchmarkOwed(b *testing.B) {
	d := fleet(b, 4)
	err := inTx(b.Context(), d.w, func(tx *sql.Tx) error {
		for i := range 50_000 + 1000 {
			c, kind := hub.ClassLists, clinic.KindCatalogRow
			if i >= 50_000 {
				c, kind = hub.ClassSafety, clinic.KindPatient
			}
			if _, err := tx.Exec(`INSERT INTO entries (stream, idx, salt, bytes, leaf, kind) VALUES (1,?,?,?,x'',?)`, i, make([]byte, 16), make([]byte, 200), kind); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO shares (box, rank, stream, idx) VALUES ('box-00001',?,1,?)`, int63(c.Rank(uint64(i))), i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if es, err := d.Owed(b.Context(), "box-00001", hub.ClassLists.Ranks(), 256); err != nil || len(es) != 256 {
			b.Fatal(len(es), err)
		}
	}
}

// giveAll notes that box-00001 received n entries of one stream, one after the other.
func giveAll(tb testing.TB, d *DB, n int) {
	tb.Helper()
	_, err := d.w.ExecContext(tb.Context(), `WITH RECURSIVE c(i) AS (VALUES (0) UNION ALL SELECT i+1 FROM c WHERE i<?-1)
		INSERT INTO given (box, received, rank, stream, idx) SELECT 'box-00001', i+1, i, 1, i FROM c`, n)
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkReceded: a box comes back without 300,000 entries that it had, while others
// write all the time. max-ms is how long one of them waited.
func BenchmarkReceded(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		d := fleet(b, 4)
		giveAll(b, d, 300_000)
		stop, most := make(chan bool), make(chan time.Duration)
		go func() {
			var longest time.Duration
			for {
				select {
				case <-stop:
					most <- longest
					return
				default:
					at := time.Now()
					if err := d.Probe(b.Context(), at); err != nil {
						b.Error(err)
					}
					longest = max(longest, time.Since(at))
				}
			}
		}()
		b.StartTimer()
		if n, err := d.Receded(b.Context(), "box-00001", 0); n != 300_000 || err != nil {
			b.Fatal(n, err)
		}
		close(stop)
		b.ReportMetric(float64((<-most).Milliseconds()), "max-ms")
	}
}
