package sealer

import (
	"crypto/rand"

	"golang.org/x/crypto/argon2"

	"clinicbox/clinic"
	"clinicbox/internal/redact"
)

// Costs are those of argon2id (RFC 9106).
type Costs struct {
	Time    uint32 `cbor:"1,keyasint"` // passes, 1–16
	Memory  uint32 `cbor:"2,keyasint"` // KiB, 8–65536
	Threads uint8  `cbor:"3,keyasint"` // 1–4
}

// DefaultCosts take 64 MiB six times with four lanes: the store is closed while
// somebody unlocks, so memory and cores are free. A Raspberry Pi 3 needs about 4 s
// on one core and a good second on four.
func DefaultCosts() Costs { return Costs{Time: 6, Memory: 64 << 10, Threads: 4} }

// ok refuses costs that would take the box down or cost a guesser nothing.
func (c Costs) ok() bool {
	return c.Time >= 1 && c.Time <= 16 && c.Memory >= 8 && c.Memory <= 64<<10 && c.Threads >= 1 && c.Threads <= 4
}

const saltLen = 16

// stretched is what a slot keeps to stretch a PIN again.
type stretched struct {
	Costs Costs  `cbor:"1,keyasint"`
	Salt  []byte `cbor:"2,keyasint"`
}

func newStretched(c Costs) stretched {
	salt := make([]byte, saltLen)
	rand.Read(salt)
	return stretched{c, salt}
}

func (s stretched) ok() bool { return s.Costs.ok() && len(s.Salt) == saltLen }

// run makes a guess dear. Its working memory is not cleared: the library keeps it.
func (s stretched) run(pin redact.Text, n uint32) []byte {
	b := []byte(pin.Reveal())
	defer clear(b)
	return argon2.IDKey(b, s.Salt, s.Costs.Time, s.Costs.Memory, s.Costs.Threads, n)
}

// personal is a person with a PIN as both PIN methods take them.
type personal struct {
	person clinic.ID
	pin    redact.Text
	costs  Costs
}

func (p personal) check() error {
	if p.person.IsZero() || !p.costs.ok() {
		return ErrPIN
	}
	if clinic.CheckPIN(p.pin.Reveal()) != nil {
		return ErrPIN
	}
	return nil
}
