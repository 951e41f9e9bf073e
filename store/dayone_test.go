package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/internal/fold"
	"clinicbox/internal/invent"
	"clinicbox/interop/dayone"
	"clinicbox/interop/sheet"
	"clinicbox/interop/sheet/sheettest"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// book is an invented book of patients as years of typing left it.
type book struct {
	bytes []byte
	names map[string]int // of the rows that are good, with how many people have it
	bad   int            // rows that nobody can read safely
	twice int            // rows that stand there twice
	same  int            // rows of somebody in a row before, or known, by number
	known []clinic.Patient
}

const bookRows = 5000

func messyBook() *book {
	b := &book{names: map[string]int{}, bytes: []byte("Sổ theo dõi\nSTT;Họ và tên;Ngày sinh;Giới tính;CCCD;Điện thoại;Địa chỉ;Dị ứng\n")}
	g := invent.NewOn(7, clinic.Date{Year: 2026, Month: 1, Day: 1})
	codes := []sheet.Code{sheet.CodeTCVN3, sheet.CodeVNI, sheet.Code1258}
	last := ""
	for i := range bookRows {
		p := g.Patient().Patient
		name, birth, sex := p.Name, p.Birth.String(), []string{"", "Nam", "nữ", "3"}[p.Sex]
		number, phone := "", ""
		if id, ok := p.Current(clinic.SystemCitizen, clinic.Date{Year: 2026, Month: 1, Day: 1}); ok {
			number = id.Value
		}
		if p.Phone != "" {
			phone = p.Phone
		}
		good := true
		switch i % 25 {
		case 1: // an age, where a date should be
			birth = fmt.Sprintf("%d tuổi", 2026-p.Birth.Year)
		case 2:
			birth, good = fmt.Sprintf("%02d/13/%d", 1+i%28, p.Birth.Year), false
		case 3:
			birth, good = fmt.Sprintf("1/2/%02d", p.Birth.Year%100), false
		case 4: // the spreadsheet made floats of numbers
			phone = strings.TrimPrefix(phone, "0") + ".0"
			number = strings.TrimLeft(number, "0")
		case 5:
			if len(number) == 12 {
				number, good = number[:1]+"."+number[1:3]+"E+11", false
			}
		case 6: // swapped columns
			name, birth, good = birth, name, len(strings.Fields(name)) < 2
		case 7:
			if last != "" {
				b.bytes, b.twice = append(b.bytes, last...), b.twice+1
				continue
			}
		case 8: // somebody whom the register knows already
			if number != "" {
				b.known = append(b.known, p)
				b.same++
				good = false
				b.bad-- // it is no error
			}
		}
		line := strings.Join([]string{fmt.Sprint(i), name, birth, sex, number, strings.TrimPrefix(phone, ".0"), strings.NewReplacer(";", ",", "\n", " ").Replace(p.Address), ""}, ";") + "\n"
		raw := []byte(line)
		if i%7 == 3 {
			if code := codes[i/7%3]; says(code, line) {
				raw = sheettest.Encode(code, line)
			}
		}
		b.bytes = append(b.bytes, raw...)
		if good {
			b.names[norm.NFC.String(name)]++
			last = string(raw)
		} else {
			b.bad++
		}
	}
	return b
}

// says reports whether a code has every letter: TCVN3 has few capitals.
func says(code sheet.Code, s string) (ok bool) {
	defer func() { ok = recover() == nil }()
	sheettest.Encode(code, s)
	return
}

// cutting is a store in which power goes after some acts.
type cutting struct {
	*store.Store
	left int
}

var errCut = errors.New("power goes")

func (c *cutting) Act(ctx context.Context, act, author clinic.ID, f func(desk.Reader) ([]clinic.Draft, error)) (desk.Saved, error) {
	if c.left--; c.left == 0 {
		return desk.Saved{}, errCut
	}
	return c.Store.Act(ctx, act, author, f)
}

