package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func fileStart() Start {
	return Start{
		Dir: DirUp, Box: "tram-01", Epoch: Epoch{1, 2, 3}, Incarnation: Epoch{4}, Parent: Epoch{5},
		Tip: 7, Agent: "golden", Made: 1_790_000_000_000,
	}
}

// TestGoldenFile opens a courier's session that was recorded once.
func TestGoldenFile(t *testing.T) {
	box, hub := frozenKey("tram-01", 1), frozenKey("hub", 2)
	id := FileID{7, 7}
	var frames [][]byte
	record := func(i int) func() []byte {
		return func() []byte {
			if frames == nil {
				start, s, err := StartFile(hub.Public().HPKE, box.Identity, id, fileStart())
				if err != nil {
					t.Fatal(err)
				}
				f, err := s.Seal(frozenMessages(t)["data"])
				if err != nil {
					t.Fatal(err)
				}
				frames = [][]byte{start, f}
			}
			return frames[i]
		}
	}
	want := fileStart()
	want.Nonce = Nonce(id)
	got, o, err := AcceptFile(golden(t, "file-start", record(0)), hub.HPKE, id, Expect{Dir: DirUp, Box: "tram-01", From: box.Public().Identity})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	m, err := o.Open(golden(t, "file-data", record(1)))
	if d, ok := m.(*Data); err != nil || !ok || d.First != 7 {
		t.Fatalf("%+v, %v", m, err)
	}
}

// TestFileAndLinkStayApart: a start serves the way that it was made for, the file, the
// direction, the box and the receiver, and no other, also when its first byte is that of
// the other way.
func TestFileAndLinkStayApart(t *testing.T) {
	box, hub := frozenKey("tram-01", 1), frozenKey("hub", 2)
	id := NewFileID()
	want := Expect{Dir: DirUp, Box: "tram-01", From: box.Public().Identity, Nonce: Nonce(id)}
	s := fileStart()
	file, fs, err := StartFile(hub.Public().HPKE, box.Identity, id, s)
	if err != nil {
		t.Fatal(err)
	}
	s.Nonce = Nonce(id)
	link, ls, err := StartSession(hub.Public().HPKE, box.Identity, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(file); !errors.Is(err, ErrFrame) {
		t.Errorf("a link takes a file's start for a frame: %v", err)
	}
	if _, _, err := AcceptSession(file, hub.HPKE, want); err == nil {
		t.Error("a file's start is accepted on the link")
	}
	if _, _, err := AcceptFile(link, hub.HPKE, id, want); err == nil {
		t.Error("a link's start is accepted in a file")
	}
	disguised := func(f []byte, first byte) []byte { return append([]byte{first}, f[1:]...) }
	if _, _, err := AcceptSession(disguised(file, magic), hub.HPKE, want); !errors.Is(err, ErrStart) {
		t.Errorf("a disguised file's start on the link: %v", err)
	}
	if _, _, err := AcceptFile(disguised(link, magicFile), hub.HPKE, id, want); !errors.Is(err, ErrStart) {
		t.Errorf("a disguised link's start in a file: %v", err)
	}
	if _, _, err := AcceptFile(file, hub.HPKE, NewFileID(), want); !errors.Is(err, ErrStale) {
		t.Errorf("a start of another file: %v", err)
	}
	for name, w := range map[string]Expect{
		"direction": {Dir: DirDown, Box: "tram-01", From: want.From},
		"box":       {Dir: DirUp, Box: "tram-02", From: want.From},
		"sender":    {Dir: DirUp, Box: "tram-01", From: hub.Public().Identity},
	} {
		if _, _, err := AcceptFile(file, hub.HPKE, id, w); !errors.Is(err, ErrStart) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if _, _, err := AcceptFile(file, box.HPKE, id, want); !errors.Is(err, ErrSuite) {
		t.Errorf("another receiver: %v", err)
	}
	_, o, err := AcceptFile(file, hub.HPKE, id, want)
	if err != nil {
		t.Fatal(err)
	}
	a, err := fs.Seal(Ping{Nonce: NewNonce()})
	b, err2 := ls.Seal(Ping{Nonce: NewNonce()})
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if _, err := o.Open(a); err != nil {
		t.Error(err)
	}
	if _, err := o.Open(b); !errors.Is(err, ErrSession) {
		t.Errorf("a frame of the link opens in a file: %v", err)
	}
}

// FuzzFileStart feeds starts of files from a stranger's stick.
func FuzzFileStart(f *testing.F) {
	box, hub := frozenKey("tram-01", 1), frozenKey("hub", 2)
	start := recorded(f, "file-start")
	f.Add(start)
	f.Add(recorded(f, "frame-start"))
	want := Expect{Dir: DirUp, Box: "tram-01", From: box.Public().Identity}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := AcceptFile(b, hub.HPKE, FileID{7, 7}, want); err == nil && !bytes.Equal(b, start) {
			t.Fatal("a forged start is accepted")
		}
	})
}
