package boxmain

import (
	"context"
	"errors"
	"time"

	"clinicbox/device/health"
	"clinicbox/device/task"
	"clinicbox/store"
)

// scrubPass is how long reading everything once takes. Cards lose bits in months.
const scrubPass = 7 * 24 * time.Hour

// buildScrub makes the task that reads everything again, mends, and tells.
func (b *Box) buildScrub() (task.Task, error) {
	s := b.store.Scrubber(b.scrubOptions())
	return task.Plain("scrub", func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		if err := b.unfinished(ctx, s); err != nil && ctx.Err() == nil {
			b.log.Error("a repair that was cut is not told", "err", err)
		}
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case file := <-b.rotten: // of what the copier found
					if err := s.Part(ctx, file); err != nil && ctx.Err() == nil {
						b.log.Error("damage is not mended", "file", file, "err", err)
					}
				}
			}
		}()
		return s.Run(ctx)
	}), nil
}

func (b *Box) scrubOptions() store.ScrubOptions {
	o := store.ScrubOptions{Pass: scrubPass, Cold: cold(), Mending: b.mending, Found: b.found, More: []store.Look{{Name: "keys", Check: b.scrubKeys}}}
	if b.copier != nil {
		o.Copies = b.copier.Copies
		o.More = append(o.More, store.Look{Name: "copy", Check: func(ctx context.Context) (bool, error) {
			return false, b.copier.Scrub(ctx, cold())
		}})
	}
	return o
}

// scrubKeys reads the files of the keys again. What is in memory, or in the other
// copy, is written anew.
func (b *Box) scrubKeys(ctx context.Context) (mended bool, err error) {
	var spare []byte
	if b.copier != nil {
		spare, _ = b.copier.Copies(ctx, "keys/slots") // without it the two here must do
	}
	var slots, closed bool
	err = b.vault.change(func(o opened) error {
		var err1, err2 error
		slots, err1 = o.slots.Repair(ctx, o.key, spare)
		closed, err2 = o.keys.Repair()
		if err1 != nil {
			return err1
		}
		return err2
	})
	if err == nil && (slots || closed) {
		return true, errKeysMended
	}
	return false, err
}

// errKeysMended tells what was found, for the log.
var errKeysMended = errors.New("a file of the keys was damaged and is right again")

// found tells of damage: as causes, and in the records, so that the centre hears.
func (b *Box) found(f store.Finding) {
	switch f.Part {
	case "state.db":
		b.health.Set(health.StoreState, !f.Mended)
	case "keys":
		b.health.Set(health.KeysDamaged, !f.Mended)
	case "copy":
		b.copyTold(f.Err)
	}
	own, in := b.store.Holes()
	b.health.Set(health.StoreQuarantine, own+in > 0)
	b.health.Set(health.StoreIndex, b.store.Stale())
	b.askAgain(b.ended(f, own, in), in)
}

// askAgain has the centre send down anew what it had sent, when news are that some of it
// cannot be read. A box without a centre asks the one that it joins for everything.
func (b *Box) askAgain(news bool, in uint64) {
	if !news || in == 0 {
		return
	}
	if err := (keeper{b.store.State()}).askAgain(); err != nil {
		b.log.Error("the centre is not asked for what is lost", "err", err)
	}
}
