package courier

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"clinicbox/internal/durable"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/wire"
)

// What one stick may hold for us. Whatever is beyond is not looked at.
const (
	maxNames  = 16384 // in a folder
	maxPieces = 4096  // of one box and direction
	maxBoxes  = 8192
)

// pieceName is the name of a file on the stick: 16 digits of its ID, a number.
var pieceName = regexp.MustCompile(`^[0-9a-f]{16}-[0-9]{4}\.cbc$`)

// side is the folder of a direction.
func side(d wire.Direction) string {
	if d == wire.DirUp {
		return path.Join(Folder, "up")
	}
	return path.Join(Folder, "down")
}

// shelf is the folder of one box and direction on a stick.
type shelf struct {
	m   Medium
	dir wire.Direction
	box string
}

func (s shelf) path() string { return path.Join(side(s.dir), s.box) }

func (s shelf) file(p *Piece) string {
	return path.Join(s.path(), fmt.Sprintf("%s-%04d.cbc", hex.EncodeToString(p.File[:8]), p.Number))
}

// prepared reports whether the stick has our folder.
func prepared(m Medium) error {
	_, err := m.List(Folder, 1)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNone
	}
	if err != nil {
		return cause(err)
	}
	return nil
}

// Prepare makes the folder on a stick that has none: from then on every box and centre
// uses the stick.
func Prepare(m Medium) error { return cause(mkdirs(m, Folder)) }

// mkdirs makes a folder with its parents, durably.
func mkdirs(m Medium, name string) error {
	at := ""
	for part := range strings.SplitSeq(name, "/") {
		parent := cmp.Or(at, ".")
		at = path.Join(at, part)
		if _, err := m.List(at, 1); err == nil {
			continue
		}
		if err := m.Mkdir(at); err != nil {
			return err
		}
		if err := m.SyncDir(parent); err != nil {
			return err
		}
	}
	return nil
}

// boxes returns the names of the boxes that have a folder on the stick, in order.
func boxes(m Medium, d wire.Direction) ([]string, error) {
	es, err := m.List(side(d), maxNames)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, cause(err)
	}
	var names []string
	for _, e := range es {
		if e.IsDir() && keyfile.ValidName(e.Name()) && len(names) < maxBoxes {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// names returns the pieces of the shelf, and what a cut left beside them.
func (s shelf) names() (pieces, temps []string, err error) {
	es, err := s.m.List(s.path(), maxNames)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, cause(err)
	}
	for _, e := range es {
		name, temp := strings.CutSuffix(e.Name(), durable.TempSuffix)
		switch {
		case !e.Type().IsRegular() || !pieceName.MatchString(name):
		case temp:
			temps = append(temps, path.Join(s.path(), e.Name()))
		case len(pieces) < maxPieces:
			pieces = append(pieces, path.Join(s.path(), name))
		}
	}
	slices.Sort(pieces)
	return pieces, temps, nil
}

// head is what of a piece counts for the order in which pieces are taken.
type head struct {
	name   string
	made   int64
	number uint32
}

// each passes the pieces of the shelf, the oldest first, one in memory at a time.
// Those that cannot be read are counted; a shelf that cannot be listed is an error.
func (s shelf) each(ctx context.Context, f func(name string, p *Piece) error) (bad int, err error) {
	names, _, err := s.names()
	if err != nil {
		return 0, err
	}
	var order []head
	for _, n := range names {
		if err := ctx.Err(); err != nil {
			return bad, err
		}
		p, _, err := s.get(n)
		if err != nil {
			bad++
			continue
		}
		order = append(order, head{n, p.Made.Unix(), p.Number})
	}
	slices.SortStableFunc(order, func(a, b head) int { return cmp.Or(cmp.Compare(a.made, b.made), cmp.Compare(a.number, b.number)) })
	for _, h := range order {
		if err := ctx.Err(); err != nil {
			return bad, err
		}
		p, _, err := s.get(h.name)
		if err != nil {
			bad++
			continue
		}
		if err := f(h.name, p); err != nil {
			return bad, err
		}
	}
	return bad, nil
}

// get reads a piece of the shelf, with its encoding.
func (s shelf) get(name string) (*Piece, []byte, error) {
	b, err := read(s.m, name)
	if err != nil {
		return nil, nil, err
	}
	p, err := DecodePiece(b)
	if err != nil {
		return nil, nil, err
	}
	if p.Dir != s.dir || p.Box != s.box {
		return nil, nil, fmt.Errorf("%w: of %s in the folder of %s", ErrForm, p.Box, s.box)
	}
	return p, b, nil
}

// put writes a piece and reads it back from the stick.
func (s shelf) put(p *Piece, k *NoteKey, e Extent) (k2 kept, err error) {
	b, err := p.encode(k, e)
	if err != nil {
		return k2, err
	}
	name := s.file(p)
	if err := durable.WriteFileFS(s.m, name, b, 0o644); err != nil {
		return k2, cause(err)
	}
	back, err := read(s.m, name)
	if err != nil {
		return k2, cause(err)
	}
	if string(back) != string(b) {
		return k2, ErrDamaged
	}
	return kept{name: name, size: int64(len(b)), Extent: e}, nil
}

// kept is a piece on the stick that its writer recognised.
type kept struct {
	name string
	size int64
	Extent
}

// mine returns the writer's own pieces, and the names of those that are torn.
func (s shelf) mine(ctx context.Context, k *NoteKey) (own []kept, torn []string, err error) {
	names, temps, err := s.names()
	if err != nil {
		return nil, nil, err
	}
	for _, t := range temps {
		if err := s.m.Remove(t); err != nil {
			return nil, nil, cause(err)
		}
	}
	for _, n := range names {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		_, b, err := s.get(n)
		if errors.Is(err, ErrTorn) {
			torn = append(torn, n)
		}
		if err != nil {
			continue
		}
		if e, err := k.open(b); err == nil {
			own = append(own, kept{n, int64(len(b)), e})
		}
	}
	return own, torn, nil
}

// drop removes pieces and makes that durable.
func (s shelf) drop(names []string) error {
	for _, n := range names {
		if err := s.m.Remove(n); err != nil {
			return cause(err)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return cause(s.m.SyncDir(s.path()))
}
