package hubmain_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/internal/entry"
)

// TestVerifyPaper: the centre proves a paper of a box by what it holds of it, and
// refuses one that it does not hold, or that is not of the journal that it knows.
func TestVerifyPaper(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "box", "list") // makes the folder
	path := filepath.Join(dir, "data", "hub.db")
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	patient, visit := clinic.ID{1}, clinic.ID{2}
	encode := func(n byte, d clinic.Draft) []byte {
		d.Subject, d.Visit, d.Event = patient, visit, time.Unix(1_790_000_000, 0)
		b, err := entry.Encode(d, clinic.ID{3, n}, clinic.ID{4}, uint64(n)<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	m := &dbtest.Maker{Box: "tram-01", Epoch: hub.Epoch{5, 6}}
	if err := d.AddBox(t.Context(), m.Box, hub.Keys{Identity: [32]byte{1}, HPKE: []byte{2}}, dbtest.At(0)); err != nil {
		t.Fatal(err)
	}
	first := m.Of(
		encode(1, clinic.Draft{Kind: clinic.KindAppointment, Body: &clinic.Appointment{Slip: "H22736A000125", Note: "bí mật"}}),
		encode(2, clinic.Draft{Kind: clinic.KindExam, Body: &clinic.Exam{Reason: "bí mật"}}),
		encode(3, clinic.Draft{Kind: clinic.KindPaper, Body: &clinic.Paper{Form: "appointment"}}),
	)
	second := m.Of(encode(4, clinic.Draft{Kind: clinic.KindExam, Corrects: first.Entries[1].Leaf, Why: "sửa", Body: &clinic.Exam{Reason: "bí mật"}}))
	for _, b := range []*hub.Batch{first, second} {
		if err := d.Append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	other := &dbtest.Maker{Box: "tram-02", Epoch: hub.Epoch{7}}
	if err := d.AddBox(t.Context(), other.Box, hub.Keys{Identity: [32]byte{2}, HPKE: []byte{2}}, dbtest.At(0)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Append(t.Context(), other.Next(9)), d.Close()); err != nil {
		t.Fatal(err)
	}
	paper := func(n int, change func(*clinic.PaperQR)) string {
		leaf := first.Entries[n].Leaf
		q := clinic.PaperQR{Leaf: leaf[:], Record: patient, TreeHead: clinic.TreeHead{Log: m.Epoch, Size: 3, Root: first.Root[:]}}
		if change != nil {
			change(&q)
		}
		return q.String()
	}
	old := paper(0, func(q *clinic.PaperQR) { q.Slip = "H22736A000125" })
	part := strings.Split(old, "/")
	for name, c := range map[string]struct {
		qr   string
		good bool
		want []string
	}{
		"as printed":           {paper(0, nil), true, []string{"tram-01", "appointment", "this journal as it was with 3 entries", "unchanged"}},
		"corrected since":      {paper(1, nil), true, []string{"exam", "CORRECTED"}},
		"of before":            {strings.Join([]string{"CB1", "H22736A000125", part[1], part[3], part[4], part[5]}, "/"), true, []string{"this journal as it was"}},
		"ahead of the centre":  {paper(0, func(q *clinic.PaperQR) { q.Size = 50 }), true, []string{"only 4 of the 50"}},
		"another root":         {paper(0, func(q *clinic.PaperQR) { q.Root = make([]byte, 16) }), false, []string{"not the one that the paper knows"}},
		"another record":       {paper(0, func(q *clinic.PaperQR) { q.Record = clinic.ID{9} }), false, []string{"another patient's record"}},
		"another entry":        {paper(0, func(q *clinic.PaperQR) { q.Leaf = make([]byte, 16) }), false, []string{"holds NO such entry"}},
		"another box's":        {paper(0, func(q *clinic.PaperQR) { q.Log = other.Epoch }), false, []string{"holds NO such entry"}},
		"an unknown journal's": {paper(0, func(q *clinic.PaperQR) { q.Log = hub.Epoch{8} }), false, []string{"holds NO such entry"}},
	} {
		out, err := try(t, dir, "verify", c.qr)
		if err != nil {
			out += hubmain.Words(err)
		}
		if c.good != (err == nil) || !c.good && !errors.Is(err, hubmain.ErrDamage) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %q is missing in\n%s", name, w, out)
			}
		}
		if strings.Contains(out, "bí mật") {
			t.Errorf("%s: it tells what a record says", name)
		}
	}
	if _, err := try(t, dir, "verify", "CB2/x"); !errors.Is(err, hubmain.ErrUsage) {
		t.Error(err)
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(`UPDATE entries SET bytes = x'00' WHERE idx = 2`); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := try(t, dir, "verify", paper(0, nil)); !errors.Is(err, hubmain.ErrDamage) || !strings.Contains(out, "entry 2 does not hash") {
		t.Errorf("a damaged copy proves: %v %s", err, out)
	}
}
