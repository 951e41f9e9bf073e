package hubmain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/internal/durable"
	"clinicbox/internal/entry"
	"clinicbox/internal/handback"
	"clinicbox/internal/keyfile"
)

// errNothing tells that the centre holds no entries of a box.
var errNothing = errors.New("hub: nothing was received from that box")

// atOnce is how many entries are read at a time.
const atOnce = 500

// entries writes what was received from a box into a file that only the box opens, so
// that it can put back what its card lost (clinicbox mend -from FILE).
func (p *Program) entries(ctx context.Context) error {
	if p.flags.out == "" {
		return p.usage()
	}
	return p.change(ctx, func(c *centre) error {
		b, err := c.db.Box(ctx, p.args[0])
		if err != nil {
			return err
		}
		if b.Revoked != 0 {
			return hub.ErrRevoked
		}
		streams, err := c.db.Streams(ctx, b.Name)
		if err != nil {
			return err
		}
		if len(streams) == 0 || streams[0].Size == 0 {
			return errNothing
		}
		var n, holes uint64
		err = writeOut(p.flags.out, func(w *bufio.Writer) (err error) {
			n, holes, err = handBack(ctx, c.db, &b, &streams[0], w)
			if err != nil {
				return err
			}
			return c.authority.Note(ctx, p.by(), "entries", b.Name) // before anybody can carry it away
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Stdout, "%s: %d mục đã nhận, %d mục trống, chỉ hộp này mở được / entries received, %d holes, only this box opens it: %s\n", b.Name, n, holes, holes, p.flags.out)
		return err
	})
}

// writeOut makes a file that was not there, durable and whole or not at all.
func writeOut(path string, do func(*bufio.Writer) error) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(&fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}, err)
	}
	tmp := path + durable.TempSuffix
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err = do(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = durable.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp) // of no use to anybody
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

// handBack writes the entries of a stream. Each was stored under its leaf hash, which is
// computed anew: what rotted here is not handed on.
func handBack(ctx context.Context, d *db.DB, b *hub.Box, s *hub.Stream, w *bufio.Writer) (n, holes uint64, err error) {
	key, err := keyfile.KEM().NewPublicKey(b.Keys.HPKE)
	if err != nil {
		return 0, 0, fmt.Errorf("hub: key of %s: %w", b.Name, err)
	}
	out, err := handback.NewWriter(w, handback.To{Box: b.Name, Epoch: s.Epoch, HPKE: key})
	if err != nil {
		return 0, 0, err
	}
	for at := uint64(0); at < s.Size; {
		es, err := d.Entries(ctx, b.Name, s.Epoch, at, atOnce)
		if err != nil {
			return n, holes, err
		}
		if len(es) == 0 || es[0].Index != at {
			return n, holes, fmt.Errorf("%w: entry %d of %s is missing", ErrDamage, at, b.Name)
		}
		for i := range es {
			e := &es[i]
			switch {
			case e.Bytes == nil:
				holes++
				continue
			case entry.LeafHash(e.Salt, e.Bytes) != e.Leaf:
				return n, holes, fmt.Errorf("%w: entry %d of %s", ErrDamage, e.Index, b.Name)
			}
			if err := out.Add(handback.Entry{Index: e.Index, Salt: e.Salt, Bytes: e.Bytes}); err != nil {
				return n, holes, err
			}
			n++
		}
		at += uint64(len(es))
	}
	return n, holes, out.Close()
}
