package printer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic/paper"
	"clinicbox/peripherals/printer"
	"clinicbox/peripherals/sim"
)

// note is a short slip, so that many runs stay quick.
func note(name string) paper.Doc {
	return paper.Doc{Form: "note", Blocks: []paper.Block{
		paper.Text("PHIẾU THỬ").Strong().At(paper.Center), paper.Rule(),
		paper.Row("Họ và tên", name), paper.Row("Ngày", "14/10/2026"),
		paper.Rule(), paper.Space(3),
	}}
}

// tally is what lies on the table: pieces of paper with a document on them.
type tally struct {
	whole   int // complete slips, marked or not
	marked  int // of these, with the mark
	started int // unmarked slips that were begun, complete or not
}

// count looks for a document on all the paper, also what hangs out. A marked slip
// is the mark and the unmarked one below it.
func count(t *testing.T, p *sim.Printer, doc paper.Doc) tally {
	t.Helper()
	plain, marked := render(t, doc, printer.Width58), render(t, doc.Reprinted(), printer.Width58)
	head := plain.Pix[:20*plain.Stride()]
	_, _ = p.Tear()
	var n tally
	for _, s := range p.Slips() {
		n.whole += bytes.Count(s.Pix, plain.Pix)
		n.marked += bytes.Count(s.Pix, marked.Pix)
		n.started += bytes.Count(s.Pix, head)
		n.started -= bytes.Count(s.Pix, marked.Pix[:len(marked.Pix)-len(plain.Pix)+len(head)])
	}
	return n
}

// once fails unless the slip came out, and no more than one time unmarked.
func (n tally) once(t *testing.T) {
	t.Helper()
	if n.whole < 1 || n.started > 1 || n.whole-n.marked > 1 {
		t.Fatalf("lost, or twice unmarked: %+v", n)
	}
}

// spool runs a Spooler in a bubble; stop ends it and waits.
func spool(t *testing.T, q printer.Queue, p printer.Printer, change ...func(*printer.SpoolOpts)) (s *printer.Spooler, stop func()) {
	t.Helper()
	opts := printer.DefaultSpoolOpts(printer.Width58)
	for _, c := range change {
		c(&opts)
	}
	s = printer.NewSpooler(q, p, opts)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = func() {
		cancel()
		if err, ok := <-ended; ok && err != nil {
			t.Error(err)
		}
		close(ended)
	}
	return s, stop
}

func submit(t *testing.T, s *printer.Spooler, id string, doc paper.Doc) {
	t.Helper()
	if err := s.Submit(t.Context(), id, doc, false); err != nil {
		t.Fatal(err)
	}
}

// live is the number of stored jobs that are not out.
func live(q *printer.MemQueue) (n int) {
	_ = q.Each(func(_ string, job []byte) error {
		if !bytes.Contains(job, []byte(`"done":true`)) {
			n++
		}
		return nil
	})
	return n
}

// mishap is a fault of the printer and how it must show.
type mishap struct {
	name  string
	apply func(*sim.Printer)
	cause printer.Cause
	touch bool
}

func mishaps() []mishap {
	fault := func(f sim.PrinterFault) func(*sim.Printer) { return func(p *sim.Printer) { p.SetFault(f) } }
	return []mishap{
		{"no paper", func(p *sim.Printer) { p.SetPaper(false) }, printer.PaperOut, false},
		{"paper ends", fault(sim.PrinterFault{PaperRows: 60}), printer.PaperOut, true},
		{"cover", fault(sim.PrinterFault{Cover: true}), printer.CoverOpen, false},
		{"knife", fault(sim.PrinterFault{CutterJam: true}), printer.Cutter, true},
		{"silent", fault(sim.PrinterFault{Silent: true}), printer.Unknown, false},
		{"half", fault(sim.PrinterFault{Half: true}), printer.Unknown, false},
		{"stalls", fault(sim.PrinterFault{StopAfter: 5000}), printer.Stalled, true},
		{"hangs up", fault(sim.PrinterFault{ResetAfter: 5000}), printer.Broken, true},
		{"takes nothing", fault(sim.PrinterFault{StopAfter: 1}), printer.Unknown, false},
	}
}

func mend(p *sim.Printer) {
	p.SetFault(sim.PrinterFault{})
	p.SetPaper(true)
}

