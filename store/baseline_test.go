package store_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	_ "modernc.org/sqlite" // a peer to compare with

	"clinicbox/internal/entry"
)

// peerRows is what the peers hold before they are timed: about what the store does.
const peerRows = 32_000

// peer is another way of keeping an act: its bytes as a row, found by patient, day and
// visit, all in one transaction that is on the disk when save returns.
type peer struct {
	name string
	save func(b *testing.B, n int)
}

func peers(b *testing.B) []peer {
	r := openRaw(b)
	return []peer{
		{"baseline:append+fdatasync", func(b *testing.B, _ int) { r.append(b) }},
		{"bbolt-alone", bboltPeer(b)},
		{"sqlite-wal-full", sqlitePeer(b)},
	}
}

// key is a row's key in an index: as random as the patients of a day are.
func key(index byte, n int) []byte {
	h := entry.LeafHash(entry.Salt{index}, binary.BigEndian.AppendUint64(nil, uint64(n)))
	return binary.BigEndian.AppendUint64(h[:16], uint64(n))
}

// bboltPeer has the options of our views, and bodies and three indexes in it.
func bboltPeer(b *testing.B) func(*testing.B, int) {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "peer.db"), 0o600, &bbolt.Options{
		FreelistType: bbolt.FreelistMapType, NoFreelistSync: true, InitialMmapSize: 1 << 28,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	put := func(tx *bbolt.Tx, n int) error {
		for i := range byte(4) {
			bucket, err := tx.CreateBucketIfNotExists([]byte{i})
			if err != nil {
				return err
			}
			k, v := binary.BigEndian.AppendUint64(nil, uint64(n)), make([]byte, rawBytes)
			if i > 0 {
				k, v = key(i, n), []byte{1}
			}
			if err := bucket.Put(k, v); err != nil {
				return err
			}
		}
		return nil
	}
	save := func(b *testing.B, from, to int) {
		err := db.Update(func(tx *bbolt.Tx) error {
			for n := from; n < to; n++ {
				if err := put(tx, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	save(b, 0, peerRows)
	return func(b *testing.B, n int) { save(b, peerRows+n, peerRows+n+1) }
}

// sqlitePeer is SQLite in write-ahead logging with synchronous=FULL.
func sqlitePeer(b *testing.B) func(*testing.B, int) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "peer.sqlite")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	ctx := context.Background()
	do := func(b *testing.B, x interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
	}, query string, args ...any,
	) {
		if _, err := x.ExecContext(ctx, query, args...); err != nil {
			b.Fatal(err)
		}
	}
	do(b, db, `CREATE TABLE r (n INTEGER PRIMARY KEY, a BLOB, b BLOB, c BLOB, body BLOB);
		CREATE INDEX ra ON r (a); CREATE INDEX rb ON r (b); CREATE INDEX rc ON r (c)`)
	save := func(b *testing.B, from, to int) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			b.Fatal(err)
		}
		for n := from; n < to; n++ {
			do(b, tx, `INSERT INTO r VALUES (?, ?, ?, ?, ?)`, n, key(1, n), key(2, n), key(3, n), make([]byte, rawBytes))
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	save(b, 0, peerRows)
	return func(b *testing.B, n int) { save(b, peerRows+n, peerRows+n+1) }
}

// BenchmarkPeers saves one act in the store and in each peer, in turns, so that other
// load on the machine falls on all. Figures are medians.
func BenchmarkPeers(b *testing.B) {
	d, all := benchDesks(b), peers(b)
	const turns = 500
	took := make([][]time.Duration, len(all)+1)
	for n := range turns {
		for i, p := range all {
			begin := time.Now()
			p.save(b, n)
			took[i] = append(took[i], time.Since(begin))
		}
		begin := time.Now()
		d.measure(b, n)
		took[len(all)] = append(took[len(all)], time.Since(begin))
	}
	for i, p := range append(all, peer{name: "one-act"}) {
		m := median(took[i])
		b.Run(p.name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(m.Nanoseconds())/1000, "µs")
		})
	}
}
