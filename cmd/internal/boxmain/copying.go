package boxmain

import (
	"context"
	"errors"
	"time"

	"clinicbox/device/health"
	"clinicbox/device/task"
	"clinicbox/internal/durable"
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
		More: []string{"keys"}, SameDisk: b.cfg.Copy.SameDisk, Now: b.clock.Now, Differs: b.differs,
	})
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

// differs is told of a segment that rotted since it was copied: it is mended at once.
func (b *Box) differs(file string) {
	b.log.Error("a file of the records is not what its copy says", "file", file)
	select {
	case b.rotten <- file:
	default: // the next pass finds it, too
	}
}

// scrubRate is what reading everything again takes of the medium while it reads.
const scrubRate = 512 << 10

// cold reads the box's own medium, slowly.
func cold() durable.Cold { return durable.Cold{Rate: scrubRate} }
