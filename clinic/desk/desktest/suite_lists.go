package desktest

import (
	"errors"
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

func testNames(t *testing.T, h *harness) {
	people := map[string]clinic.ID{}
	for _, n := range []string{"Nguyễn Văn Ân", "Nguyễn Văn An", "Đặng Thị Ánh Tuyết", "Trần Hòa", "Lê Thị Hoà Bình"} {
		people[n] = clinic.NewID()
		h.put(person(people[n], n))
	}
	married := clinic.NewID()
	h.put(person(married, "Phạm Thị Cũ"))
	h.put(person(married, "Phạm Thị Mới"))
	gone := clinic.NewID()
	h.put(person(gone, "Nguyễn Văn An")) // found by no name once the record is taken back
	back := person(gone, "Nguyễn Văn An")
	back.Body.(*clinic.Patient).Withdrawn = true
	h.put(back)
	cases := []struct {
		query string
		want  []string // in any order
		first string   // that must be best, if set
	}{
		{"nguyen van an", []string{"Nguyễn Văn Ân", "Nguyễn Văn An"}, ""},
		{"Nguyễn Văn Ân", []string{"Nguyễn Văn Ân", "Nguyễn Văn An"}, "Nguyễn Văn Ân"},
		{"  NGUYỄN   văn an ", []string{"Nguyễn Văn Ân", "Nguyễn Văn An"}, "Nguyễn Văn An"},
		{"dang", []string{"Đặng Thị Ánh Tuyết"}, ""},
		{"tuyet dang", []string{"Đặng Thị Ánh Tuyết"}, ""},
		{"th an tu", []string{"Đặng Thị Ánh Tuyết"}, ""},
		{"hoa", []string{"Trần Hòa", "Lê Thị Hoà Bình"}, ""},
		{"Nguye\u0302\u0303n An", []string{"Nguyễn Văn Ân", "Nguyễn Văn An"}, ""}, // NFD
		{"guyen", nil, ""},
		{"nguyen tuyet", nil, ""},
		{"", nil, ""},
		{"   ", nil, ""},
		{"\xff\xfe", nil, ""},
	}
	h.see(func(r desk.Reader) error {
		for _, c := range cases {
			got, err := r.ByName(c.query, 10)
			if err != nil {
				return err
			}
			if len(got) != len(c.want) {
				t.Errorf("%q: %d hits, want %d", c.query, len(got), len(c.want))
				continue
			}
			for _, w := range c.want {
				if !slices.Contains(got, people[w]) {
					t.Errorf("%q does not find %s", c.query, w)
				}
			}
			if c.first != "" && got[0] != people[c.first] {
				t.Errorf("%q: %s is not the best hit", c.query, c.first)
			}
		}
		if got, err := r.ByName("nguyen", 1); len(got) != 1 || err != nil {
			t.Errorf("a limit of 1 gave %d, %v", len(got), err)
		}
		if got, err := r.ByName("pham thi moi", 10); len(got) != 1 || got[0] != married {
			t.Errorf("the current name finds %d people, %v", len(got), err)
		}
		return nil
	})
}

func testVisits(t *testing.T, h *harness) {
	p, v1, v2 := clinic.NewID(), clinic.NewID(), clinic.NewID()
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	h.put(person(p, "A"))
	h.put(visitDraft(p, v2, day, 2))
	h.put(visitDraft(p, v1, day, 1))
	h.put(visitDraft(p, clinic.NewID(), day.AddDays(1), 1))
	after := visitDraft(p, clinic.NewID(), day.AddDays(1), 2)
	after.Body.(*clinic.Visit).After = &clinic.Afterwards{Name: "y sĩ Cũ"}
	h.put(after)
	h.see(func(r desk.Reader) error {
		row, ok, err := r.Visit(after.Visit)
		if !ok || row.Has != desk.HasAfter {
			t.Errorf("a visit that was entered later: %b", row.Has)
		}
		return err
	})
	add := func(k clinic.Kind, body any) { h.put(clinic.Draft{Kind: k, Subject: p, Visit: v1, Body: body}) }
	add(clinic.KindVitals, &clinic.Vitals{Pulse: 70})
	add(clinic.KindExam, &clinic.Exam{Reason: "ho"})
	h.see(func(r desk.Reader) error {
		row, ok, err := r.Visit(v1)
		if !ok || row.Patient != p || row.Has != desk.HasVitals|desk.HasExam || row.Queue != 1 || row.Day != day || row.Key != "22736a2611020001" || row.Opened.IsZero() {
			t.Errorf("%+v, %v", row, ok)
		}
		if _, ok, err := r.Visit(clinic.NewID()); ok || err != nil {
			t.Errorf("an unknown visit is known, %v", err)
		}
		rows, err2 := r.Day(day)
		if len(rows) != 2 || rows[0].ID != v1 || rows[1].ID != v2 || rows[1].Has != 0 {
			t.Errorf("the day's queue is %d long or out of order", len(rows))
		}
		if none, err := r.Day(day.AddDays(-1)); len(none) != 0 || err != nil {
			t.Errorf("an empty day has %d visits, %v", len(none), err)
		}
		next, ok, err3 := r.NextDay(day.AddDays(-400))
		if !ok || next != day {
			t.Errorf("the first day with visits is %v, %v", next, ok)
		}
		if next, ok, err := r.NextDay(day.AddDays(1)); !ok || next != day.AddDays(1) || err != nil {
			t.Errorf("the day itself has visits: %v, %v, %v", next, ok, err)
		}
		if next, ok, err := r.NextDay(day.AddDays(2)); ok || err != nil {
			t.Errorf("there are no later visits: %v, %v", next, err)
		}
		return errors.Join(err, err2, err3)
	})
	add(clinic.KindDiagnosis, &clinic.Diagnosis{Main: "J00"})
	add(clinic.KindPrescribe, &clinic.Prescription{})
	add(clinic.KindBill, &clinic.Bill{})
	add(clinic.KindAppointment, &clinic.Appointment{Slip: "x", Due: day})
	add(clinic.KindSigned, &clinic.Signed{Leaves: [][]byte{make([]byte, 32)}, Method: 1})
	h.put(clinic.Draft{Kind: clinic.KindVisitEnded, Subject: p, Visit: v2, Body: &clinic.VisitEnded{Why: "về"}})
	h.see(func(r desk.Reader) error {
		one, _, err := r.Visit(v1)
		two, _, err2 := r.Visit(v2)
		if one.Has != desk.HasEnded-1 || two.Has != desk.HasEnded {
			t.Errorf("progress is %b and %b", one.Has, two.Has)
		}
		return errors.Join(err, err2)
	})
}

func testAppointments(t *testing.T, h *harness) {
	p, v, w := clinic.NewID(), clinic.NewID(), clinic.NewID()
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	h.put(person(p, "A"))
	h.put(visitDraft(p, v, day, 1))
	h.put(visitDraft(p, w, day, 2))
	slip := func(n int) string { s, _ := clinic.NewSlip("22736", "a", n); return s }
	appoint := func(visit clinic.ID, n int, due clinic.Date, corrects clinic.Leaf) clinic.Leaf {
		return h.put(clinic.Draft{
			Kind: clinic.KindAppointment, Subject: p, Visit: visit, Corrects: corrects,
			Body: &clinic.Appointment{Slip: slip(n), Due: due},
		})[0].Leaf
	}
	first := appoint(v, 1, day.AddDays(10), clinic.Leaf{})
	appoint(v, 2, day.AddDays(7), first)
	appoint(w, 3, day.AddDays(8), clinic.Leaf{})
	later := clinic.NewID()
	h.put(visitDraft(p, later, day.AddDays(8), 1),
		clinic.Draft{Kind: clinic.KindArrived, Subject: p, Visit: later, Body: &clinic.Arrived{Slip: slip(3)}})
	h.see(func(r desk.Reader) error {
		due, err := r.Due(day.AddDays(7), day.AddDays(10))
		var codes []string
		for _, a := range due {
			if !a.Void {
				codes = append(codes, a.Slip)
			}
		}
		if !slices.Equal(codes, []string{slip(2), slip(3)}) {
			t.Errorf("due are %d slips, %d of them valid", len(due), len(codes))
		}
		if none, err := r.Due(day, day.AddDays(6)); len(none) != 0 || err != nil {
			t.Errorf("%d appointments before the first, %v", len(none), err)
		}
		void, ok, err2 := r.Slip(slip(1))
		if !ok || !void.Void || void.Visit != v || void.Patient != p || !void.Used.IsZero() {
			t.Errorf("the replaced slip: %+v, %v", void, ok)
		}
		used, ok, err3 := r.Slip(slip(3))
		if !ok || used.Used != later || used.Void || used.Due != day.AddDays(8) {
			t.Errorf("the used slip: %+v, %v", used, ok)
		}
		if _, ok, err := r.Slip(slip(99)); ok || err != nil {
			t.Errorf("an unknown slip is known, %v", err)
		}
		if n, _ := r.Last(clinic.SeriesSlip("a")); n != 3 {
			t.Errorf("the last slip is number %d", n)
		}
		return errors.Join(err, err2, err3)
	})
}

// testFresh: after a restore no series goes on where it was, one that had no number
// yet included, and the days behind the restore begin as always.
func testFresh(t *testing.T, h *harness) {
	day := clinic.Date{Year: 2026, Month: 6, Day: 15}
	appoint := func(n int) {
		slip, err := clinic.NewSlip("79001", "a", n)
		if err != nil {
			t.Fatal(err)
		}
		h.put(clinic.Draft{Kind: clinic.KindAppointment, Subject: clinic.NewID(), Visit: clinic.NewID(), Body: &clinic.Appointment{Slip: slip, Due: day}})
	}
	fresh := func(skip, base int) {
		h.put(clinic.Draft{Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &clinic.Machine{
			Event: clinic.MachineRestored, Fresh: &clinic.Fresh{Skip: skip, Base: base, Until: day.Int()},
		}})
	}
	last := func(want map[string]int) {
		t.Helper()
		h.see(func(r desk.Reader) error {
			for series, n := range want {
				if got, err := r.Last(series); got != n || err != nil {
					t.Errorf("%s is at %d, %v; want %d", series, got, err, n)
				}
			}
			return nil
		})
	}
	appoint(7)
	h.put(clinic.Draft{Kind: clinic.KindVisit, Subject: clinic.NewID(), Visit: clinic.NewID(), Body: &clinic.Visit{Day: day, Queue: 3}})
	fresh(1000, 4000)
	last(map[string]int{
		clinic.SeriesSlip("a"): 1007, clinic.SeriesPrescription("a"): 1000,
		clinic.SeriesQueue(day): 4000, clinic.SeriesVisit("a", day.AddDays(-3)): 4000, clinic.SeriesQueue(day.AddDays(1)): 0,
	})
	appoint(1008)
	last(map[string]int{clinic.SeriesSlip("a"): 1008})
	fresh(50, 6000)
	last(map[string]int{clinic.SeriesSlip("a"): 1058, clinic.SeriesPrescription("a"): 1050, clinic.SeriesQueue(day): 6000})
}

func testStaff(t *testing.T, h *harness) {
	a, b := clinic.NewID(), clinic.NewID()
	staff := func(id clinic.ID, s clinic.Staff) { h.put(clinic.Draft{Kind: clinic.KindStaff, Subject: id, Body: &s}) }
	staff(b, clinic.Staff{Name: "Bình", Role: clinic.RoleNurse})
	staff(a, clinic.Staff{Name: "An", Role: clinic.RoleDoctor})
	staff(b, clinic.Staff{Name: "Bình", Role: clinic.RoleNurse, Left: true})
	h.see(func(r desk.Reader) error {
		got, err := r.Staff()
		if len(got) != 2 || got[0].ID != a || got[1].ID != b || !got[1].Left || got[0].Role != clinic.RoleDoctor || got[0].Received {
			t.Errorf("%d people, or out of order, or not as they are now", len(got))
		}
		return err
	})
}

func testCatalog(t *testing.T, h *harness) {
	const catalog = "suite"
	from := clinic.Date{Year: 2026, Month: 1, Day: 1}
	row := func(code, name, english string, from, to clinic.Date) {
		h.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
			Catalog: catalog, Code: code, Name: name, English: english, From: from, To: to,
		}})
	}
	row("A09", "Viêm dạ dày – ruột", "Gastroenteritis", from, clinic.Date{Year: 2026, Month: 6, Day: 30})
	row("A09", "Viêm dạ dày ruột nhiễm trùng", "Gastroenteritis", clinic.Date{Year: 2026, Month: 7, Day: 1}, clinic.Date{})
	row("J00", "Viêm mũi họng cấp", "Acute nasopharyngitis", from, clinic.Date{})
	h.see(func(r desk.Reader) error {
		old, ok := r.Row(catalog, "A09", clinic.Date{Year: 2026, Month: 6, Day: 30})
		if !ok || old.Name != "Viêm dạ dày – ruột" {
			t.Errorf("the last day of a row: %+v, %v", old, ok)
		}
		if cur, ok := r.Row(catalog, "A09", clinic.Date{Year: 2026, Month: 7, Day: 1}); !ok || cur.Name == old.Name {
			t.Errorf("the first day of a row: %+v, %v", cur, ok)
		}
		if _, ok := r.Row(catalog, "A09", from.AddDays(-1)); ok {
			t.Error("a row holds before its first day")
		}
		if _, ok := r.Row("other", "A09", from); ok {
			t.Error("a row is in a catalogue that it is not in")
		}
		for _, q := range []string{"j00", "J0", "viem mui", "Viêm mũi họng", "nasopharyngitis", "NASO"} {
			if got := r.SearchCatalog(catalog, q, from, 10); len(got) != 1 || got[0].Code != "J00" {
				t.Errorf("%q finds %d rows", q, len(got))
			}
		}
		if got := r.SearchCatalog(catalog, "viem", from, 10); len(got) != 2 {
			t.Errorf("rows of one day: %d", len(got))
		}
		if got := r.SearchCatalog(catalog, "viem", from, 1); len(got) != 1 {
			t.Errorf("a limit of 1 gave %d", len(got))
		}
		if got := r.SearchCatalog(catalog, "xyz", from, 10); len(got) != 0 {
			t.Errorf("nonsense finds %d rows", len(got))
		}
		return nil
	})
	testRowVersions(t, h, catalog)
}

