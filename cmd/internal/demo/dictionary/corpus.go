package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/demo"
	"clinicbox/internal/invent"
	"clinicbox/sync/wire"
)

// size of what is played.
type size struct{ boxes, people, days, visits int }

// corpus is what the dictionaries are trained on: some 30,000 entries.
func corpus() size { return size{boxes: 12, people: 120, days: 8, visits: 30} }

// play has the boxes write their records. No two have facility, book, days or people in
// common: what all of them repeat is how records are made.
func play(ctx context.Context, n size) (out [][]wire.Raw, err error) {
	dir, err := os.MkdirTemp("", "clinicbox-dictionary-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for i := range n.boxes {
		box := demo.Invented{
			Dir: filepath.Join(dir, fmt.Sprint(i)), Seed: uint64(100 + i), People: n.people, Days: n.days, Visits: n.visits,
			First: clinic.Date{Year: 2026 + i%5, Month: 1 + 5*i%12, Day: 2 + i},
			Facility: clinic.Facility{
				Code: fmt.Sprintf("%05d", 10007+7919*i), Name: invent.FacilityName,
				Box: fmt.Sprintf("tram-%02d", i), Book: string(rune('a' + i)),
			},
		}
		raws, err := box.Entries(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, raws)
	}
	return out, nil
}
