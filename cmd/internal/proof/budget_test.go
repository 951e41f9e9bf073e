package proof

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/web"
)

// TestSpentIsCountedAndKept: what the link of a real box costs is counted by class, all of
// it, and a restart goes on from there.
func TestSpentIsCountedAndKept(t *testing.T) {
	w := newWorld(t, 20, "")
	w.begins()
	w.days(2, 6)
	if err := w.hub.Push(t.Context(), boxName, []clinic.Draft{{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
		Catalog: clinic.CatalogICD10, Code: "Z99", Name: "Thử", From: clinic.Date{Year: 2026, Month: 1, Day: 1},
	}}}); err != nil {
		t.Fatal(err)
	}
	w.same()
	w.within(time.Minute, "the row", func() bool { return of(w.box.Spent(), "catalogues") > 0 })
	s := w.box.Spent()
	sum := int64(0)
	for _, o := range s.Of {
		sum += o.Bytes
		if o.Waits {
			t.Errorf("%+v waits", o)
		}
	}
	if sum != s.Used || of(s, "records") < 1000 || of(s, "link") < 3000 || s.Cap != 500_000_000 {
		t.Errorf("%+v", s)
	}
	w.stopBox()
	w.startBox(w.cable.Addr(), "")
	again := w.box.Spent()
	if again.Used < s.Used || of(again, "records") < of(s, "records") || again.Used > 3*s.Used {
		t.Errorf("before the restart %+v, after it %+v", s, again)
	}
	w.same()
}

func of(s web.Spent, class string) int64 {
	for _, o := range s.Of {
		if o.Class == class {
			return o.Bytes
		}
	}
	return 0
}