// testRowVersions: a row that is set again is the last one said, and what was said
// before can still be read.
func testRowVersions(t *testing.T, h *harness, catalog string) {
	from, subject := clinic.Date{Year: 2026, Month: 1, Day: 1}, clinic.NewID()
	ended := clinic.CatalogRow{Catalog: catalog, Code: "j00", Name: "Cảm", From: from, To: from.AddDays(30), Flags: "old"}
	h.put(clinic.Draft{Kind: clinic.KindCatalogRow, Subject: subject, Body: &ended})
	h.see(func(r desk.Reader) error {
		rows := r.Rows(catalog, "")
		if len(rows) != 3 || rows[0].Code != "A09" || rows[0].To.IsZero() || rows[1].Code != "A09" || !rows[2].Equal(&ended) {
			t.Errorf("rows: %+v", rows)
		}
		if one := r.Rows(catalog, "J00"); len(one) != 1 || !one[0].Equal(&ended) {
			t.Errorf("rows of a code: %+v", one)
		}
		if _, ok := r.Row(catalog, "J00", from.AddDays(31)); ok {
			t.Error("a row holds after the last day that it was given")
		}
		all, err := r.RowVersions(catalog, "")
		if len(all) != 4 {
			t.Errorf("%d versions of all rows", len(all))
		}
		v, err2 := r.RowVersions(catalog, "J00")
		if len(v) != 2 || v[0].Record == nil || v[0].Row.Name != "Viêm mũi họng cấp" || !v[1].Row.Equal(&ended) || v[1].Record.Subject != subject {
			t.Errorf("versions: %+v", v)
		}
		mine, err3 := r.Records(subject)
		if len(mine) != 1 {
			t.Errorf("%d rows under their import", len(mine))
		}
		return errors.Join(err, err2, err3)
	})
}
