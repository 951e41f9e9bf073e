package sim

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"clinicbox/internal/ec"
)

// CardFaults says what goes wrong with a card. Commands count from 1 since it was laid
// down; the zero value is a good card.
type CardFaults struct {
	RemoveAt   int            // gone before this command is answered
	TruncateAt int            // half of this answer comes
	SpoilAt    int            // one bit of this answer is another
	StatusAt   map[int]uint16 // answers of two bytes, unprotected
	Missing    []int          // data groups that are listed and not there: 6A82
	Refused    []int          // data groups for other readers: 6982
	Altered    []int          // data groups that were changed after they were signed
	Relist     Forgery        // what else was changed to fit Altered
	CutFiles   []int          // data groups whose length says more than there is
	NoMaster   bool           // select master file: 6D00
	Bare       bool           // statuses other than 9000 come unprotected
	StrictEnd  bool           // a read beyond the end is refused: 6B00
	ShortOnly  bool           // extended APDUs: 6700
	Halves     bool           // answers above 128 bytes come by 61xx and GET RESPONSE
	NoApp      bool           // no passport application
	Tries      int            // wrong keys until it locks; 0 = never
}

// Forgery is how far somebody went who has no issuer's key.
type Forgery int

// The forgeries, each with those before it.
const (
	ForgeNothing Forgery = iota
	ForgeHashes          // the list of hashes fits the altered data
	ForgeDigest          // the signed attributes fit the list
)

// Card is a chip identity card on the level of APDUs: it answers what a real one does,
// by code that shares with the reader nothing but curves. Methods may be called from
// several goroutines.
type Card struct {
	mu     sync.Mutex
	spec   CardSpec
	files  map[uint16][]byte
	faults CardFaults

	seen     int
	air      time.Duration
	wrong    int
	selected []byte
	app      bool
	open     bool
	sm       *cardSession
	waiting  []byte // of an answer that comes in halves
	bac      []byte // the challenge
	pace     *cardPace
	chipSet  bool
	rsa      *rsa.PrivateKey
	list     []byte // of hashes, inside the security object
}

// NewCard writes a card.
func NewCard(spec CardSpec, faults CardFaults) (*Card, error) {
	c := &Card{spec: spec, faults: faults}
	var err error
	if spec.Active == "rsa" {
		if c.rsa, err = rsa.GenerateKey(rand.Reader, 1024); err != nil {
			return nil, err
		}
	}
	if c.files, err = c.write(); err != nil {
		return nil, err
	}
	for _, n := range faults.Missing {
		delete(c.files, uint16(0x0100+n))
	}
	for _, n := range faults.Altered {
		if f := c.files[uint16(0x0100+n)]; len(f) > 0 {
			c.files[uint16(0x0100+n)] = alter(f)
			c.forge(f, alter(f))
		}
	}
	for _, n := range faults.CutFiles {
		if f := c.files[uint16(0x0100+n)]; len(f) > 8 {
			c.files[uint16(0x0100+n)] = f[:len(f)-4]
		}
	}
	return c, nil
}

// alter changes the last letter or digit that still parses: the holder's name in DG1,
// a word in the others.
func alter(f []byte) []byte {
	f = bytes.Clone(f)
	for i := len(f) - 1; i > 4; i-- {
		if f[i] >= 'A' && f[i] < 'Z' {
			f[i]++
			return f
		}
	}
	f[len(f)-1] ^= 1
	return f
}

// forge makes the security object fit an altered file, as far as that goes.
func (c *Card) forge(old, altered []byte) {
	if c.faults.Relist == ForgeNothing {
		return
	}
	swap := func(in []byte, old, altered [32]byte) []byte { return bytes.ReplaceAll(in, old[:], altered[:]) }
	list := swap(c.list, sha256.Sum256(old), sha256.Sum256(altered))
	sod := bytes.ReplaceAll(c.files[0x011D], c.list, list)
	if c.faults.Relist == ForgeDigest {
		sod = swap(sod, sha256.Sum256(c.list), sha256.Sum256(list))
	}
	c.files[0x011D], c.list = sod, list
}

// Commands is how many APDUs came.
func (c *Card) Commands() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// Air is how long the card would have taken: see Transmit.
func (c *Card) Air() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.air
}

