package courier

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"clinicbox/sync/wire"
)

// Ingest is the centre's side of sync, which judges what a stick brings.
type Ingest interface {
	// Carried takes a piece that a box wrote. An error is the centre's own: what the
	// piece is worth is told.
	Carried(ctx context.Context, p *Piece) (Told, error)
	// Cargo returns what there is for a box. ErrNobody: there is no such box in service.
	Cargo(ctx context.Context, box string) (*Cargo, error)
}

// ErrNobody tells that the centre has nothing to do with a box.
var ErrNobody = errors.New("courier: no such box in service")

// Told is what became of a piece at the centre.
type Told struct {
	Refused bool   // it is not from the box that it names, or that box is not in service
	First   uint64 // the entries of the piece
	Next    uint64
	Size    uint64 // held of that stream afterwards
	New     uint64 // stored now
}

// early reports whether entries before those of the piece are missing.
func (t Told) early() bool { return t.First > t.Size }

// Report is what a stick brought of one box, and took to it.
type Report struct {
	Box     string
	Pieces  int
	New     uint64 // entries stored now
	Size    uint64 // held of the stream that the last piece was of
	Refused int    // pieces that are not from this box
	Bad     int    // pieces that cannot be read
	Missing bool   // entries before those on the stick are not here yet
	Differs bool   // some were not stored although those before them are: see the alarms
	Down    Filled // what waits for the box on the stick
	Err     error  // why nothing was written for the box
}

// Import takes in what boxes wrote to a stick, and tells it box by box. It removes
// nothing: a box removes its own pieces once it has the receipt.
func Import(ctx context.Context, m Medium, in Ingest, tell func(Report)) error {
	if err := prepared(m); err != nil {
		return err
	}
	names, err := boxes(m, wire.DirUp)
	if err != nil {
		return err
	}
	for _, n := range names {
		r, err := importBox(ctx, shelf{m, wire.DirUp, n}, in)
		if err != nil {
			return err
		}
		tell(r)
	}
	return nil
}

func importBox(ctx context.Context, s shelf, in Ingest) (Report, error) {
	r := Report{Box: s.box}
	var again []early
	take := func(p *Piece) (is bool, first uint64, err error) {
		t, err := in.Carried(ctx, p)
		if err != nil {
			return false, 0, err
		}
		if t.Refused {
			r.Refused++
			return false, 0, nil
		}
		r.New += t.New
		r.Size = t.Size
		if t.early() {
			return true, t.First, nil
		}
		r.Differs = r.Differs || t.Size < t.Next
		return false, 0, nil
	}
	bad, err := s.each(ctx, func(name string, p *Piece) error {
		r.Pieces++
		is, first, err := take(p)
		if is {
			again = append(again, early{name, first})
		}
		return err
	})
	r.Bad = bad
	if err != nil {
		return r, err
	}
	slices.SortFunc(again, func(a, b early) int { return cmp.Compare(a.first, b.first) })
	for _, e := range again {
		p, _, err := s.get(e.name)
		if err != nil {
			continue
		}
		is, _, err := take(p)
		if err != nil {
			return r, err
		}
		r.Missing = r.Missing || is
	}
	return r, nil
}

// Export writes receipts and what goes down to boxes. Without names these are the ones
// whose folders stand on the stick.
func Export(ctx context.Context, m Medium, in Ingest, names []string, tell func(Report)) error {
	if err := Prepare(m); err != nil {
		return err
	}
	if len(names) == 0 {
		up, err := boxes(m, wire.DirUp)
		if err != nil {
			return err
		}
		down, err := boxes(m, wire.DirDown)
		if err != nil {
			return err
		}
		names = slices.Compact(slices.Sorted(slices.Values(append(up, down...))))
	}
	for _, n := range names {
		r := Report{Box: n}
		c, err := in.Cargo(ctx, n)
		if err == nil {
			r.Down, err = shelf{m, wire.DirDown, n}.fill(ctx, c)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Err = err
		tell(r)
		if err != nil && !errors.Is(err, ErrNobody) {
			return err
		}
	}
	return nil
}
