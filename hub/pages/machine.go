package pages

import (
	"context"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// shownEvents of a box are on its page; the records have all.
const shownEvents = 50

// machineEvent is something that a box recorded of itself.
type machineEvent struct {
	At      time.Time // by the box's clock
	Trusted bool      // whether the box trusted it
	Word    string    // message key; empty for what a newer box says
	Event   string
	Person  string // first characters of the number on the box; empty = nobody
	Detail  string
}

// machineWord is the message key of an event, empty for an unknown one.
func machineWord(event string) string {
	return map[string]string{
		clinic.MachineEnrolled: "machine.enrolled", clinic.MachineRecovered: "machine.recovered",
		clinic.MachineTelephoned: "machine.telephoned", clinic.MachineOrder: "machine.order",
		clinic.MachineGuessed: "machine.guessed", clinic.MachineLost: "machine.lost", clinic.MachineOpened: "machine.opened",
		clinic.MachineNewCode: "machine.new-code", clinic.MachineVoid: "machine.void", clinic.MachineRestored: "machine.restored", clinic.MachineRealigned: "machine.realigned",
		clinic.MachineDamaged: "machine.damaged", clinic.MachineMended: "machine.mended",
		clinic.MachineReplaced: "machine.replaced",
		clinic.MachineRewound:  "machine.rewound", clinic.MachineNewKey: "machine.new-key",
		clinic.MachineExported: "machine.exported", clinic.MachineImported: "machine.imported",
	}[event]
}

// machineEvents reads a box's latest events. One that cannot be read is left out: it
// is counted among the parked ones.
func (s *server) machineEvents(ctx context.Context, box string) (out []machineEvent, err error) {
	found, err := s.DB.MachineEvents(ctx, box, shownEvents)
	for i := range found {
		rec, err := entry.Decode(found[i].Bytes, clinic.Ref{}, found[i].Leaf)
		m, ok := rec.Body.(*clinic.Machine)
		if err != nil || !ok {
			continue
		}
		e := machineEvent{At: rec.Recorded(), Trusted: rec.Trusted, Word: machineWord(m.Event), Event: m.Event, Detail: m.Detail}
		if !m.Person.IsZero() {
			e.Person = m.Person.String()[:8]
		}
		out = append(out, e)
	}
	return out, err
}
