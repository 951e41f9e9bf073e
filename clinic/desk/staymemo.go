package desk

import (
	"slices"
	"sync"

	"clinicbox/clinic"
)

// stayMemo keeps who lies in a bed until something is recorded of them: most who ever did
// went home long ago.
type stayMemo struct {
	mu   sync.Mutex
	held map[clinic.ID]heldStay
}

type heldStay struct {
	at   []Position
	ids  []clinic.ID
	lies Lying
	ok   bool
}

func (m *stayMemo) of(r Reader, id clinic.ID) (Lying, bool, error) {
	m.mu.Lock()
	if m.held == nil || len(m.held) >= dosesHeld {
		m.held = map[clinic.ID]heldStay{}
	}
	h, ok := m.held[id]
	m.mu.Unlock()
	if ok {
		at, err := positions(r, h.ids)
		if err != nil || slices.Equal(at, h.at) {
			return h.lies, h.ok, err
		}
	}
	file, _, err := readPerson(r, id)
	if err != nil {
		return Lying{}, false, err
	}
	h = heldStay{ids: file.Who.IDs}
	if v := file.LiesIn(); v != nil {
		p, _ := v.Lies()
		h.ok, h.lies = true, Lying{Patient: v.Patient, Visit: v.ID, Bed: p.Bed, Since: p.At(), First: v.Placements()[0].Day}
		if file.Now != nil {
			h.lies.Name, h.lies.Birth, h.lies.Sex = file.Now.Name, file.Now.Birth, file.Now.Sex
		}
	}
	if h.at, err = positions(r, h.ids); err != nil {
		return Lying{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held[id] = h
	return h.lies, h.ok, nil
}
