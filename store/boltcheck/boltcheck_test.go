package boltcheck_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"clinicbox/store/boltcheck"
)

// sample makes a file with deep, inline, empty and overflowing buckets.
func sample(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true, PageSize: 1 << 12, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		err = db.Update(func(tx *bbolt.Tx) error {
			for _, n := range []int{0, 3, 900} {
				b, err := tx.CreateBucketIfNotExists(fmt.Appendf(nil, "bucket %d", n))
				if err != nil {
					return err
				}
				for i := range n {
					if err := b.Put(fmt.Appendf(nil, "%04d", i*7919%10007), bytes.Repeat([]byte{byte(round)}, i%50)); err != nil {
						return err
					}
				}
			}
			b, err := tx.CreateBucketIfNotExists([]byte("large"))
			if err != nil {
				return err
			}
			return b.Put([]byte("k"), make([]byte, 20_000))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func check(b []byte) error { return boltcheck.Check(bytes.NewReader(b), int64(len(b)), nil) }

func TestGoodFile(t *testing.T) {
	b := sample(t)
	if err := check(b); err != nil {
		t.Fatal(err)
	}
	for meta := range 2 { // either meta page may be lost
		bad := bytes.Clone(b)
		clear(bad[meta*4096 : meta*4096+4096])
		if err := check(bad); err != nil {
			t.Errorf("without meta %d: %v", meta, err)
		}
	}
}

func TestDamage(t *testing.T) {
	b := sample(t)
	for name, bad := range map[string][]byte{
		"empty":     nil,
		"short":     b[:5000],
		"cut":       b[:len(b)/2],
		"zeros":     make([]byte, len(b)),
		"no metas":  append(make([]byte, 8192), b[8192:]...),
		"no pages":  append(bytes.Clone(b[:8192]), make([]byte, len(b)-8192)...),
		"ff":        append(bytes.Clone(b[:8192]), bytes.Repeat([]byte{0xff}, len(b)-8192)...),
		"not bbolt": bytes.Repeat([]byte("text"), 5000),
	} {
		if err := check(bad); !errors.Is(err, boltcheck.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	with := sampleWithFreelist(t)
	if err := check(with); !errors.Is(err, boltcheck.ErrDamaged) {
		t.Errorf("freelist: %v", err)
	}
}

func sampleWithFreelist(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	b, _ := os.ReadFile(path)
	return b
}

// TestWhatPassesOpens damages single bytes of the page structure. What the check
// lets through, bbolt must open and walk without panic: here in this process.
func TestWhatPassesOpens(t *testing.T) {
	good := sample(t)
	path := filepath.Join(t.TempDir(), "db")
	passed := 0
	for at := 8192; at < len(good); at += 4096 {
		for _, off := range []int{0, 1, 8, 9, 10, 11, 12, 15, 16, 17, 20, 21, 24, 25, 28, 30, 33, 200} {
			bad := bytes.Clone(good)
			bad[at+off] ^= 0x55
			if check(bad) != nil {
				continue
			}
			if passed++; passed%5 != 0 {
				continue // free pages: nobody reads them
			}
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true, NoSync: true})
			if err != nil {
				t.Fatalf("byte %d: %v", at+off, err)
			}
			_ = db.View(func(tx *bbolt.Tx) error {
				return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
					return b.ForEach(func(_, _ []byte) error { return nil })
				})
			})
			db.Close()
		}
	}
	t.Logf("%d damages passed", passed)
}

func FuzzCheck(f *testing.F) {
	good := sample(f)
	f.Add(uint32(8192), []byte{1, 2, 3})
	f.Add(uint32(4096*9+10), []byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		bad := bytes.Clone(good)
		copy(bad[int(at)%len(bad):], with)
		_ = check(bad) // must end, without panic
	})
}
