package demo

import (
	"context"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/invent"
)

// Play plays days of the invented clinic at a desk, with a clock that runs from day
// to day. The tests of the whole box use it.
type Play struct {
	s   seeder
	gen *invent.Gen
}

// NewPlay makes up so many people; the clock stands on the morning of the first day.
func NewPlay(seed uint64, people int, first clinic.Date) *Play {
	p := &Play{gen: invent.NewOn(seed, first)}
	p.s = seeder{clock: &pastClock{}, team: newTeam(), ids: make([]clinic.ID, people), slips: map[int]string{}}
	p.s.clock.set(first.Time().Add(7 * time.Hour))
	for range people {
		p.s.people = append(p.s.people, p.gen.Patient())
	}
	return p
}

// Staff are the people who work there, for the box's set-up.
func (p *Play) Staff() []desk.StaffSeed { return p.s.team.seeds() }

// Clock is the clock for the box.
func (p *Play) Clock() desk.Clock { return p.s.clock }

// Role returns somebody of the role.
func (p *Play) Role(r clinic.Role) clinic.ID { return p.s.team.of(r).ID }

// At moves to a desk: that of a box which was started.
func (p *Play) At(d *desk.Desk) { p.s.desk = d }

// Register registers everybody.
func (p *Play) Register(ctx context.Context) error {
	return p.s.each(ctx, len(p.s.people), p.s.register)
}

// Day plays a day with so many signed visits.
func (p *Play) Day(ctx context.Context, day clinic.Date, visits int) error {
	return p.s.day(ctx, day, p.gen.Day(p.s.people, day, visits))
}

// LoseSlips makes everybody come without the paper that they were given.
func (p *Play) LoseSlips() { clear(p.s.slips) }