func oldDesk(t *testing.T, s desk.Store, clock desk.Clock) *desk.Desk {
	t.Helper()
	d, err := desk.New(desk.Options{
		Store: s, Clock: clock, Pins: desktest.NewPins(), Papers: &desktest.Papers{}, Scans: desktest.Scans{}, Witness: desktest.NewStore(clock),
		Fold: fold.String, NFC: fold.NFC, Site: desk.Site{Facility: clinic.Facility{Code: "22736", Name: "Trạm Y tế Mẫu", Box: "tram-01", Book: "a"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMessyBook brings in a book of 5,000 rows, loses power on the way, goes on, brings it
// again, and takes it back.
func TestMessyBook(t *testing.T) {
	if testing.Short() {
		t.Skip("5,000 rows, one after the other: left to the full run")
	}
	b := messyBook()
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	ctx, admin, nurse := t.Context(), clinic.ID{5}, clinic.ID{2}
	power := &cutting{Store: s, left: -1}
	d := oldDesk(t, power, o.Clock)
	err := d.SetUp(ctx, []desk.StaffSeed{{ID: admin, Staff: clinic.Staff{Name: "Quản Trị", Role: clinic.RoleAdministrator}}, {ID: nurse, Staff: clinic.Staff{Name: "Lê Thị Giả", Role: clinic.RoleNurse}}})
	if err != nil {
		t.Fatal(err)
	}
	known := map[clinic.ID]bool{}
	for i := range b.known {
		p := b.known[i]
		p.Phone, p.Unnamed = "", false
		done, err := d.Register(ctx, desk.Call{Act: clinic.NewID(), By: nurse}, desk.PatientInput{Patient: p, Different: true})
		if err != nil {
			t.Fatal(err)
		}
		known[done.Patient] = true
	}
	now, _ := o.Clock.Now()
	r := dayone.Read("sổ.csv", clinic.OldPatients, b.bytes, clinic.DateOf(now))
	if r.Lines != bookRows || r.Bad != b.bad {
		for _, p := range r.Problems {
			if !p.Warn {
				t.Log(p)
			}
		}
		t.Fatalf("%d rows, %d bad; want %d", r.Lines, r.Bad, b.bad)
	}
	in := desk.OldInput{
		List: clinic.OldPatients, File: "sổ.csv", Hash: sha256.Sum256(b.bytes), Rows: r.Rows, Size: r.Lines,
		ByNumber: desk.OldSame, ByName: desk.OldOther, Confirmed: true,
	}
	plan, err := d.PlanOld(ctx, admin, in)
	if err != nil {
		t.Fatal(err)
	}
	adds := bookRows - b.bad - b.twice - b.same
	if plan.Count(desk.OldAdds) != adds || plan.Count(desk.OldJoins) != b.same || plan.Count(desk.OldSkips) != b.twice {
		t.Fatalf("adds %d, joins %d, skips %d, asks %d, refuses %d; want %d, %d, %d", plan.Count(desk.OldAdds), plan.Count(desk.OldJoins), plan.Count(desk.OldSkips), plan.Count(desk.OldAsks), plan.Count(desk.OldRefuses), adds, b.same, b.twice)
	}
	power.left = 40
	if _, err := d.BringOld(ctx, desk.Call{Act: clinic.NewID(), By: admin}, in); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storetest.Start(t, o)
	d = oldDesk(t, s, o.Clock)
	for _, again := range []bool{false, true} {
		before := s.Own().Size()
		done, err := d.BringOld(ctx, desk.Call{Act: clinic.NewID(), By: admin}, in)
		if err != nil || done.Again != again || again && s.Own().Size() != before {
			t.Fatal(err, done.Again)
		}
	}
	list, err := d.OldImports(ctx, admin)
	if err != nil || len(list) != 1 || !list[0].Done || list[0].Counts[clinic.DayOneAdded] != adds {
		t.Fatalf("%+v %v", list, err)
	}
	missing := b.missing(t, s)
	if len(missing) > 0 {
		t.Errorf("%d names are not found as they were meant: %q", len(missing), missing[:min(9, len(missing))])
	}
	if _, err := d.UndoOld(ctx, desk.Call{Act: clinic.NewID(), By: admin}, list[0].ID); err != nil {
		t.Fatal(err)
	}
	left := 0
	storetest.View(t, s, func(r desk.Reader) {
		for name := range b.names {
			ids, _ := r.ByName(name, 500)
			for _, id := range ids {
				if !known[id] {
					left++
				}
			}
		}
	})
	if left > 0 {
		t.Errorf("%d are found after all was taken back", left)
	}
	t.Logf("%d rows: %d new, %d known, %d twice, %d refused, %d warnings, %d entries", bookRows, adds, b.same, b.twice, b.bad, len(r.Problems)-b.bad, s.Own().Size())
}

// missing returns the names of good rows that are found less often than they stand there.
func (b *book) missing(t *testing.T, s desk.Store) (out []string) {
	storetest.View(t, s, func(r desk.Reader) {
		for name, n := range b.names {
			ids, _ := r.ByName(name, 500)
			found := 0
			for _, id := range ids {
				if p, _ := r.Patient(id); p != nil && p.Name == name {
					found++
				}
			}
			if found < n {
				out = append(out, name)
			}
		}
	})
	slices.Sort(out)
	return out
}
