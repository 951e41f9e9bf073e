package courier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clinicbox/sync/wire"
)

// Cargo is what one side has for the other.
type Cargo struct {
	// Extent: the other side has the entries below First, we have those below Next.
	// Ack is how far we have come in the other direction.
	Extent
	// Safe reports whether the other side is known to have all that a piece of ours
	// holds; only pieces of another epoch than ours are asked for.
	Safe func(Extent) bool
	// Begin makes the session of a file.
	Begin func(wire.FileID) (start []byte, s *wire.Sealer, err error)
	// Head returns what stands before the entries of a file: it tells Ack.
	Head []wire.Message
	// Pack returns a message with entries from an index on, and the index after them.
	Pack func(ctx context.Context, from uint64) (m wire.Message, next uint64, err error)
	// Root returns the beginning of our journal's root at a size; nil where there is none.
	Root func(size uint64) (Root, error)
	Note *NoteKey
	Now  time.Time
}

// ours reports whether a piece holds entries of our journal as it is now: those of a
// journal that was lost stand nowhere else.
func (c *Cargo) ours(e Extent) bool {
	if c.Root == nil || e.First == e.Next {
		return true
	}
	root, err := c.Root(e.Next)
	return err == nil && root == e.Root
}

// Filled is what a stick holds of one side after it was filled.
type Filled struct {
	First, Next uint64 // entries that stand on it, one after the other, which the other side may not have
	All         bool   // and that is all of them
	Full        bool   // no more fits
	Pieces      int
	Bytes       int64
	Wrote       int64 // bytes now
}

// Times and sizes of filling.
const (
	smallPiece = MaxPiece / 2 // a last piece below it is written anew with what follows
	reserve    = 256 << 10    // of the stick, left alone for the file system's own
	leastPiece = 16 << 10
)

// filling is one filling of a shelf.
type filling struct {
	shelf
	c     *Cargo
	own   []kept // what stands there
	torn  []string
	out   Filled
	fresh []kept // what was written now

	id     wire.FileID
	start  []byte
	sealer *wire.Sealer
	number uint32
	wait   []sealed // frames for the next piece
	size   int      // bytes of them
}

// sealed is a frame and the index after its entries.
type sealed struct {
	frame []byte
	next  uint64
	ack   bool
}

// fill brings the shelf to the cargo: what the other side has goes away, what is new
// is added, what stands there stays. With ErrFull what fits stands there.
func (s shelf) fill(ctx context.Context, c *Cargo) (Filled, error) {
	f := &filling{shelf: s, c: c}
	if err := mkdirs(s.m, s.path()); err != nil {
		return f.out, cause(err)
	}
	own, torn, err := s.mine(ctx, c.Note)
	if err != nil {
		return f.out, err
	}
	f.torn = torn
	if err := f.receipted(own); err != nil {
		return f.out, err
	}
	from, told := f.covered()
	err = f.write(ctx, from, told)
	f.out.Full = errors.Is(err, ErrFull)
	f.count()
	if err == nil {
		err = f.tidy()
		f.count()
	}
	return f.out, err
}

// receipted removes what the other side has.
func (f *filling) receipted(own []kept) error {
	var gone []string
	for _, k := range own {
		safe := k.First < k.Next && k.Next <= f.c.First
		if k.Epoch != f.c.Epoch {
			safe = k.First < k.Next && f.c.Safe != nil && f.c.Safe(k.Extent)
		}
		if safe && f.c.ours(k.Extent) {
			gone = append(gone, k.name)
			continue
		}
		f.own = append(f.own, k)
	}
	return f.drop(gone)
}

// covered returns from where on entries are missing on the stick, and whether a piece
// tells the present Ack. A small last piece counts as missing.
func (f *filling) covered() (from uint64, told bool) {
	slices.SortFunc(f.own, func(a, b kept) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Next, b.Next)) })
	from = f.c.First
	var last *kept
	told = f.c.Ack == Mark{}
	for i := range f.own {
		k := &f.own[i]
		if k.Epoch != f.c.Epoch || !f.c.ours(k.Extent) {
			continue
		}
		told = told || k.Ack == f.c.Ack
		if k.First <= from && k.Next > from {
			from, last = k.Next, k
		}
	}
	if last != nil && last.size < smallPiece && from < f.c.Next {
		from = max(last.First, f.c.First)
	}
	return from, told
}

