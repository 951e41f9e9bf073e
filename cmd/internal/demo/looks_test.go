package demo

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/clinic/starting"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/internal/entry"
	"clinicbox/internal/fold"
	"clinicbox/internal/invent"
	"clinicbox/internal/keyfile"
	"clinicbox/store"
	"clinicbox/store/seal"
	"clinicbox/sync/wire"
)

// screens is the invented clinic with the pages that people look at around their
// forms: each form is loaded, sent, and leads to another page.
type screens struct {
	*testing.T
	seeder
	store *store.Store
}

func newScreens(t *testing.T, people int, first clinic.Date) *screens {
	t.Helper()
	p := NewPlay(5, people, first)
	s := &screens{T: t, seeder: p.s}
	var err error
	s.store, err = store.Open(t.Context(), store.Options{
		Dir: t.TempDir(), Key: seal.Key{1}, Log: slog.New(slog.DiscardHandler), Clock: s.clock, Catalog: starting.Of,
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.store.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := errors.Join(s.store.Close(), <-ended); err != nil {
			t.Error(err)
		}
	})
	s.desk, err = desk.New(desk.Options{
		Store: s.store, Clock: s.clock, Pins: desktest.NewPins(), Papers: noPaper{}, Scans: scans{}, Witness: boxmain.Witness{Store: s.store},
		Fold: fold.String, NFC: norm.NFC.String,
		Site: desk.Site{Facility: clinic.Facility{Code: invent.FacilityCode, Name: invent.FacilityName, Box: boxName, Book: "a"}},
	})
	if err == nil {
		err = s.desk.SetUp(t.Context(), s.team.seeds())
	}
	if err == nil {
		err = s.each(t.Context(), people, s.register)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pages looks n times at the visit's pages, half a minute apart: the views are
// written between them, as the task does every two seconds.
func (s *screens) pages(r clinic.Role, on desk.On, n int) {
	s.Helper()
	for range n {
		now, _ := s.clock.Now()
		s.clock.set(now.Add(30 * time.Second))
		if _, err := s.desk.VisitPage(s.Context(), s.team.of(r).ID, on.Patient, on.Visit); err != nil {
			s.Fatal(err)
		}
		if err := s.desk.Views().Flush(s.Context()); err != nil {
			s.Fatal(err)
		}
	}
}

// look plays a whole visit as people at screens do.
func (s *screens) look(a invent.Arrival) {
	s.Helper()
	ctx := s.Context()
	do := func(err error) {
		s.Helper()
		if err != nil {
			s.Fatal(err)
		}
	}
	now, _ := s.clock.Now()
	s.clock.set(now.Add(2 * time.Minute))
	_, err := s.desk.PatientPage(ctx, s.team.of(clinic.RoleNurse).ID, s.ids[a.Person])
	do(err)
	do(s.desk.Views().Flush(ctx))
	done, err := s.desk.OpenVisit(ctx, s.call(clinic.RoleNurse), desk.VisitInput{
		Patient: s.ids[a.Person], Source: a.Plan.Source, Reason: a.Plan.Exam.Reason, Another: true,
	})
	do(err)
	on := desk.On{Patient: done.Patient, Visit: done.Visit}
	s.pages(clinic.RoleNurse, on, 3) // the visit, the form, the form sent
	do(s.measure(ctx, on, &a.Plan))
	s.pages(clinic.RoleNurse, on, 1)
	s.pages(clinic.RoleDoctor, on, 3)
	do(s.treat(ctx, on, &a.Plan))
	s.pages(clinic.RoleDoctor, on, 2+2+4+2) // diagnosis with searches, medicines with lines, appointment
	s.pages(clinic.RoleCashier, on, 3)
	_, err = s.appoint(ctx, on, &a.Plan)
	do(err)
	s.pages(clinic.RoleDoctor, on, 2)
	do(s.sign(ctx, on, &a.Plan))
	s.pages(clinic.RoleDoctor, on, 1)
	s.pages(clinic.RoleNurse, on, 1) // prints
}

// frameBytes is what the journal adds to an entry: frame head, nonce and tag.
const frameBytes = 16 + 40

// weighed is the own journal in bytes: of records and of views.
type weighed struct {
	entries, journal [2]int // 0 records, 1 views
	link             [2]int // frames without views, what views add to them
}

// together is how many entries a frame on the link carries.
const together = 20

// weigh measures own entries from an index on.
func (s *screens) weigh(from uint64) (w weighed) {
	s.Helper()
	raws, err := s.store.Own().Read(from, 1<<20, 1<<30)
	if err != nil {
		s.Fatal(err)
	}
	var records, all []wire.Raw
	for _, r := range raws {
		rec, err := entry.Decode(r.Bytes, clinic.Ref{}, r.Leaf)
		if err != nil {
			s.Fatal(err)
		}
		x, views := wire.Raw{Seed: r.Seed, Bytes: r.Bytes}, 0
		if rec.Kind == clinic.KindViewed || rec.Kind == clinic.KindLooked {
			views = 1
		} else {
			records = append(records, x)
		}
		all = append(all, x)
		w.entries[views]++
		w.journal[views] += len(r.Bytes) + frameBytes
	}
	w.link[0] = s.frames(records)
	w.link[1] = s.frames(all) - w.link[0]
	return w
}

// frames is what the entries weigh as frames to the centre.
func (s *screens) frames(raws []wire.Raw) (n int) {
	s.Helper()
	box, err := keyfile.Generate(boxName)
	if err != nil {
		s.Fatal(err)
	}
	hub, err := keyfile.Generate("hub")
	if err != nil {
		s.Fatal(err)
	}
	_, sealer, err := wire.StartSession(hub.Public().HPKE, box.Identity, wire.Start{Dir: wire.DirUp, Box: boxName, Nonce: wire.NewNonce()})
	if err != nil {
		s.Fatal(err)
	}
	at := uint64(0)
	for some := range slices.Chunk(raws, together) {
		b := wire.NewDataBuilder(wire.Epoch{1}, at, wire.MaxFrame)
		for _, r := range some {
			r.Index, r.Place = at, uint32(at)
			if !b.Add(r) {
				s.Fatal("a frame is full")
			}
			at++
		}
		f, err := sealer.Seal(b.Data(wire.Hash{1}, 0))
		if err != nil {
			s.Fatal(err)
		}
		n += len(f)
	}
	return n
}

// TestLooksCostLessThanRecords plays days of the invented clinic with every page
// that people look at: who looked must cost less than what was written, in the
// journal and on the link.
func TestLooksCostLessThanRecords(t *testing.T) {
	first := clinic.Date{Year: 2026, Month: 11, Day: 2}
	s := newScreens(t, 60, first)
	gen, from, visits := invent.NewOn(9, first), s.store.Own().Size(), 0
	for day := range 3 {
		on := first.AddDays(day)
		for _, a := range gen.Day(s.people, on, 16) {
			s.look(a)
			visits++
		}
		s.clock.set(on.AddDays(1).Time().Add(7 * time.Hour))
	}
	w := s.weigh(from)
	for i, name := range []string{"records", "views"} {
		t.Logf("%s a visit: %.1f entries, %d bytes in the journal, %d on the link", name, float64(w.entries[i])/float64(visits), w.journal[i]/visits, w.link[i]/visits)
	}
	if w.journal[1] >= w.journal[0] || w.link[1] >= w.link[0] {
		t.Errorf("who looked costs more than what was written: %+v", w)
	}
}
