package demo

import (
	"context"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/peripherals/sim"
)

// paperSide is the side of the simulated printer that a person stands at.
type paperSide struct{ *sim.Printer }

// Slips counts the slips that hang from the printer.
func (p paperSide) Slips() int { return len(p.Printer.Slips()) }

// PNG is the n-th slip's picture, nil when there is none.
func (p paperSide) PNG(n int) []byte {
	slips := p.Printer.Slips()
	if n < 0 || n >= len(slips) {
		return nil
	}
	return slips[n].PNG(1)
}

// Tear takes the slips away.
func (p paperSide) Tear() {
	for ok := true; ok; {
		_, ok = p.Printer.Tear()
	}
}

// plug is the box's end of the cable: put back, it tells the box at once, as a
// network interface that comes up does.
type plug struct {
	*Cable
	box *boxmain.Box
}

// Set pulls the cable or puts it back.
func (p plug) Set(up bool) {
	p.Cable.Set(up)
	if up {
		p.box.Reconnect()
	}
}

// slipCodes lists open appointments of the coming month, the latest first: the
// codes that stand on slips in people's pockets.
func (m *Main) slipCodes(ctx context.Context) func() []string {
	return func() []string {
		today := clinic.DateOf(time.Now())
		rows, err := m.desk.Due(ctx, m.team.of(clinic.RoleNurse).ID, today, today.AddDays(60))
		if err != nil {
			m.log.Warn("bench: appointments", "err", err)
			return nil
		}
		slices.SortFunc(rows, func(a, b desk.DueRow) int { return int(b.Ref.Index) - int(a.Ref.Index) })
		var codes []string
		for _, r := range rows {
			if r.Used.IsZero() && len(codes) < 5 {
				codes = append(codes, r.Slip)
			}
		}
		return codes
	}
}
