package storetest

import (
	"context"
	"sync"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/invent"
)

// Population says how many invented records Fill makes. A patient is one entry, or two
// with allergies that were asked for; a visit about nine (opened, measured, examined,
// diagnosed, prescribed, billed, an appointment, signed, looked at).
type Population struct {
	Patients, Visits int
	Last             clinic.Date // day of the last visits; zero is 2026-06-14
}

// Filled is what Fill saved.
type Filled struct {
	IDs    []clinic.ID
	People []invent.Person
}

// visitsADay is a busy commune station.
const visitsADay = 60

// Fill saves an invented clinic, sixty visits a day up to the last day. The same
// population has the same people, illnesses and numbers each time.
func Fill(t testing.TB, s desk.Store, p Population) Filled {
	t.Helper()
	if p.Last.IsZero() {
		p.Last = clinic.Date{Year: 2026, Month: 6, Day: 14}
	}
	days := (p.Visits + visitsADay - 1) / visitsADay
	f := &filling{t: t, s: s, gen: invent.NewOn(7, p.Last), doctor: clinic.ID{1}, key: signingKey()}
	f.people(p.Patients)
	for i := range days {
		f.day(p.Last.AddDays(i+1-days), min(visitsADay, p.Visits-i*visitsADay))
	}
	return f.out
}

// filling is a Fill on its way.
type filling struct {
	t      testing.TB
	s      desk.Store
	gen    *invent.Gen
	out    Filled
	doctor clinic.ID
	key    signer
	count  numbers
}

func (f *filling) people(n int) {
	var acts [][]clinic.Draft
	for range n {
		p, id := f.gen.Patient(), clinic.NewID()
		f.out.IDs, f.out.People = append(f.out.IDs, id), append(f.out.People, p)
		act := []clinic.Draft{{Kind: clinic.KindPatient, Subject: id, Body: &p.Patient}}
		if p.Allergies.Asked {
			act = append(act, clinic.Draft{Kind: clinic.KindAllergies, Subject: id, Body: &p.Allergies})
		}
		acts = append(acts, act)
	}
	f.save(grouped(acts), nil)
}

// grouped joins acts so that each is as large as the store takes.
func grouped(acts [][]clinic.Draft) (out [][]clinic.Draft) {
	const most = 60
	for _, a := range acts {
		if n := len(out); n > 0 && len(out[n-1])+len(a) <= most {
			out[n-1] = append(out[n-1], a...)
		} else {
			out = append(out, a)
		}
	}
	return out
}

// save keeps the committer's batches full. What then makes of the records of an act is
// saved as another.
func (f *filling) save(acts [][]clinic.Draft, then func([]clinic.Record) []clinic.Draft) {
	f.t.Helper()
	work := make(chan []clinic.Draft)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for act := range work {
				recs := f.act(act)
				if then != nil && len(recs) > 0 {
					f.act(then(recs))
				}
			}
		})
	}
	for _, a := range acts {
		work <- a
	}
	close(work)
	wg.Wait()
	if f.t.Failed() {
		f.t.FailNow()
	}
}

func (f *filling) act(drafts []clinic.Draft) []clinic.Record {
	saved, err := f.s.Act(context.Background(), clinic.NewID(), f.doctor, func(desk.Reader) ([]clinic.Draft, error) {
		return drafts, nil
	})
	if err != nil {
		f.t.Error("filling the store:", err)
	}
	return saved.Records
}