// write adds pieces from an index on.
func (f *filling) write(ctx context.Context, from uint64, told bool) error {
	if from >= f.c.Next && told {
		return nil
	}
	var err error
	f.id = wire.NewFileID()
	if f.start, f.sealer, err = f.c.Begin(f.id); err != nil {
		return err
	}
	at := from
	for _, m := range f.c.Head {
		if err := f.add(m, at, true); err != nil {
			return err
		}
	}
	for at < f.c.Next {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, next, err := f.c.Pack(ctx, at)
		if err != nil {
			return err
		}
		if next <= at {
			return fmt.Errorf("courier: no entries from %d on", at)
		}
		if err := f.add(m, next, false); err != nil {
			return err
		}
		at = next
		if from, err = f.flush(from, false); err != nil {
			return err
		}
	}
	for len(f.wait) > 0 {
		if from, err = f.flush(from, true); err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) add(m wire.Message, next uint64, ack bool) error {
	frame, err := f.sealer.Seal(m)
	if err != nil {
		return err
	}
	f.wait = append(f.wait, sealed{frame, next, ack})
	f.size += costs(frame)
	return nil
}

// room is how large the next piece may be.
func (f *filling) room() (int, error) {
	free, err := f.m.Free()
	if err != nil {
		return 0, cause(err)
	}
	if free -= reserve; free < leastPiece {
		return 0, ErrFull
	}
	return int(min(free, MaxPiece)) - overhead - len(f.start), nil
}

// flush writes a piece once there is enough for it, or at the end. It returns the
// index up to which entries stand on the stick.
func (f *filling) flush(from uint64, end bool) (uint64, error) {
	if !end && f.size < MaxPiece {
		return from, nil
	}
	next, err := f.next(from)
	if !errors.Is(err, ErrFull) || len(f.torn) == 0 {
		return next, err
	}
	gone := f.torn // nobody can read it, and its room is wanted
	f.torn = nil
	if err := f.drop(gone); err != nil {
		return from, err
	}
	return f.next(from)
}

// next writes as much of what waits as goes into one piece.
func (f *filling) next(from uint64) (uint64, error) {
	room, err := f.room()
	if err == nil && f.number >= maxPieces {
		err = ErrFull
	}
	if err != nil {
		return from, err
	}
	n, size := 0, 0
	for n < len(f.wait) && size+costs(f.wait[n].frame) <= room {
		size += costs(f.wait[n].frame)
		n++
	}
	for ; n > 0; n /= 2 { // a file system that is fuller than it says
		next, err := f.piece(from, n)
		if errors.Is(err, ErrFull) {
			continue
		}
		return next, err
	}
	return from, ErrFull
}

// piece writes the first n frames that wait.
func (f *filling) piece(from uint64, n int) (uint64, error) {
	p := &Piece{Dir: f.dir, Box: f.box, File: f.id, Number: f.number, Made: f.c.Now, Start: f.start}
	e := Extent{Epoch: f.c.Epoch, First: from, Next: from}
	heads := 0
	for _, w := range f.wait[:n] {
		p.Frames = append(p.Frames, w.frame)
		e.Next = w.next
		if w.ack {
			heads++
		}
	}
	if heads > 0 && (n == len(f.wait) || !f.wait[n].ack) {
		e.Ack = f.c.Ack // all of the head stands in this piece, or before it
	}
	if f.c.Root != nil {
		var err error
		if e.Root, err = f.c.Root(e.Next); err != nil {
			return from, err
		}
	}
	k, err := f.put(p, f.c.Note, e)
	if err != nil {
		return from, err
	}
	f.number++
	f.out.Wrote += k.size
	for _, w := range f.wait[:n] {
		f.size -= costs(w.frame)
	}
	f.wait = append(f.wait[:0], f.wait[n:]...)
	f.fresh = append(f.fresh, k)
	return e.Next, nil
}

// tidy removes what the pieces that were written now replace, and what is torn: what a
// torn piece held stands elsewhere on the stick, or the other side has it.
func (f *filling) tidy() error {
	gone := f.torn
	told := len(f.fresh) > 0 && f.fresh[0].Ack == f.c.Ack
	var stay []kept
	for _, k := range f.own {
		if f.replaced(k) || told && k.First == k.Next && k.Epoch == f.c.Epoch {
			gone = append(gone, k.name)
			continue
		}
		stay = append(stay, k)
	}
	f.own = stay
	return f.drop(gone)
}

// replaced reports whether all entries of a piece stand in those written now.
func (f *filling) replaced(k kept) bool {
	if len(f.fresh) == 0 || k.Epoch != f.c.Epoch || k.First == k.Next || !f.c.ours(k.Extent) {
		return false
	}
	return k.First >= f.fresh[0].First && k.Next <= f.fresh[len(f.fresh)-1].Next
}

// count tells what stands on the stick.
func (f *filling) count() {
	all := append(append([]kept(nil), f.own...), f.fresh...)
	slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(a.First, b.First) })
	f.out.First, f.out.Next = f.c.First, f.c.First
	f.out.Pieces, f.out.Bytes = len(all), 0
	for _, k := range all {
		f.out.Bytes += k.size
		if k.Epoch == f.c.Epoch && k.First <= f.out.Next && f.c.ours(k.Extent) {
			f.out.Next = max(f.out.Next, k.Next)
		}
	}
	f.out.All = f.out.Next >= f.c.Next
}
