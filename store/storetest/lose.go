package storetest

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
)

// Losing is a running store of which tests make entries unreadable by a flipped bit in
// the file of own. It is not checked at the end.
type Losing struct {
	*store.Store
	t   testing.TB
	dir string
}

var _ desk.Store = (*Losing)(nil)

// OpenLosing opens and runs a store in a new directory.
func OpenLosing(t testing.TB) *Losing {
	t.Helper()
	o := Options(t.TempDir())
	return &Losing{Start(t, o), t, o.Dir}
}

// The head of a frame in a segment, which store/journal describes.
const (
	segmentHead = 1024
	frameHead   = 16
)

// Lose flips a bit of the entry's frame and reports whether own holds the entry. It
// knows the first segment only.
func (l *Losing) Lose(leaf clinic.Leaf) bool {
	l.t.Helper()
	index, err := l.Own().Find(leaf[:])
	if err != nil {
		return false
	}
	path := filepath.Join(l.dir, "own", "00000000.seg")
	data, err := os.ReadFile(path)
	if err != nil {
		l.t.Fatal(err)
	}
	for at := segmentHead; at+frameHead < len(data) && string(data[at:at+3]) == "CBF"; {
		if uint64(binary.BigEndian.Uint32(data[at+8:])) == index {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt([]byte{data[at+frameHead] ^ 1}, int64(at+frameHead))
			}
			if err != nil {
				l.t.Fatal(err)
			}
			return f.Close() == nil
		}
		at += frameHead + int(binary.BigEndian.Uint16(data[at+6:]))
	}
	return false
}