// Faults in pairs, one after the other: each is shown by its cause, the slip is
// neither lost nor printed twice unmarked, and marked only with a reason.
func TestFaultsInPairs(t *testing.T) {
	for _, a := range mishaps() {
		for _, b := range mishaps() {
			t.Run(a.name+" then "+b.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { pair(t, a, b) })
			})
		}
	}
}

func pair(t *testing.T, a, b mishap) {
	d := newDesk(t, sim.PrinterOpts{RowsPerSecond: 300}, printer.DefaultOpts())
	var log bytes.Buffer
	q := &printer.MemQueue{}
	s, stop := spool(t, q, d.dev, func(o *printer.SpoolOpts) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.MaxTries = 100
	})
	defer stop()
	doc := note("NGUYỄN THỊ ẨN DỤ")
	a.apply(d.Printer)
	submit(t, s, "1", doc)
	for i, m := range []mishap{a, b} {
		time.Sleep(5 * time.Minute)
		st := s.Status()
		if st.State != printer.Waiting && st.State != printer.Printing || st.Cause == "" || st.Jobs != 1 || st.OldestAge < 5*time.Minute {
			t.Fatalf("%s: %+v", m.name, st)
		}
		if i == 0 && st.Cause != a.cause {
			t.Fatalf("%s is told as %s", a.name, st.Cause)
		}
		mend(d.Printer)
		if i == 0 {
			b.apply(d.Printer)
		}
	}
	time.Sleep(5 * time.Minute)
	if st := s.Status(); st.State != printer.Idle || st.Jobs != 0 || st.Cause != "" || live(q) != 0 {
		t.Fatalf("%+v, %d stored", st, live(q))
	}
	n := count(t, d.Printer, doc)
	n.once(t)
	if (n.marked > 0) != (a.touch || b.touch) {
		t.Fatalf("%+v, though dots of the first try were on paper: %v", n, a.touch || b.touch)
	}
	if strings.Contains(log.String(), "NGUY") || strings.Contains(log.String(), "14/10") {
		t.Fatalf("patient data in the log: %s", &log)
	}
	if lines := strings.Count(log.String(), "\n"); lines == 0 || lines > 20 {
		t.Fatalf("%d lines in the log", lines)
	}
}

func TestQueueFaultsInPairs(t *testing.T) {
	u, a, ok := printer.FailUndone, printer.FailApplied, printer.FailNone
	for _, c := range []struct {
		name        string
		puts        []printer.FailKind
		submitFails bool
		stored      int // after the failed submit
	}{
		{"submit, not stored", []printer.FailKind{u}, true, 0},
		{"submit, but stored", []printer.FailKind{a}, true, 1},
		{"mark, not stored", []printer.FailKind{ok, u}, false, 0},
		{"mark, but stored", []printer.FailKind{ok, a}, false, 0},
		{"mark, both", []printer.FailKind{ok, u, a, u}, false, 0},
		{"done, not stored", []printer.FailKind{ok, ok, u, u}, false, 0},
		{"done, but stored", []printer.FailKind{ok, ok, a}, false, 0},
		{"everything", []printer.FailKind{a, u, a, u, a, a, u}, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
				mem := &printer.MemQueue{}
				q := &printer.FaultyQueue{Queue: mem}
				q.FailPuts(c.puts...)
				s, stop := spool(t, q, d.dev)
				defer stop()
				doc := note("A")
				err := s.Submit(t.Context(), "1", doc, false)
				if (err != nil) != c.submitFails || live(mem) != c.stored && c.submitFails {
					t.Fatal(err, live(mem))
				}
				for err != nil {
					err = s.Submit(t.Context(), "1", doc, false)
				}
				time.Sleep(time.Minute)
				submit(t, s, "1", doc) // late: it is out
				time.Sleep(time.Minute)
				if st := s.Status(); st.Jobs != 0 || st.Cause != "" || live(mem) != 0 {
					t.Fatalf("%+v, %d stored", st, live(mem))
				}
				if n := count(t, d.Printer, doc); n != (tally{whole: 1, started: 1}) {
					t.Fatalf("%+v", n)
				}
			})
		})
	}
}

