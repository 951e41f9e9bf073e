package store_test

import (
	"os"
	"testing"

	"clinicbox/store/storetest"
)

// FuzzBlob: nothing but what this box sealed opens, and nothing crashes.
func FuzzBlob(f *testing.F) {
	o := storetest.Options(f.TempDir())
	s := storetest.Start(f, o)
	if _, err := s.Blobs().Put(f.Context(), scan(70_000)); err != nil {
		f.Fatal(err)
	}
	es, _ := os.ReadDir(o.Dir + "/blobs")
	dir := o.Dir + "/blobs/" + es[0].Name()
	es, _ = os.ReadDir(dir)
	good, err := os.ReadFile(dir + "/" + es[0].Name())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[:100])
	f.Add(good[:40+40+64<<10])
	f.Add(append([]byte("CBXBLOB1"), make([]byte, 65)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 24 || string(b) == string(good) {
			return
		}
		if _, err := s.Blobs().OpenBlob([16]byte(b[8:24]), b); err == nil {
			t.Fatal("opened")
		}
	})
}
