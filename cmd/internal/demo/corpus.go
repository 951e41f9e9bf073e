package demo

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/starting"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/device/staff"
	"clinicbox/internal/fold"
	"clinicbox/internal/invent"
	"clinicbox/internal/names"
	"clinicbox/store"
	"clinicbox/store/seal"
	"clinicbox/sync/wire"
)

// Invented is a box whose records are made up.
type Invented struct {
	Dir      string // of its store, which must not exist
	Seed     uint64
	Facility clinic.Facility
	First    clinic.Date // the first day
	People   int
	Days     int
	Visits   int // on each day
}

// InventedNames is the key under which every invented box draws identifiers.
func InventedNames() names.Key { return names.Key{1} }

// Entries plays the days at the box's desk, one form after the other, and returns
// every entry that the box wrote, as it would send it. But for random IDs, keys and
// signatures, which stand in byte strings, the same box gives the same entries.
func (b Invented) Entries(ctx context.Context) (out []wire.Raw, err error) {
	clock := &pastClock{}
	clock.set(b.First.Time().Add(7 * time.Hour))
	st, err := store.Open(ctx, store.Options{
		Dir: b.Dir, Key: seal.Key{1}, Log: slog.New(slog.DiscardHandler), Clock: clock, Catalog: starting.Of,
	})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- st.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended, st.Close())
	}()
	gen := invent.NewOn(b.Seed, b.First)
	s := &seeder{clock: clock, team: newTeam(), ids: make([]clinic.ID, b.People), slips: map[int]string{}, desks: 1}
	for range b.People {
		s.people = append(s.people, gen.Patient())
	}
	s.desk, err = desk.New(desk.Options{
		Store: st, Clock: clock, Pins: &sparingPins{Pins: staff.New(st.State(), staff.DefaultOpts())},
		Papers: noPaper{}, Scans: scans{}, Witness: boxmain.Witness{Store: st}, Fold: fold.String, NFC: norm.NFC.String,
		NewID: names.NewSource(InventedNames()).Next,
		Site:  desk.Site{Facility: b.Facility}, Keys: boxmain.SeedKeys(b.Facility.Code),
	})
	if err != nil {
		return nil, err
	}
	if err := b.play(ctx, s, gen); err != nil {
		return nil, err
	}
	return ownEntries(st)
}

func (b Invented) play(ctx context.Context, s *seeder, gen *invent.Gen) error {
	if err := s.desk.SetUp(ctx, s.team.seeds()); err != nil {
		return err
	}
	if err := s.each(ctx, b.People, s.register); err != nil {
		return err
	}
	if err := s.deliver(ctx, gen.Shelf(b.First)); err != nil {
		return err
	}
	for i := range b.Days {
		day := b.First.AddDays(i)
		for _, a := range gen.Day(s.people, day, b.Visits) {
			if err := s.day(ctx, day, []invent.Arrival{a}); err != nil {
				return err
			}
			if err := s.desk.Views().Flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func ownEntries(st *store.Store) (out []wire.Raw, err error) {
	for size := st.Own().Size(); uint64(len(out)) < size; {
		raws, err := st.Own().Read(uint64(len(out)), 1000, 1<<20)
		if err != nil {
			return nil, err
		}
		for _, r := range raws {
			out = append(out, wire.Raw{Index: r.Index, Leaf: r.Leaf, Place: r.Place, Seed: r.Seed, Salt: r.Salt, Explicit: r.Explicit, Bytes: r.Bytes})
		}
	}
	return out, nil
}
