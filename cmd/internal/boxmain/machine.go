package boxmain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"clinicbox/device/health"
	"clinicbox/device/task"
	"clinicbox/peripherals/barcode"
	"clinicbox/peripherals/printer"
	"clinicbox/store"
	"clinicbox/sync/outbox"
	"clinicbox/web"
)

// machine tells the pages what the box knows of itself, from memory.
type machine struct{ b *Box }

var _ web.Box = machine{}

func (m machine) Truths() web.Truths {
	if m.b.store == nil {
		return web.Truths{}
	}
	if m.b.outbox == nil {
		return web.Truths{Saved: m.b.store.Own().Size(), Copies: m.b.copier != nil, Copied: m.b.copied()}
	}
	t := m.b.outbox.Truths()
	return web.Truths{
		Saved: t.Saved, Received: t.Received, Oldest: t.Oldest,
		Linked: t.Linked, LastReceipt: t.LastReceipt, Problem: t.Problem, Parked: t.Parked, Holes: t.Holes, Coming: t.Coming,
		Copies: m.b.copier != nil, Copied: m.b.copied(),
	}
}

func (m machine) Devices() []web.Device {
	return []web.Device{m.printer(), m.scanner()}
}

func (m machine) printer() web.Device {
	d := web.Device{Name: "printer.name", State: "printer.off", OK: true}
	if m.b.spooler == nil {
		return d
	}
	return printerDevice(m.b.spooler.Status())
}

// printerDevice says in keys what the spooler knows of the printer, and no more.
func printerDevice(st printer.SpoolStatus) web.Device {
	d := web.Device{
		Name: "printer.name", State: string(st.State), OK: true, Waiting: st.Jobs,
		Person: st.State == printer.Holding || len(st.Bad) > 0,
	}
	switch {
	case st.Cause != "":
		d.State, d.OK = string(st.Cause), false
	case st.State == printer.Printing:
		d.Waiting = 0
	case st.State == printer.Asking:
		d.Unsure = true
	case st.State == printer.Idle && st.Unproven:
		d.State, d.More, d.Unsure = string(printer.Unconfirmed), "printer.unconfirmed.do", true
	case st.State == printer.Idle && st.Blind:
		d.State, d.More, d.Unsure = string(printer.Untold), "printer.untold.do", true
	case st.State == printer.Idle && st.NearEnd:
		d.State = string(printer.NearEnd)
	}
	return d
}

func (m machine) scanner() web.Device {
	d := web.Device{Name: "scanner.name", State: "scanner.off", OK: true}
	if m.b.scanner == nil {
		return d
	}
	if d.State = "scanner.ready"; absent(m.b.scanner.State().Cause) {
		d.State, d.OK = "scanner.absent", false
	}
	return d
}

func absent(c barcode.Cause) bool {
	return c != barcode.CauseConnected && c != barcode.CauseStarting
}

// Warnings are the causes that fail now, the worst first, without those that every
// page's strip shows anyway.
func (m machine) Warnings() (out []web.Warning) {
	shown := []string{
		health.LinkDown, health.LinkOff, health.ScannerAbsent,
		health.PrinterAbsent, health.PrinterPaper, health.PrinterStopped,
	}
	for _, s := range m.b.health.States() {
		if slices.Contains(shown, s.Code) {
			continue
		}
		w := web.Warning{
			Code: s.Code, Bad: s.Severity != health.Info,
			Words: map[string]string{"vi": s.VI, "en": s.EN},
		}
		if s.Code == health.StoreQuarantine && m.b.store != nil {
			own, in := m.b.store.Quarantine()
			which := " (" + strings.TrimSpace(places("own", own)+places("in", in)) + ")"
			w.Words["vi"] += which
			w.Words["en"] += which
		}
		out = append(out, w)
	}
	return out
}

// places names entries that cannot be read, as check does: journal and numbers.
func places(name string, bad []store.Bad) string {
	const most = 6
	var b strings.Builder
	for i, x := range bad {
		if i == most {
			fmt.Fprintf(&b, " %s … %d", name, len(bad)-i)
			break
		}
		if fmt.Fprintf(&b, " %s %d", name, x.First); x.Count > 1 {
			fmt.Fprintf(&b, "–%d", x.First+x.Count-1)
		}
	}
	return b.String()
}

func (m machine) NotReady() (out []string) {
	for _, s := range m.b.health.States() {
		if s.Severity == health.Failure {
			out = append(out, s.Code)
		}
	}
	return out
}

// Limits of the watch.
const (
	watchEvery = time.Second
	diskLow    = 256 << 20 // months of records, but time to act
	hubSilent  = 15 * time.Minute
)

// buildWatch makes the task that reads the parts' states into the health registry.
func (b *Box) buildWatch() (task.Task, error) {
	b.health.Set(health.KeysDevelopment, b.vault.development())
	b.health.Set(health.LinkOff, !b.joined())
	b.health.Set(health.StoreLost, b.store.Lost() > 0)
	b.health.Set(health.StoreReadOnly, b.store.ReadOnly())
	b.watched = 0
	b.health.Set(health.StoreRewound, len(b.store.Rewound()) > 0)
	return task.Plain("watch", func(ctx context.Context) error {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		var last time.Time
		for {
			now := time.Now()
			if last.IsZero() || now.Sub(last) > renewEvery {
				b.renew()
				last = now
			}
			b.watch(now)
			if b.store.ReadOnly() && !readOnly(b.cfg.Data.Dir) {
				return errWritable
			}
			b.watched += watchEvery
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}), nil
}

func (b *Box) watch(now time.Time) {
	own, in := b.store.Holes()
	b.health.Set(health.StoreQuarantine, own+in > 0)
	b.health.Set(health.StoreBlobs, b.store.Blobs().Trouble() != nil)
	b.health.Set(health.CopyOld, b.copyOld())
	_, trusted := b.clock.Now()
	b.health.Set(health.ClockUntrusted, !trusted)
	b.health.Set(health.DiskLow, free(b.cfg.Data.Dir) < diskLow)
	if b.scanner != nil {
		b.health.Set(health.ScannerAbsent, absent(b.scanner.State().Cause))
	}
	if b.spooler != nil {
		c := b.spooler.Status().Cause
		b.health.Set(health.PrinterPaper, c == printer.PaperOut)
		b.health.Set(health.PrinterAbsent, c == printer.Unreachable)
		b.health.Set(health.PrinterStopped, c != "" && c != printer.PaperOut && c != printer.Unreachable)
	}
	if b.outbox != nil {
		t := b.outbox.Truths()
		b.health.Set(health.LinkDown, !t.Linked)
		b.health.Set(health.HubSilent, silent(t, now))
	}
}

// silent reports whether the centre should have confirmed something by now.
func silent(t outbox.Truths, now time.Time) bool {
	return t.Linked && t.Unsent() > 0 && now.Sub(t.Oldest) > hubSilent && now.Sub(t.LastReceipt) > hubSilent
}

// errWritable ends a box that could only read, so that it begins anew and saves.
var errWritable = errors.New("the disk takes data again")

// readOnly reports whether a folder's disk is mounted to be read only.
func readOnly(dir string) bool {
	var s syscall.Statfs_t
	const flag = 1 // ST_RDONLY, statfs(2)
	return syscall.Statfs(dir, &s) == nil && s.Flags&flag != 0
}

// free returns the free bytes of a folder's disk; all of them when nobody knows.
func free(dir string) uint64 {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 1 << 63
	}
	return s.Bavail * uint64(s.Bsize)
}