// Timing of ISO 14443 type A at 106 kbit/s: nine bits and a guard bit a byte, three
// bytes of block around each APDU (a second block above 253 bytes is left out), and
// what USB readers and chips were seen to take. The last two are assumptions.
const (
	perByte   = 94 * time.Microsecond
	perAPDU   = 4 * time.Millisecond  // reader, USB and the chip's ordinary work
	perEC     = 35 * time.Millisecond // a multiplication on a curve of 256 bits
	perCipher = 30 * time.Microsecond // of protected bytes, a byte
)

// Lay lays the card down anew: power-up.
func (c *Card) Lay(f CardFaults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults, c.seen, c.air = f, 0, 0
	c.selected, c.app, c.open, c.sm, c.waiting, c.bac, c.pace, c.chipSet = nil, false, false, nil, nil, nil, nil, false
}

// Transmit answers one command. A card that is gone answers nothing, as pcscd has it.
// It does not wait; Air adds up what a real card would have taken.
func (c *Card) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.seen++
	if c.faults.RemoveAt > 0 && c.seen >= c.faults.RemoveAt {
		return nil, nil
	}
	out := c.answer(apdu)
	if sw, ok := c.faults.StatusAt[c.seen]; ok {
		out = status(sw)
	}
	if c.seen == c.faults.SpoilAt {
		out[0] ^= 4
	}
	if c.seen == c.faults.TruncateAt {
		out = out[:len(out)/2]
	}
	c.air += perAPDU + time.Duration(len(apdu)+len(out)+6)*perByte
	return out, nil
}

func status(sw uint16) []byte { return binary.BigEndian.AppendUint16(nil, sw) }

// cardCommand is a command taken apart; le 0 = none.
type cardCommand struct {
	cla, ins, p1, p2 byte
	data             []byte
	le               int
}

// parseCommand reads the four cases, short and extended; false for others.
func parseCommand(b []byte) (cmd cardCommand, long, ok bool) {
	if len(b) < 4 {
		return cmd, false, false
	}
	cmd = cardCommand{cla: b[0], ins: b[1], p1: b[2], p2: b[3]}
	b = b[4:]
	num := func(b []byte) int { // Le: zero is the most
		n := 0
		for _, x := range b {
			n = n<<8 | int(x)
		}
		if n == 0 {
			n = 1 << (8 * len(b))
		}
		return n
	}
	switch {
	case len(b) == 0:
	case len(b) == 1:
		cmd.le = num(b)
	case b[0] != 0:
		n := int(b[0])
		if len(b) != 1+n && len(b) != 2+n {
			return cmd, false, false
		}
		cmd.data = b[1 : 1+n]
		if len(b) == 2+n {
			cmd.le = num(b[1+n:])
		}
	case len(b) == 3:
		cmd.le, long = num(b[1:]), true
	case len(b) > 3:
		n := int(b[1])<<8 | int(b[2])
		if long = true; len(b) != 3+n && len(b) != 5+n {
			return cmd, false, false
		}
		cmd.data = b[3 : 3+n]
		if len(b) == 5+n {
			cmd.le = num(b[3+n:])
		}
	default:
		return cmd, false, false
	}
	return cmd, long, true
}

// answer is the card without its faults of the wire.
func (c *Card) answer(apdu []byte) []byte {
	cmd, long, ok := parseCommand(apdu)
	if !ok || long && c.faults.ShortOnly {
		return status(0x6700)
	}
	if cmd.ins == 0xC0 {
		return c.rest(cmd.le)
	}
	limit := 256
	if long {
		limit = 65536
	}
	secured := cmd.cla&0x0C == 0x0C
	if c.sm == nil || !secured {
		if c.sm != nil { // a command in clear ends the session
			c.sm, c.open = nil, false
		}
		data, sw := c.run(cmd)
		return c.halves(append(data, status(sw)...))
	}
	s := c.sm
	inner, sw := s.open(cmd)
	if sw != 0x9000 {
		c.sm, c.open = nil, false
		return status(sw)
	}
	// What does not fit into the answer is left for the next read.
	inner.le = min(inner.le, limit-32)
	data, sw := c.run(inner)
	c.air += time.Duration(len(cmd.data)+len(data)) * perCipher
	if sw != 0x9000 && sw != 0x6282 && c.faults.Bare {
		s.count()
		return status(sw)
	}
	return c.halves(append(s.seal(data, sw, inner.ins&1 == 1), status(sw)...))
}

// halves keeps a part of a long answer back.
func (c *Card) halves(out []byte) []byte {
	if !c.faults.Halves || len(out) <= 130 {
		return out
	}
	c.waiting = out
	return c.rest(128)
}