// Finished jobs are remembered by their ids alone, and not for ever.
func TestFinishedJobsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		q := &printer.FaultyQueue{Queue: &printer.MemQueue{}}
		q.FailDeletes(printer.FailUndone, printer.FailApplied, printer.FailUndone)
		s, stop := spool(t, q, d.dev)
		defer stop()
		doc := paper.Doc{Blocks: []paper.Block{paper.Text("x")}}
		for i := range 520 {
			submit(t, s, fmt.Sprint(i), doc)
			time.Sleep(time.Second) // the first rows are looked at
			synctest.Wait()
		}
		kept := 0
		_ = q.Each(func(_ string, job []byte) error {
			if kept++; bytes.Contains(job, []byte(`"t":"x"`)) {
				t.Fatal("words of a finished job are kept")
			}
			return nil
		})
		if kept != 500 || len(d.Slips()) != 520 {
			t.Fatalf("%d kept, %d slips", kept, len(d.Slips()))
		}
	})
}

func TestStorageTroubleIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		q := &printer.FaultyQueue{Queue: &printer.MemQueue{}}
		q.FailPuts(printer.FailNone, printer.FailUndone, printer.FailUndone, printer.FailUndone)
		s, stop := spool(t, q, d.dev)
		defer stop()
		submit(t, s, "1", note("A"))
		synctest.Wait()
		if st := s.Status(); st.State != printer.Waiting || st.Cause != printer.Storage {
			t.Fatalf("%+v", st)
		}
		if len(d.Slips()) > 0 || d.Pending() > 0 {
			t.Fatal("printed without a marker")
		}
	})
}

func TestOrderAndWaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		s, stop := spool(t, &printer.MemQueue{}, d.dev)
		defer stop()
		d.SetCover(true)
		began := time.Now()
		for i := range 5 {
			submit(t, s, fmt.Sprint(9-i), note(fmt.Sprint("BN ", i)))
		}
		submit(t, s, "9", note("BN 0")) // again: nothing more
		time.Sleep(time.Hour)
		if st := s.Status(); st.Jobs != 5 || st.Cause != printer.CoverOpen || st.OldestAge < time.Hour || st.Since.After(began.Add(time.Second)) {
			t.Fatalf("%+v", st)
		}
		d.SetCover(false)
		submit(t, s, "x", note("BN 5")) // wakes at once
		time.Sleep(time.Second)         // the first rows are looked at
		synctest.Wait()
		slips := d.Slips()
		if len(slips) != 6 {
			t.Fatalf("%d slips", len(slips))
		}
		for i, slip := range slips {
			if holds(slip, render(t, note(fmt.Sprint("BN ", i)), printer.Width58)) != 1 {
				t.Fatalf("slip %d is another", i)
			}
		}
		clean(t, d.Printer)
	})
}

func TestPaperBackPrintsSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		s, stop := spool(t, &printer.MemQueue{}, d.dev)
		defer stop()
		d.SetPaper(false)
		submit(t, s, "1", note("A"))
		time.Sleep(time.Hour)
		d.SetPaper(true)
		time.Sleep(4 * time.Second)
		if st := s.Status(); st.Jobs != 0 || len(d.Slips()) != 1 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestCopyIsMarkedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		s, stop := spool(t, &printer.MemQueue{}, d.dev)
		defer stop()
		doc := note("A")
		doc.Blocks = append(doc.Blocks, paper.Cut(), paper.Text("liên 2"))
		if err := s.Submit(t.Context(), "1", doc, true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // the first rows are looked at
		synctest.Wait()
		slips := d.Slips()
		mark := render(t, paper.Doc{}.Reprinted(), printer.Width58)
		if len(slips) != 2 || !bytes.HasPrefix(slips[0].Pix, mark.Pix) || !bytes.HasPrefix(slips[1].Pix, mark.Pix) {
			t.Fatalf("%d slips, or a mark is missing", len(slips))
		}
	})
}

// A printer that takes paper and never confirms must not eat the whole roll.
func TestHoldsAfterTooManyTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		q := &printer.MemQueue{}
		s, stop := spool(t, q, d.dev)
		d.SetFault(sim.PrinterFault{ResetAfter: 5000})
		submit(t, s, "1", note("A"))
		time.Sleep(24 * time.Hour)
		if st := s.Status(); st.State != printer.Holding || st.Cause != printer.Held || st.Jobs != 1 {
			t.Fatalf("%+v", st)
		}
		stop()
		s, stop = spool(t, q, d.dev) // a restart is no person
		defer stop()
		time.Sleep(time.Hour)
		if st := s.Status(); st.State != printer.Holding {
			t.Fatalf("%+v", st)
		}
		mend(d.Printer)
		s.Retry()
		time.Sleep(time.Minute)
		if st := s.Status(); st.Jobs != 0 || st.State != printer.Idle {
			t.Fatalf("%+v", st)
		}
		count(t, d.Printer, note("A")).once(t)
	})
}

func TestBadJobsLetOthersPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		q := &printer.MemQueue{}
		for id, job := range map[string]string{
			"garbage": "\xff\x00", "empty": "", "later": `{"v":9,"n":1}`,
			"strange": `{"v":1,"n":1,"doc":{"f":"x","b":[{"k":77}]}}`,
		} {
			if err := q.Put(id, []byte(job)); err != nil {
				t.Fatal(err)
			}
		}
		s, stop := spool(t, q, d.dev)
		defer stop()
		submit(t, s, "1", note("A"))
		time.Sleep(time.Second) // the first rows are looked at
		synctest.Wait()
		st := s.Status()
		if st.Jobs != 0 || len(st.Bad) != 4 || st.Cause != printer.BadJob || len(d.Slips()) != 1 || live(q) != 4 {
			t.Fatalf("%+v", st)
		}
		for _, id := range st.Bad {
			if err := s.Drop(id); err != nil {
				t.Fatal(err)
			}
		}
		if st := s.Status(); len(st.Bad) != 0 || st.Cause != "" || live(q) != 0 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{RowsPerSecond: 10}, printer.DefaultOpts())
		s, stop := spool(t, &printer.MemQueue{}, d.dev, func(o *printer.SpoolOpts) { o.MaxJobs = 2 })
		defer stop()
		if err := s.Submit(t.Context(), "0", paper.Doc{Blocks: []paper.Block{{Kind: 99}}}, false); !errors.Is(err, printer.ErrBlock) {
			t.Fatal(err)
		}
		submit(t, s, "1", note("A"))
		submit(t, s, "2", note("B"))
		if err := s.Submit(t.Context(), "3", note("C"), false); !errors.Is(err, printer.ErrFull) {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := s.Drop("1"); !errors.Is(err, printer.ErrBusy) {
			t.Fatal(err)
		}
		if err := s.Drop("2"); err != nil {
			t.Fatal(err)
		}
		if err := s.Drop("2"); !errors.Is(err, printer.ErrGone) {
			t.Fatal(err)
		}
	})
}

func TestSilentPrinterIsSaidToBeUnproven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := printer.DefaultOpts()
		opts.Status = printer.StatusNone
		d := newDesk(t, sim.PrinterOpts{}, opts)
		d.SetFault(sim.PrinterFault{Silent: true})
		s, stop := spool(t, &printer.MemQueue{}, d.dev)
		defer stop()
		submit(t, s, "1", note("A"))
		time.Sleep(time.Minute)
		if st := s.Status(); st.Jobs != 0 || !st.Unproven {
			t.Fatalf("%+v", st)
		}
	})
}

func TestSubmitBeforeReadyEndsWithItsContext(t *testing.T) {
	s := printer.NewSpooler(&printer.MemQueue{}, printer.New("x", nil, printer.DefaultOpts()), printer.DefaultSpoolOpts(printer.Width58))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Submit(ctx, "1", note("A"), false); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestRunFailsWhenTheQueueCannotBeRead(t *testing.T) {
	s := printer.NewSpooler(unreadable{}, printer.New("x", nil, printer.DefaultOpts()), printer.DefaultSpoolOpts(printer.Width58))
	if err := s.Run(t.Context()); !errors.Is(err, printer.ErrInjected) {
		t.Fatal(err)
	}
}

type unreadable struct{}

func (unreadable) Put(string, []byte) error                   { return printer.ErrInjected }
func (unreadable) Each(func(id string, b []byte) error) error { return printer.ErrInjected }
func (unreadable) Delete(string) error                        { return printer.ErrInjected }

func TestCodesAreUniqueAndComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range printer.Codes() {
		if seen[c] || !strings.HasPrefix(c, "printer.") {
			t.Fatal(c)
		}
		seen[c] = true
	}
	for _, c := range append(outcomes(), outcome{cause: printer.Held}) {
		if c.cause != "" && !seen[string(c.cause)] {
			t.Fatal(c.cause)
		}
	}
}
