package boxmain

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/identity"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/medium"
)

// notAsCopied tells that restored records are not those that were copied.
const notAsCopied = "hồ sơ không giống bản sao / the records are not those of the copy"

// restore puts a copy into the empty data directory of the configuration, opens it,
// and says what it holds. Cut anywhere, the same command goes on.
func (p *Program) restore(ctx context.Context) error {
	cfg, err := Load(p.path)
	if err != nil {
		return err
	}
	if p.from == "" {
		return fmt.Errorf("%w: restore -config FILE -from FOLDER [-damaged]", ErrUsage)
	}
	c, err := medium.Find(p.from, durable.Cold{})
	if err != nil {
		return err
	}
	c.Damaged = p.damaged
	fmt.Fprintf(p.Stdout, "bản sao / copy: %s, %s, %d mục / entries, %d MiB\n",
		c.Box, c.Made.In(clinic.ICT).Format("02/01/2006 15:04"), c.Own.Size, c.Bytes()>>20)
	if bad, err := c.Verify(ctx, p.progress("đọc bản sao / reading the copy")); err != nil {
		for _, name := range bad {
			fmt.Fprintf(p.Stdout, "!         %s\n", name)
		}
		if !p.damaged || ctx.Err() != nil {
			return err
		}
	}
	if err := c.Restore(ctx, cfg.Data.Dir, p.progress("chép và đọc lại / copying and reading back")); err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, "đã chép xong vào data.dir. Từ đây nếu gõ sai mã: chạy clinicbox check, không khôi phục lại.\ncopied into data.dir. If the code is mistyped from here on: run clinicbox check; do not restore again.")
	return p.check(ctx)
}

// restored compares what was restored with what the copy says of itself.
func (p *Program) restored(ctx context.Context, v *vault, m *medium.Manifest) error {
	o, err := storeOptions(v, p.logger(v.cfg))
	if err != nil {
		return err
	}
	key, err := store.CopyKey(o)
	if err == nil {
		err = m.CheckKey(key)
	}
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, o) // makes the views and the tree's hashes, which are in no copy
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		return err
	}
	report, found, err := p.examine(ctx, v)
	if err != nil {
		return err
	}
	if report.Own != m.Own.Size || string(report.OwnRoot[:]) != string(m.Own.Root) || report.In != m.In.Size {
		report.Problems = append(report.Problems, notAsCopied)
	}
	if err := p.say(report, found); err != nil && !p.damaged {
		return err
	}
	fmt.Fprintf(p.Stdout, "hồ sơ mới nhất / newest record: %s\n", m.Newest.In(clinic.ICT).Format("02/01/2006 15:04"))
	_, err = fmt.Fprintln(p.Stdout, "xong: chạy hộp, mở bằng mã khôi phục, thêm người quản trị\ndone: run the box, open it with the recovery code, add an administrator")
	return err
}

// progress prints how far something came, at each tenth.
func (p *Program) progress(what string) func(done, total int64) {
	last := int64(-1)
	return func(done, total int64) {
		if tenth := done * 10 / max(total, 1); tenth != last {
			last = tenth
			fmt.Fprintf(p.Stderr, "%s: %d%%\n", what, tenth*10)
		}
	}
}

