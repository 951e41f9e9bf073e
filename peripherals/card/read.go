package card

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"time"
)

// Opts says what shall be read and whom to believe.
type Opts struct {
	// Photo reads the picture: 15 to 20 KB, two seconds, and one more thing to protect.
	Photo bool
	// Extended tells that the reader carries APDUs of more than 261 bytes. They are used
	// where the card has shown that it takes them.
	Extended bool
	// LastTry uses the key although the card says that one try is left.
	LastTry bool
	// Roots are the issuers that are believed; nil = none.
	Roots *Roots
	// At is the time at which certificates must be valid; zero = the clock is not
	// trusted, and dates are not looked at.
	At time.Time
	// Random makes keys; nil = the system's.
	Random io.Reader
}

// DefaultOpts reads no photo and believes nobody.
func DefaultOpts() Opts { return Opts{} }

// Access is how the chip was opened.
type Access string

// The ways to open a chip.
const (
	PACE Access = "pace"
	BAC  Access = "bac"
)

// Reading is what a card says, and how much of it is proven.
type Reading struct {
	Access   Access
	MRZ      MRZ
	Details  Details // DG11; empty when there is none
	Citizen  Citizen // DG13 of Vietnamese cards; nil when there is none
	Photo    Photo   // only when asked for
	Files    []File  // data groups that were tried, in order
	Proof    Proof
	Commands int // APDUs that it took

	files map[int][]byte
	sod   []byte
}

// String tells nothing of whom the card names.
func (r *Reading) String() string { return "card reading, " + string(r.Proof.Verdict) }

// Read opens the chip with the key, once, and reads it. The error is a *Fault. A
// data group that the card will not give is no error, except the one with the zone.
func Read(ctx context.Context, t Transmitter, k Key, o Opts) (*Reading, error) {
	if k.password == 0 {
		return nil, &Fault{Cause: WrongKey, Step: "key", Left: -1, Err: ErrKey}
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	l := &line{card: t, long: o.Extended, lastTry: o.LastTry}
	r := &Reading{files: map[int][]byte{}}
	err := r.open(ctx, l, k, o)
	if err == nil {
		err = r.read(ctx, l, o)
	}
	if err == nil {
		err = r.prove(ctx, l, k, o)
	}
	r.Commands = l.Commands
	if err != nil {
		return nil, err
	}
	return r, nil
}

// open takes PACE where the card offers it, else BAC. A key that PACE refused is not
// tried again with BAC: that would be a second guess.
func (r *Reading) open(ctx context.Context, l *line, k Key, o Opts) error {
	// The card may be on any level. Some know no such command after power-up.
	if _, err := l.send(ctx, "mf", command{ins: 0xA4, p2: 0x0C, data: []byte{0x3F, 0}}); err != nil {
		return err
	}
	access, err := l.file(ctx, efile{"card-access", fidAccess, tagAccess})
	if err != nil {
		return err
	}
	if info, ok := choosePACE(access.data); ok {
		r.Access = PACE
		if err := l.pace(ctx, k, info, o.Random); err != nil {
			return err
		}
		return l.application(ctx)
	}
	r.Access = BAC
	if access.State != StateRead {
		l.long = false // no file in clear has shown that the card can, and inside it is too late to try
	}
	if err := l.application(ctx); err != nil {
		return err
	}
	return l.bac(ctx, k, o.Random)
}

// application selects the passport's, which identity cards have, too.
func (l *line) application(ctx context.Context) error {
	const step = "application"
	aid := []byte{0xA0, 0, 0, 2, 0x47, 0x10, 0x01}
	a, err := l.send(ctx, step, command{ins: 0xA4, p1: 4, p2: 0x0C, data: aid})
	if err == nil && a.sw != swOK {
		return fault(NotPassport, step, a.sw)
	}
	return err
}

// read reads the security object, which lists the data groups, then those that are
// wanted. Where it cannot be read, EF.COM lists them.
func (r *Reading) read(ctx context.Context, l *line, o Opts) error {
	sod, err := l.file(ctx, efile{"sod", fidSOD, tagSOD})
	if err != nil {
		return err
	}
	r.sod = sod.data
	listed := listedGroups(sod.data)
	if listed == nil {
		com, err := l.file(ctx, efile{"com", fidCOM, tagCOM})
		if err != nil {
			return err
		}
		listed = commonGroups(com.data)
	}
	for _, n := range []int{1, 11, 13, 14, 15, 2} {
		if n != 1 && !slices.Contains(listed, n) || n == 2 && !o.Photo {
			continue
		}
		f, err := l.file(ctx, group(n))
		if err != nil {
			return err
		}
		if f.Group = n; f.State == StateRead && !r.take(n, f.data) {
			f.State = StateUnreadable
		}
		if n == 1 && f.State != StateRead {
			return fault(Malformed, "dg1", f.Status)
		}
		r.Files = append(r.Files, f.File)
	}
	return nil
}

// take reads what a data group says; false when it is not what it should be. The
// bytes stay for their hash either way.
func (r *Reading) take(n int, data []byte) bool {
	r.files[n] = data
	var ok bool
	switch n {
	case 1:
		r.MRZ, ok = parseDG1(data)
	case 2:
		r.Photo, ok = parseDG2(data)
	case 11:
		r.Details, ok = parseDG11(data)
	case 13:
		r.Citizen, ok = parseDG13(data)
	default:
		ok = true // keys: read where they are used
	}
	return ok
}
