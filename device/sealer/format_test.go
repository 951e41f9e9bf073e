package sealer

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/redact"
)

var update = flag.Bool("update", false, "write the golden file again")

const (
	goldenPath  = "testdata/slots-1.golden"
	goldenPaper = "testdata/slots-1.paper" // the recovery code of the golden file
	goldenPIN   = "480257"

	goldenRekeyed = "testdata/slots-2.golden" // with another storage key, and one vacant number
	goldenBoard   = "10000000a3f0c6d1"
)

func goldenKey() *Key { return (*Key)(bytes.Repeat([]byte{0x5a}, 32)) }

func goldenStaff(t *testing.T) Method {
	board := filepath.Join(t.TempDir(), "board")
	if err := os.WriteFile(board, []byte(goldenBoard), 0o600); err != nil {
		t.Fatal(err)
	}
	return NewStaff(StaffOpts{Board: board, Person: clinic.ID{7}, PIN: redact.Wrap(goldenPIN), Costs: Costs{Time: 1, Memory: 8, Threads: 1}})
}

func files(t *testing.T) Options {
	dir := t.TempDir()
	return Options{Path: filepath.Join(dir, "slots"), Tries: filepath.Join(dir, "tries")}.filled()
}

// A file of version 1 opens for ever, and is written as it was.
func TestGolden(t *testing.T) {
	o := files(t)
	if *update {
		code, paper := NewRecovery()
		if _, err := Create(t.Context(), o, goldenKey(), paper, goldenStaff(t)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(o.Path)
		if err := errors.Join(err, os.WriteFile(goldenPath, b, 0o644), os.WriteFile(goldenPaper, []byte(code.Reveal()+"\n"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(goldenPath)
	if err != nil {
		t.Fatal(err)
	}
	im, err := parseImage(golden)
	if err != nil || !im.genuine(goldenKey()) || !bytes.Equal(im.encode(goldenKey()), golden) {
		t.Fatal("the form changed:", err)
	}
	if err := os.WriteFile(o.Path, golden, 0o600); err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(goldenPaper)
	if err != nil {
		t.Fatal(err)
	}
	paper, err := EnterRecovery(string(code))
	if err != nil {
		t.Fatal(err)
	}
	o.Pause = nil
	f, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	k, err := f.Unlock(t.Context(), paper)
	if err != nil || *k != *goldenKey() {
		t.Fatal(err)
	}
	if err := f.Forgive(t.Context(), k, 2); err != nil { // the counter did not come along
		t.Fatal(err)
	}
	if k, err = f.Unlock(t.Context(), goldenStaff(t)); err != nil || *k != *goldenKey() {
		t.Fatal(err)
	}
}

// A file of version 2, after a change of the storage key, is read and written as it was.
func TestGoldenRekeyed(t *testing.T) {
	next := (*Key)(bytes.Repeat([]byte{0x3c}, 32))
	if *update {
		o := files(t)
		_, paper := NewRecovery()
		f, err := Create(t.Context(), o, goldenKey(), paper, goldenStaff(t))
		if err != nil {
			t.Fatal(err)
		}
		err = f.Rekey(t.Context(), goldenKey(), next, paper)
		b, rerr := os.ReadFile(o.Path)
		if err := errors.Join(err, rerr, os.WriteFile(goldenRekeyed, b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(goldenRekeyed)
	if err != nil {
		t.Fatal(err)
	}
	im, err := parseImage(golden)
	if err != nil || !im.genuine(next) || !bytes.Equal(im.encode(next), golden) {
		t.Fatal("the form changed:", err)
	}
	if k := im.before(next); k == nil || *k != *goldenKey() || !im.ends(goldenKey()) || im.ends(next) || im.before(goldenKey()) != nil {
		t.Error("the key before:", k)
	}
	if len(im.Slots) != 2 || im.Slots[0].Kind != Vacant || im.Slots[0].Number != 2 || im.Slots[0].Owner != (clinic.ID{7}) || im.Slots[1].Number != 3 {
		t.Error(im.Slots)
	}
}

// tampered writes an image as who has the card can: with a right checksum, and
// without the storage key.
func tampered(t *testing.T, o Options, im *image) {
	t.Helper()
	e := envelope{Body: must(encMode.Marshal(im)), Mac: im.mac}
	b := e.encode()
	for _, p := range []string{o.Path, o.Path + copySuffix} {
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTampering(t *testing.T) {
	boxes := make([]Options, 2)
	papers := make([]Method, 2)
	images := make([]*image, 2)
	keys := []*Key{goldenKey(), {9}}
	for i := range boxes {
		boxes[i] = files(t)
		_, papers[i] = NewRecovery()
		if _, err := Create(t.Context(), boxes[i], keys[i], papers[i], goldenStaff(t)); err != nil {
			t.Fatal(err)
		}
		ims, err := boxes[i].copies()
		if err != nil {
			t.Fatal(err)
		}
		images[i] = ims[0]
	}
	o, paper, other := boxes[0], papers[0], images[1]
	weak := must(encMode.Marshal(stretched{Costs{1, 9, 1}, make([]byte, saltLen)}))
	huge := must(encMode.Marshal(stretched{Costs{1 << 30, 1 << 31, 255}, make([]byte, saltLen)}))
	for name, c := range map[string]struct {
		m    Method
		do   func(im *image)
		want error
	}{
		"slot of another box":      {papers[1], func(im *image) { im.Slots[0] = other.Slots[0] }, ErrWrong},
		"wrapped key of another":   {paper, func(im *image) { im.Slots[0].Wrapped = other.Slots[0].Wrapped }, ErrWrong},
		"file ID of another":       {paper, func(im *image) { im.File = other.File }, ErrWrong},
		"another owner":            {NewStaff(StaffOpts{Board: "x", Person: clinic.ID{8}}), func(im *image) { im.Slots[1].Owner = clinic.ID{8} }, ErrBoard},
		"another number":           {paper, func(im *image) { im.Slots = im.Slots[:1]; im.Slots[0].Number = 2 }, ErrWrong},
		"cheaper hash":             {goldenStaff(t), func(im *image) { im.Slots[1].Params = weak }, ErrWrong},
		"a hash that kills":        {goldenStaff(t), func(im *image) { im.Slots[1].Params = huge }, ErrDamaged},
		"no parameters":            {goldenStaff(t), func(im *image) { im.Slots[1].Params = []byte{} }, ErrDamaged},
		"parameters added":         {paper, func(im *image) { im.Slots[0].Params = []byte("x") }, ErrWrong},
		"slot taken away":          {paper, func(im *image) { im.Slots = im.Slots[:1] }, ErrDamaged},
		"kind exchanged":           {paper, func(im *image) { im.Slots[1].Kind = Kind(77) }, ErrDamaged},
		"generation raised":        {paper, func(im *image) { im.Gen += 1000 }, ErrDamaged},
		"counter's floor lowered":  {paper, func(im *image) { im.Floor = 0 }, ErrDamaged},
		"escrow put into the file": {paper, func(im *image) { im.Slots[1].Note = []byte("x") }, ErrDamaged},
	} {
		ims, err := parseImage(images[0].encode(keys[0]))
		if err != nil {
			t.Fatal(err)
		}
		c.do(ims)
		tampered(t, o, ims)
		f, err := Open(o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if k, err := f.Unlock(t.Context(), c.m); k != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A forged copy does not displace the genuine one.
func TestForgedCopy(t *testing.T) {
	o := files(t)
	_, paper := NewRecovery()
	f, err := Create(t.Context(), o, goldenKey(), paper)
	if err != nil {
		t.Fatal(err)
	}
	good, _ := os.ReadFile(o.Path)
	im, _ := parseImage(good)
	im.Gen += 9
	tampered(t, o, im)
	if err := os.WriteFile(o.Path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Unlock(t.Context(), paper); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(o.Path + copySuffix); !bytes.Equal(b, good) {
		t.Fatal("the forged copy stays")
	}
}

// Of two genuine copies the newer counts, whichever place it has: an old main file
// put back does not bring a removed person back while the copy knows better.
func TestNewerCopyCounts(t *testing.T) {
	o := files(t)
	_, paper := NewRecovery()
	staff := goldenStaff(t)
	f, err := Create(t.Context(), o, goldenKey(), paper, staff)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(o.Path)
	if err := f.RemoveSlot(t.Context(), goldenKey(), 2); err != nil {
		t.Fatal(err)
	}
	fresh, _ := os.ReadFile(o.Path)
	if err := os.WriteFile(o.Path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := f.Slots(); err != nil || len(s) != 1 {
		t.Fatal(s, err)
	}
	if k, err := f.Unlock(t.Context(), staff); k != nil || !errors.Is(err, ErrWrong) {
		t.Fatalf("a removed person opens: %v", err)
	}
	if _, err := f.Unlock(t.Context(), paper); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(o.Path); !bytes.Equal(b, fresh) {
		t.Fatal("the old main file stays")
	}
}

// A newer program's file is not damage, and a kind that this one does not know is
// kept.
func TestOtherVersions(t *testing.T) {
	o := files(t)
	_, paper := NewRecovery()
	f, err := Create(t.Context(), o, goldenKey(), paper)
	if err != nil {
		t.Fatal(err)
	}
	ims, _ := o.copies()
	im := ims[0]
	im.Slots = append(im.Slots, slot{Number: im.Next, Kind: 77, Params: []byte("new"), Wrapped: make([]byte, wrappedLen), Note: []byte{}})
	im.Next++
	if err := o.save(im, goldenKey()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.AddSlot(t.Context(), goldenKey(), goldenStaff(t)); err != nil {
		t.Fatal(err)
	}
	if s, err := f.Slots(); err != nil || len(s) != 3 || s[1].Kind.String() != "kind 77" {
		t.Fatal(s, err)
	}
	e := envelope{V: rekeyed + 1, Body: []byte("of tomorrow"), Mac: []byte{}}
	e.Sum = e.sum()
	if err := os.WriteFile(o.Path+copySuffix, must(encMode.Marshal(&e)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(o); !errors.Is(err, ErrVersion) {
		t.Fatal(err)
	}
}

func FuzzSlots(f *testing.F) {
	for _, path := range []string{goldenPath, goldenRekeyed} {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		var e envelope
		_ = decMode.Unmarshal(b, &e)
		f.Add(e.Body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if im, err := parseImage(b); err == nil {
			e := envelope{V: im.version(), Body: must(encMode.Marshal(im)), Mac: im.mac}
			if !bytes.Equal(e.encode(), b) {
				t.Fatal("not canonical")
			}
		}
		// Past the checksum, which a fuzzer does not guess.
		e := envelope{Body: b, Mac: make([]byte, 32)}
		for _, v := range []uint{rekeyed, version} {
			e.V = v
			if im, err := parseImage(e.encode()); err == nil {
				for _, s := range im.Slots {
					_ = s.unwrap(im.File, &Key{})
				}
				if im.before(&Key{}) != nil || im.ends(&Key{}) {
					t.Fatal("a key without a key")
				}
			}
		}
		if tr, err := parseTries(e.encode()); err == nil {
			_ = tr.wrong(1)
		}
	})
}

func FuzzParams(f *testing.F) {
	f.Add(must(encMode.Marshal(stretched{Costs{1, 8, 1}, make([]byte, saltLen)})))
	f.Add(must(encMode.Marshal(cardParams{[]byte("c"), make([]byte, 32)})))
	f.Add(must(encMode.Marshal(tpmParams{Stretch: stretched{Costs{1, 8, 1}, make([]byte, saltLen)}})))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s stretched
		if decMode.Unmarshal(b, &s) == nil && s.ok() && (s.Costs.Memory > 64<<10 || s.Costs.Time > 16) {
			t.Fatal("costs without a limit")
		}
		if _, err := NewTPM(TPMOpts{}).Open(t.Context(), Place{}, b); err == nil {
			t.Fatal("opens without a TPM")
		}
		if _, err := NewStaffCard(clinic.ID{1}, noCard{}).Open(t.Context(), Place{}, b); err == nil {
			t.Fatal("opens without a card")
		}
	})
}

type noCard struct{ Card }

func (noCard) ID(context.Context) ([]byte, error) { return nil, ErrNoCard }