// mend reads everything of a stopped box again, mends it from a copy, and checks it.
func (p *Program) mend(ctx context.Context) error {
	file, err := p.handedBack() // before anything is asked, or read
	if err != nil {
		return err
	}
	if file != nil {
		defer file.Close()
	}
	v, err := p.opens(ctx, false)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	if p.from != "" && file == nil {
		v.cfg.Copy.Dir, v.cfg.Copy.SameDisk = p.from, true
		if filepath.Base(p.from) == medium.Folder { // as Find takes it
			v.cfg.Copy.Dir = filepath.Dir(filepath.Clean(p.from))
		}
	}
	b := New(Options{Config: v.cfg, Log: p.logger(v.cfg), Probe: selfProbe()})
	b.vault = v
	if err := b.open(ctx); err != nil {
		return err
	}
	o := b.scrubOptions()
	o.Cold = durable.Cold{}
	o.Found = func(f store.Finding) {
		b.found(f)
		state := "CHƯA sửa được / NOT mended"
		if f.Mended {
			state = "đã sửa / mended"
		}
		fmt.Fprintf(p.Stdout, "!         %s: %d hỏng / flaws, %s\n", f.Part, max(len(f.Flaws), 1), state)
		if f.Err != nil {
			fmt.Fprintln(p.Stdout, Words(f.Err))
		}
	}
	var back func(context.Context) error
	if file != nil {
		back = func(ctx context.Context) error { return p.handBack(ctx, b, file, o) }
	}
	err = b.pass(ctx, o, back)
	if err = errors.Join(err, b.store.Close()); err != nil {
		return err
	}
	report, found, err := p.examine(ctx, v)
	if err != nil {
		return err
	}
	return p.say(report, found)
}

// pass reads everything once, with the committer running that repairs need, and does
// what is to be done then; nil is nothing.
func (b *Box) pass(ctx context.Context, o store.ScrubOptions, then func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.store.Run(ctx) }()
	s := b.store.Scrubber(o)
	_, err := s.Pass(ctx)
	if err == nil && then != nil {
		err = then(ctx)
	}
	if err == nil {
		err = b.unfinished(ctx, s)
	}
	stop()
	return errors.Join(err, <-ended)
}

// noteReplaced records, once, that others may have printed numbers of this box's book:
// every number series jumps over what they can have issued, before anybody is given one.
func (b *Box) noteReplaced(ctx context.Context) error {
	e, ok := b.vault.id.Enrolment()
	if !ok || e.Numbers == 0 {
		return nil
	}
	now, trusted := b.clock.Now()
	fresh := replacedFresh(&e, now, trusted, rand.IntN(1000))
	act := sha256.Sum256([]byte("numbers jump for " + e.Serial().String()))
	return b.desk.NoteMachineAs(ctx, clinic.ID(act[:16]), clinic.Machine{Event: clinic.MachineReplaced, Fresh: &fresh})
}

// replacedFresh is how far the series of a box jump that took another's place.
func replacedFresh(e *identity.Enrolment, now time.Time, trusted bool, chance int) clinic.Fresh {
	if joined := time.UnixMilli(e.Joined); e.Joined > 0 && (!trusted || now.Before(joined)) {
		now, trusted = joined, true // by the centre's clock, which the answer was signed with
	}
	return clinic.NewFresh(time.UnixMilli(e.Numbers), now, trusted, chance)
}

// noteRestore records that the box was restored, so that every number series jumps,
// before anybody can be given a number. It is recorded once, however often it is cut.
func (b *Box) noteRestore(ctx context.Context) error {
	m, err := medium.Marked(b.cfg.Data.Dir)
	if err != nil || m == nil {
		return err
	}
	detail := fmt.Sprintf("copy %d, own %d", m.Count, b.store.Own().Size())
	if err := m.CheckKey(b.store.CopyKey()); err != nil {
		b.log.Error("the mark of a restore is not of this box", "err", err)
		detail = "unknown copy"
	}
	newest, err := b.store.Newest()
	if err != nil {
		return err
	}
	now, trusted := b.clock.Now()
	if newest.IsZero() {
		newest = now
	}
	fresh := clinic.NewFresh(newest, now, trusted, rand.IntN(1000))
	err = b.desk.NoteMachineAs(ctx, clinic.ID(m.ID()), clinic.Machine{Event: clinic.MachineRestored, Detail: detail, Fresh: &fresh})
	if err != nil {
		return err
	}
	b.log.Warn("restored from a copy: every number series has jumped", "entries", b.store.Own().Size())
	return medium.Noted(b.cfg.Data.Dir)
}
