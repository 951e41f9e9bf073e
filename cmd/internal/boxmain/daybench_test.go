package boxmain

import (
	"crypto/ed25519"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/internal/fold"
	"clinicbox/store/storetest"
)

// BenchmarkDay is the list of a day with sixty signed visits of people who come often
// (3,000 visits of 300), with what its signatures are worth, beside the same list that
// takes every signature for good. The box holds 300 statements of the centre.
func BenchmarkDay(b *testing.B) {
	o := storetest.Options(b.TempDir())
	s := storetest.Start(b, o)
	now, _ := o.Clock.Now()
	doctor, key := clinic.ID{1}, ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // those of Fill
	p := desk.Person{ID: doctor, Staff: clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleDoctor}}
	raw, err := personRequest("56999", p, key)
	if err != nil {
		b.Fatal(err)
	}
	storetest.Save(b, s, clinic.Draft{Kind: clinic.KindStaff, Subject: doctor, Body: &p.Staff},
		clinic.Draft{Kind: clinic.KindCredential, Subject: doctor, Body: &clinic.Credential{Request: raw}})
	for _, rec := range statements(b, doctor, 300)[3:] {
		storetest.Save(b, s, clinic.Draft{Kind: clinic.KindStatement, Subject: clinic.StatementSubject(), Body: rec.Body})
	}
	storetest.Fill(b, s, storetest.Population{Patients: 300, Visits: 3000, Last: clinic.DateOf(now)})
	made := func(keys desk.Keys) *desk.Desk {
		none := desktest.NewStore(o.Clock)
		d, err := desk.New(desk.Options{
			Store: s, Clock: o.Clock, Pins: desktest.NewPins(), Papers: &desktest.Papers{}, Scans: desktest.Scans{}, Witness: none,
			Fold: fold.String, Keys: keys, Site: desk.Site{Facility: clinic.Facility{Code: "56999", Book: "a"}},
		})
		if err != nil {
			b.Fatal(err)
		}
		return d
	}
	b.Run("baseline:not judged", func(b *testing.B) {
		for b.Loop() {
			storetest.View(b, s, func(r desk.Reader) {
				rows, err := r.Day(clinic.DateOf(now))
				if err != nil || len(rows) != 60 {
					b.Fatal(len(rows), err)
				}
				for _, row := range rows {
					who, err := clinic.Identify(row.Patient, r.Links)
					_, err2 := r.Patient(who.Lead())
					_, err3 := r.Protected(who.Lead())
					if err != nil || err2 != nil || err3 != nil {
						b.Fatal(err, err2, err3)
					}
				}
			})
		}
	})
	d := made(staffKeys{keysBox(b)})
	b.Run("judged", func(b *testing.B) {
		for b.Loop() {
			day, err := d.Today(b.Context(), doctor)
			if err != nil || len(day.Rows) != 60 || day.Rows[7].State != clinic.VisitSigned {
				b.Fatal(len(day.Rows), day.Rows[7].State, err)
			}
		}
	})
	// The month's report and the day's register are of the same clinic; a month is 30 days
	// of 60 visits.
	b.Run("month", func(b *testing.B) {
		for b.Loop() {
			m, err := d.MonthReport(b.Context(), doctor, clinic.DateOf(now))
			if err != nil || len(m.Lines) == 0 {
				b.Fatal(len(m.Lines), err)
			}
		}
	})
	b.Run("register", func(b *testing.B) {
		for b.Loop() {
			book, err := d.DayBook(b.Context(), doctor, clinic.DateOf(now))
			if err != nil || len(book.Rows) != 60 {
				b.Fatal(len(book.Rows), err)
			}
		}
	})
}
