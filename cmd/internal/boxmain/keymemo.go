package boxmain

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// memoPeople bounds whose keys are remembered: a station has few people.
const memoPeople = 256

// keyMemo remembers people's keys as long as nothing came that concerns them: a page
// must not verify every certificate anew. The zero value is ready.
type keyMemo struct {
	mu    sync.Mutex
	known map[clinic.ID]memo
}

type memo struct {
	of   [32]byte
	keys []desk.SigningKey
}

func (m *keyMemo) get(person clinic.ID, of [32]byte) ([]desk.SigningKey, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.known[person]
	return k.keys, ok && k.of == of
}

func (m *keyMemo) put(person clinic.ID, of [32]byte, keys []desk.SigningKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= memoPeople {
		m.known = map[clinic.ID]memo{}
	}
	m.known[person] = memo{of, keys}
}

// keyDigest names everything that Of depends on: what is trusted, and the entries.
func keyDigest(generation uint64, records []clinic.Record) (sum [32]byte) {
	h := sha256.New()
	var n [8]byte
	number := func(v uint64) {
		binary.BigEndian.PutUint64(n[:], v)
		h.Write(n[:])
	}
	part := func(b []byte) {
		number(uint64(len(b)))
		h.Write(b)
	}
	number(generation)
	for i := range records {
		switch b := records[i].Body.(type) {
		case *clinic.Credential:
			number(uint64(records[i].Ref.Journal))
			number(records[i].HLC)
			part(b.Request)
			number(uint64(len(b.Chain)))
			for _, c := range b.Chain {
				part(c)
			}
		case *clinic.Statement:
			part(b.Raw)
		}
	}
	h.Sum(sum[:0])
	return sum
}
