package boxmain

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"clinicbox/device/health"
	"clinicbox/device/identity"
	"clinicbox/device/task"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/medium"
)

// Times of the copy on the second medium.
const (
	copyEvery  = time.Hour
	copyFirst  = time.Minute      // after a start people have other needs
	copyLook   = 15 * time.Second // for a stick that is not there
	copyAgain  = 5 * time.Minute  // after another trouble
	copyTooOld = 26 * time.Hour
)

// copyCauses are what may be wrong with the medium, as causes of health.
func copyCauses() []copyCause {
	return []copyCause{
		{medium.ErrAbsent, health.CopyAbsent},
		{medium.ErrSameDisk, health.CopySameDisk},
		{medium.ErrFull, health.CopyFull},
		{medium.ErrReadOnly, health.CopyReadOnly},
		{medium.ErrOther, health.CopyOther},
		{medium.ErrAhead, health.CopyAhead},
		{medium.ErrVersion, health.CopyNewer},
		{medium.ErrDamaged, health.CopyDamaged},
	}
}

type copyCause struct {
	err  error
	code string
}

// newCopier joins the open store to the medium; nil when none was asked for.
func (b *Box) newCopier() *medium.Copier {
	if b.cfg.Copy.Dir == "" {
		return nil
	}
	return medium.New(medium.Options{
		Dir: b.cfg.Data.Dir, To: b.cfg.Copy.Dir, Box: b.cfg.Box.Name, Key: b.store.CopyKey(), Source: b.store,
		More: b.keyFiles, SameDisk: b.cfg.Copy.SameDisk, Now: b.clock.Now, Differs: b.differs,
	})
}

// keyFiles reads the folder of the keys for a copy, each file judged by who wrote it.
func (b *Box) keyFiles(context.Context) (out []store.SnapshotFile, err error) {
	dir := keysDir(b.cfg)
	es, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	err = b.vault.change(func(o opened) error {
		for _, e := range es {
			if !e.Type().IsRegular() || strings.HasSuffix(e.Name(), durable.TempSuffix) {
				continue
			}
			content, bad := o.read(dir, e.Name())
			if errors.Is(bad, fs.ErrNotExist) {
				continue
			}
			out = append(out, store.SnapshotFile{
				Path: path.Join("keys", e.Name()), Data: content, Check: func([]byte) error { return bad },
			})
		}
		return nil
	})
	return out, err
}

// read returns a file of the folder of the keys; an error tells that it is not what was
// written.
func (o opened) read(dir, name string) ([]byte, error) {
	if slices.Contains(identity.Files(), name) {
		return o.keys.Read(name)
	}
	file := filepath.Join(dir, name)
	content, err := os.ReadFile(file)
	if err == nil {
		err = o.slots.Sound(o.key, file, content)
	}
	return content, err
}

// buildCopy makes the task that copies every hour. A slow or hanging medium holds up
// nobody but itself.
func (b *Box) buildCopy() (task.Task, error) {
	return task.Plain("copy", func(ctx context.Context) error {
		wait := copyFirst
		if err := b.copier.Look(ctx); errors.Is(err, medium.ErrAbsent) {
			b.copyTold(err)
		}
		for {
			t := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				t.Stop()
				return nil
			case <-t.C:
			}
			begin := time.Now()
			m, err := b.copier.Run(ctx)
			if ctx.Err() != nil {
				return nil
			}
			b.copyTold(err)
			switch {
			case err == nil:
				wait = copyEvery
				b.log.Info("copied to the second medium", "entries", m.Own.Size, "bytes", m.Bytes(), "took", time.Since(begin).Round(time.Millisecond).String())
			case errors.Is(err, medium.ErrAbsent):
				wait = copyLook
			default:
				wait = copyAgain
			}
		}
	}), nil
}

// copyTold makes one cause of an error, and ends the others.
func (b *Box) copyTold(err error) {
	b.copying.Lock()
	defer b.copying.Unlock()
	code := ""
	if err != nil {
		code = health.CopyFailed
	}
	for _, c := range copyCauses() {
		if code == health.CopyFailed && errors.Is(err, c.err) {
			code = c.code
		}
	}
	for _, c := range append(copyCauses(), copyCause{nil, health.CopyFailed}) {
		b.health.Set(c.code, c.code == code)
	}
	if err != nil && b.copyWas != code {
		b.log.Warn("no copy on the second medium", "cause", code, "err", err)
	}
	b.copyWas = code
}

// copied is when the last whole copy was made.
func (b *Box) copied() (at time.Time) {
	if b.copier == nil {
		return at
	}
	if m := b.copier.Last(); m != nil && m.Count > 0 {
		at = m.Made
	}
	return at
}

// copyOld tells that nobody should count on the copy any more. While the clock is not
// trusted its age is not known.
func (b *Box) copyOld() bool {
	now, trusted := b.clock.Now()
	at := b.copied()
	return b.copier != nil && (at.IsZero() && b.watched > copyTooOld || trusted && !at.IsZero() && now.Sub(at) > copyTooOld)
}

// differs is told of a file of the box that is not what was written: what it is a part
// of is read, and mended, at once. What stays damaged is a cause then.
func (b *Box) differs(file string) {
	b.log.Error("a file of the box is not what was written, its copy stays", "file", file)
	select {
	case b.rotten <- partOf(file):
	default: // the next pass finds it, too
	}
}

// partOf is what of a scrub reads a file of the data directory.
func partOf(file string) string {
	for _, folder := range []string{"keys", "blobs"} {
		if strings.HasPrefix(file, folder+"/") {
			return folder
		}
	}
	switch path.Ext(file) {
	case ".idx":
		return strings.TrimSuffix(file, ".idx") + ".seg"
	case ".copy":
		return strings.TrimSuffix(file, ".copy")
	}
	return file
}

// scrubRate is what reading everything again takes of the medium while it reads.
const scrubRate = 512 << 10

// cold reads the box's own medium, slowly.
func cold() durable.Cold { return durable.Cold{Rate: scrubRate} }