func (c *Card) rest(n int) []byte {
	if len(c.waiting) < 2 {
		return status(0x6985)
	}
	left := len(c.waiting) - 2
	if n < left {
		out := bytes.Clone(c.waiting[:n])
		c.waiting = c.waiting[n:]
		return append(out, status(0x6100|uint16(min(left-n, 255)))...)
	}
	out := c.waiting
	c.waiting = nil
	return out
}

// run executes a command in clear.
func (c *Card) run(cmd cardCommand) ([]byte, uint16) {
	switch cmd.ins {
	case 0xA4:
		return nil, c.selectFile(cmd)
	case 0xB0:
		return c.readBinary(cmd, int(cmd.p1)<<8|int(cmd.p2))
	case 0xB1:
		return c.readFar(cmd)
	case 0x84:
		if !c.app || !c.spec.BAC || cmd.le != 8 {
			return nil, 0x6985
		}
		c.bac = random(8)
		return bytes.Clone(c.bac), 0x9000
	case 0x82:
		return c.externalAuthenticate(cmd.data)
	case 0x22:
		return nil, c.manage(cmd)
	case 0x86:
		return c.generalAuthenticate(cmd)
	case 0x88:
		return c.internalAuthenticate(cmd.data)
	}
	return nil, 0x6D00
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func (c *Card) selectFile(cmd cardCommand) uint16 {
	c.selected = nil
	switch {
	case cmd.p1 == 0 && c.faults.NoMaster:
		return 0x6D00
	case cmd.p1 == 0:
		c.app = false
		return 0x9000
	case cmd.p1 == 4:
		if c.faults.NoApp || !bytes.Equal(cmd.data, []byte{0xA0, 0, 0, 2, 0x47, 0x10, 1}) {
			return 0x6A82
		}
		c.app = true
		return 0x9000
	case len(cmd.data) != 2:
		return 0x6A80
	}
	fid := binary.BigEndian.Uint16(cmd.data)
	if c.app != (fid != 0x011C) {
		return 0x6A82
	}
	if n := int(fid) - 0x0100; c.app && (!c.open || slices.Contains(c.faults.Refused, n)) {
		return 0x6982
	}
	f, ok := c.files[fid]
	if !ok {
		return 0x6A82
	}
	c.selected = f
	return 0x9000
}

// readFar is READ BINARY with odd INS: the offset stands in an object.
func (c *Card) readFar(cmd cardCommand) ([]byte, uint16) {
	tag, v, n := cardTLV(cmd.data)
	if n == 0 || tag != 0x54 || len(v) > 3 || cmd.le < 8 {
		return nil, 0x6A80
	}
	at := 0
	for _, x := range v {
		at = at<<8 | int(x)
	}
	cmd.le -= 4 // for tag and length
	if cmd.le < 0x80 {
		cmd.le += 2
	} else if cmd.le < 0x100 {
		cmd.le++
	}
	data, sw := c.readBinary(cmd, at)
	if data == nil {
		return nil, sw
	}
	return ber(0x53, data), sw
}

func (c *Card) readBinary(cmd cardCommand, at int) ([]byte, uint16) {
	switch {
	case at > 0x7FFF && cmd.ins == 0xB0:
		return nil, 0x6B00
	case c.selected == nil:
		return nil, 0x6986
	case at >= len(c.selected), c.faults.StrictEnd && at+cmd.le > len(c.selected):
		return nil, 0x6B00
	}
	end := min(at+cmd.le, len(c.selected))
	sw := uint16(0x9000)
	if at+cmd.le > end {
		sw = 0x6282
	}
	return bytes.Clone(c.selected[at:end]), sw
}

// refuse counts a wrong key.
func (c *Card) refuse() uint16 {
	c.wrong++
	if left := c.faults.Tries - c.wrong; c.faults.Tries > 0 {
		return 0x63C0 | uint16(max(0, left))
	}
	return 0x6300
}

func (c *Card) locked() bool { return c.faults.Tries > 0 && c.wrong >= c.faults.Tries }

// ec counts multiplications, which take a chip its time.
func (c *Card) ec(n int) { c.air += time.Duration(n) * perEC }

// key makes a key on a curve.
func (c *Card) key(on *ec.Curve, g ec.Point) ec.Key {
	c.ec(1)
	k, err := on.NewKey(rand.Reader, g)
	if err != nil {
		panic("sim: no randomness: " + err.Error())
	}
	return k
}
