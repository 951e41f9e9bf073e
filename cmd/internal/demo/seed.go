package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
	"clinicbox/clinic/starting"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/device/config"
	"clinicbox/device/staff"
	"clinicbox/internal/durable"
	"clinicbox/internal/fold"
	"clinicbox/internal/invent"
	"clinicbox/peripherals/barcode"
	"clinicbox/store"
)

// The invented clinic: how many patients, over how many days, how busy.
const (
	seedPatients = 500
	seedDays     = 30
	seedVisits   = 18 // on a working day
	seedDesks    = 8  // forms sent at the same time
)

// seeder plays the clinic's past month through the desk's own use cases, with a
// clock that runs from day to day: nothing is written past the rules.
type seeder struct {
	desk   *desk.Desk
	clock  *pastClock
	people []invent.Person
	ids    []clinic.ID
	team   team
	slips  map[int]string // open appointment by person
	desks  int            // forms sent at the same time, 0 = seedDesks
}

// past says whose month is played, and until when.
type past struct {
	cfg    config.Box
	people []invent.Person
	team   team
	now    time.Time
}

// seed fills the box's data directory unless it exists. It works beside it and
// renames at the end, so an interrupted start leaves nothing half made.
func (p past) seed(ctx context.Context) error {
	cfg := p.cfg
	if _, err := os.Stat(cfg.Data.Dir); err == nil {
		return nil
	}
	dir := cfg.Data.Dir + ".new"
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := p.fill(ctx, dir); err != nil {
		return err
	}
	return durable.Rename(dir, cfg.Data.Dir)
}

func (p past) fill(ctx context.Context, dir string) (err error) {
	cfg, clock := p.cfg, &pastClock{}
	clock.set(clinic.DateOf(p.now).AddDays(-seedDays).Time().Add(7 * time.Hour))
	cfg.Data.Dir = dir // its keys are made there, and come along when it is renamed
	key, err := boxmain.StorageKey(ctx, cfg)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, store.Options{Dir: dir, Key: key, Log: slog.New(slog.DiscardHandler), Clock: clock, Catalog: starting.Of})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- st.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended, st.Close())
	}()
	s := &seeder{clock: clock, people: p.people, team: p.team, ids: make([]clinic.ID, len(p.people)), slips: map[int]string{}}
	s.desk, err = desk.New(desk.Options{
		Store: st, Clock: clock, Pins: &sparingPins{Pins: staff.New(st.State(), staff.DefaultOpts())},
		Papers: noPaper{}, Scans: scans{}, Witness: boxmain.Witness{Store: st}, Fold: fold.String, NFC: norm.NFC.String,
		Site: desk.Site{Facility: facility(cfg)}, Keys: boxmain.SeedKeys(cfg.Facility.Code),
	})
	if err != nil {
		return err
	}
	if err := s.desk.SetUp(ctx, p.team.seeds()); err != nil {
		return err
	}
	return s.play(ctx, p.now)
}

func facility(cfg config.Box) clinic.Facility {
	f := cfg.Facility
	return clinic.Facility{
		Code: f.Code, Name: f.Name, Governing: f.Governing, Address: f.Address, Phone: f.Phone,
		Site: f.Site, Box: cfg.Box.Name, Book: cfg.Box.Book,
	}
}

// play registers everybody and fills the shelf on the first day, then runs the days up to now.
func (s *seeder) play(ctx context.Context, now time.Time) error {
	if err := s.each(ctx, seedPatients, s.register); err != nil {
		return err
	}
	today := clinic.DateOf(now)
	gen := invent.NewOn(3, today)
	if err := s.deliver(ctx, gen.Shelf(today.AddDays(-seedDays))); err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(1, 2)) // invented days, not secrets
	for day := today.AddDays(-seedDays); day.Before(today); day = day.AddDays(1) {
		if w := day.Time().Weekday(); w == time.Saturday || w == time.Sunday {
			continue
		}
		if err := s.day(ctx, day, gen.Day(s.people[:seedPatients], day, seedVisits-4+rnd.IntN(9))); err != nil {
			return err
		}
	}
	return s.waiting(ctx, now, gen.Day(s.people[:seedPatients], today, 6))
}

// day plays the arrivals of a day up to their signatures, as many at once as the
// clinic has desks.
func (s *seeder) day(ctx context.Context, day clinic.Date, arrivals []invent.Arrival) error {
	at, desks := 0, cmp.Or(s.desks, seedDesks)
	for ; at < len(arrivals); at += desks {
		group := arrivals[at:min(at+desks, len(arrivals))]
		s.clock.set(day.Time().Add(time.Duration(group[0].Plan.Minute) * time.Minute))
		slips, seen := make([]string, len(group)), make([]desk.On, len(group))
		err := s.each(ctx, len(group), func(ctx context.Context, i int) (err error) {
			seen[i], slips[i], err = s.visit(ctx, group[i], stepSigned)
			return err
		})
		if err != nil {
			return err
		}
		for i, a := range group {
			s.slips[a.Person] = slips[i]
			if err := s.hand(ctx, seen[i]); err != nil { // there is one counter
				return err
			}
		}
	}
	return nil
}

// waiting leaves today's patients at different steps of their visits.
func (s *seeder) waiting(ctx context.Context, now time.Time, arrivals []invent.Arrival) error {
	steps := []step{stepSigned, stepDiagnosis, stepVitals, stepVitals, stepQueue, stepQueue}
	for i, a := range arrivals {
		s.clock.set(now.Add(time.Duration(i-len(arrivals)) * time.Minute))
		if _, _, err := s.visit(ctx, a, steps[i]); err != nil {
			return err
		}
	}
	return nil
}

// each runs f for 0 … n−1, as many at once as the clinic has desks.
func (s *seeder) each(ctx context.Context, n int, f func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(cmp.Or(s.desks, seedDesks))
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

func (s *seeder) register(ctx context.Context, i int) error {
	p := &s.people[i]
	done, err := s.desk.Register(ctx, s.call(clinic.RoleNurse), desk.PatientInput{Patient: p.Patient, Different: true})
	if err != nil {
		return fmt.Errorf("demo: patient %d: %w", i, err)
	}
	s.ids[i] = done.Patient
	if !p.Allergies.Asked {
		return nil
	}
	_, err = s.desk.SetAllergies(ctx, s.call(clinic.RoleNurse), desk.AllergiesInput{
		Patient: done.Patient, Asked: true, Items: p.Allergies.Items,
	})
	return err
}

// call is a form of the person who has the role.
func (s *seeder) call(r clinic.Role) desk.Call {
	return desk.Call{Act: s.desk.NewID(), By: s.team.of(r).ID}
}

// The small joins that the seeder needs in place of the box's.

type scans struct{}

func (scans) Recognise(raw []byte) (clinic.Scan, error) { return barcode.Parse(raw) }

// noPaper is the past's printer: its slips went home long ago.
type noPaper struct{}

func (noPaper) Enqueue(context.Context, clinic.ID, paper.Doc) error { return nil }
