package store_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// The children of the power tests learn from these what to do.
const (
	powerStory = "CLINICBOX_POWER_STORY"
	powerDir   = "CLINICBOX_POWER_DIR"
	powerOpen  = "CLINICBOX_POWER_OPEN"
)

func powerOptions(dir string) store.Options {
	o := storetest.Options(dir)
	o.SegmentSize = 4000
	return o
}

// worker fills a store and says on its standard output what it was told is saved:
//
//	epoch E              of the own journal
//	act ID INDEX LEAF…   an act was answered
//	recv N               the first N of received(t, 40) are in
//	try N, state N       a value of the state is about to be N, is N
//	head SIZE ROOT       what a slip would say that is printed then
type worker struct {
	t    *testing.T
	o    store.Options
	s    *store.Store
	done chan error
	mu   sync.Mutex
}

func (w *worker) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *worker) open() {
	var err error
	if w.s, err = store.Open(w.t.Context(), w.o); err != nil {
		w.t.Fatal(err)
	}
	w.done = make(chan error, 1)
	go func() { w.done <- w.s.Run(context.Background()) }()
	<-w.s.Ready()
	w.say("epoch %x", w.s.Epoch())
}

func (w *worker) close() {
	if err := w.s.Close(); err != nil {
		w.t.Fatal(err)
	}
	if err := <-w.done; err != nil && !errors.Is(err, store.ErrFatal) {
		w.t.Fatal(err)
	}
}

func (w *worker) act(n int) {
	id, p := clinic.NewID(), clinic.NewID()
	drafts := []clinic.Draft{patient(p, fmt.Sprint("Người ", n)), visit(p, id, n)}
	if n%3 == 0 {
		drafts = append(drafts, clinic.Draft{Kind: clinic.KindDiagnosis, Subject: p, Visit: id, Body: &clinic.Diagnosis{
			Main: "J06.9", Text: strings.Repeat("Viêm đường hô hấp trên cấp ", n%40),
		}})
	}
	saved, err := w.s.Act(context.Background(), id, clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) { return drafts, nil })
	if err != nil {
		w.t.Fatal(err)
	}
	line := fmt.Sprintf("act %v %d", id, saved.Records[0].Ref.Index)
	for _, r := range saved.Records {
		line += " " + hex.EncodeToString(r.Leaf[:])
	}
	w.say("%s", line)
	w.head(saved.Records[0].Ref.Index + uint64(len(saved.Records)))
}

// head says what a slip would that is printed after an act.
func (w *worker) head(size uint64) {
	root, err := w.s.Own().Root(size)
	if err != nil {
		w.t.Fatal(err)
	}
	w.say("head %d %x", size, root)
}

func (w *worker) receive(n int) {
	if _, err := w.s.Receive(context.Background(), received(w.t, n)); err != nil {
		w.t.Fatal(err)
	}
	w.say("recv %d", n)
}

func (w *worker) state(n int) {
	w.say("try %d", n)
	if err := w.s.State().Put("pins", "someone", []byte{byte(n)}); err != nil {
		w.t.Fatal(err)
	}
	w.say("state %d", n)
}

// TestPowerWorker is the process that the power tests record.
func TestPowerWorker(t *testing.T) {
	story := os.Getenv(powerStory)
	if story == "" {
		t.Skip("only as a child of the power tests")
	}
	w := &worker{t: t, o: powerOptions(os.Getenv(powerDir))}
	switch story {
	case "small":
		w.small()
	case "busy":
		w.busy(240)
	case "rotation":
		w.rotation()
	}
}

// small goes through everything that a store does with its files: it is made, filled
// over several segments, closed, opened, left with views that lag and caught up, and
// its views are lost and built anew.
func (w *worker) small() {
	w.open()
	for n := range 8 {
		w.act(n)
	}
	w.receive(2)
	w.state(1)
	w.close()
	w.open()
	w.act(8)
	w.state(2)
	w.s.SetCommit(func(tx *bbolt.Tx) error { return errors.Join(syscall.EIO, tx.Rollback()) })
	w.act(9)
	<-w.done
	w.done <- nil
	w.close()
	w.open()
	w.act(10)
	w.receive(9)
	w.close()
	if err := os.Remove(viewsFile(w.o.Dir)); err != nil {
		w.t.Fatal(err)
	}
	w.open()
	w.act(11)
	w.close()
}

// rotation changes the data key twice, between acts and with views that lag.
func (w *worker) rotation() {
	w.open()
	for n := range 5 {
		w.act(n)
	}
	w.receive(2)
	w.state(1)
	w.close()
	for n := range 2 {
		if err := store.Rotate(context.Background(), w.o); err != nil {
			w.t.Fatal(err)
		}
		w.say("rotated %d", n)
		w.open()
		w.act(10 * n)
		w.state(2 + n)
		w.act(10*n + 1)
		w.receive(3 + n)
		w.close()
	}
}

// busy has four desks at work at the same time, and ends without a word.
func (w *worker) busy(acts int) {
	w.open()
	work := make(chan int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range work {
				w.act(n)
			}
		})
	}
	for n := range acts {
		work <- n
		switch {
		case n%20 == 9:
			w.receive(n / 8)
		case n%20 == 19:
			w.state(n / 20)
		}
	}
	close(work)
	wg.Wait()
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// powerAsk is a rebuilt directory to look at. Head is what a witness knows.
type powerAsk struct {
	Dir  string
	Acts map[string][]string // act → leaves, as they were answered
	Size uint64
	Root string
}

// powerSeen is what was found in it.
type powerSeen struct {
	Err    string // of opening
	Epoch  string
	Leaves []string // of own; "" is a hole
	In     []string
	State  int // -1 is no value
	Wrong  []string
	Lost   []string // acts of the question that are not there
	Loss   string   // what the witness's head says
	Log    []string // warnings and errors
	Check  []string // problems
}

// TestPowerOpener is the process that opens what a power cut left: bbolt maps its
// file, and a broken one may end the process.
func TestPowerOpener(t *testing.T) {
	if os.Getenv(powerOpen) == "" {
		t.Skip("only as a child of the power tests")
	}
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := json.NewEncoder(os.Stdout)
	for {
		var ask powerAsk
		if err := in.Decode(&ask); err != nil {
			return
		}
		if err := out.Encode(look(t, &ask)); err != nil {
			t.Fatal(err)
		}
	}
}

// logLines keeps what is worse than information.
type logLines struct{ lines []string }

func (l *logLines) Write(b []byte) (int, error) {
	l.lines = append(l.lines, strings.TrimSpace(string(b)))
	return len(b), nil
}

func look(t *testing.T, ask *powerAsk) (seen powerSeen) {
	logged := &logLines{}
	o := powerOptions(ask.Dir)
	o.Log = slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn}))
	defer func() { seen.Log = logged.lines }()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		seen.Err = err.Error()
		return seen
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	seen.read(s)
	seen.compare(s, ask)
	fresh := clinic.NewID()
	if _, err := s.Act(t.Context(), fresh, clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{patient(clinic.NewID(), "Sau khi mất điện")}, nil
	}); err != nil {
		seen.Wrong = append(seen.Wrong, "work does not go on: "+err.Error())
	}
	if err := errors.Join(s.Close(), <-done); err != nil {
		seen.Wrong = append(seen.Wrong, "close: "+err.Error())
	}
	o.Log = nil
	rep, err := store.Check(t.Context(), o)
	if err != nil {
		seen.Wrong = append(seen.Wrong, "check: "+err.Error())
	}
	if seen.Check = rep.Problems; rep.Own != uint64(len(seen.Leaves))+1 {
		seen.Wrong = append(seen.Wrong, fmt.Sprintf("check finds %d entries after %d and one", rep.Own, len(seen.Leaves)))
	}
	return seen
}

func (seen *powerSeen) read(s *store.Store) {
	seen.Epoch = fmt.Sprintf("%x", s.Epoch())
	raws, err := s.Own().Read(0, 1<<20, 1<<30)
	if err != nil {
		seen.Wrong = append(seen.Wrong, "own: "+err.Error())
	}
	seen.Leaves, seen.In = leaves(raws), leaves(s.ReadIn())
	v, err := s.State().Get("pins", "someone")
	if err != nil {
		seen.Wrong = append(seen.Wrong, "state: "+err.Error())
	}
	if seen.State = -1; len(v) == 1 {
		seen.State = int(v[0])
	}
}

func leaves(raws []store.Raw) (out []string) {
	for i := range raws {
		if raws[i].Hole() {
			out = append(out, "")
			continue
		}
		out = append(out, hex.EncodeToString(raws[i].Leaf[:]))
	}
	return out
}

// readable leaves out what the store says it can no longer read.
func (seen *powerSeen) readable(want []string) (out []string) {
	for _, leaf := range want {
		if slices.Contains(seen.Leaves, leaf) {
			out = append(out, leaf)
		}
	}
	return out
}

// compare repeats every act, as a browser does that has heard no answer: a saved one
// must come back as it was, through the views.
func (seen *powerSeen) compare(s *store.Store, ask *powerAsk) {
	for text, want := range ask.Acts {
		id, err := clinic.ParseID(text)
		if err != nil {
			seen.Wrong = append(seen.Wrong, err.Error())
			continue
		}
		saved, err := s.Act(context.Background(), id, clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) { return nil, nil })
		var got []string
		for _, r := range saved.Records {
			got = append(got, hex.EncodeToString(r.Leaf[:]))
		}
		switch {
		case err != nil:
			seen.Wrong = append(seen.Wrong, "act: "+err.Error())
		case !saved.Again:
			seen.Lost = append(seen.Lost, text)
		case !slices.Equal(got, seen.readable(want)):
			seen.Wrong = append(seen.Wrong, fmt.Sprintf("act %s has %d records, not the %d it had", text, len(got), len(want)))
		}
	}
	if ask.Size > 0 {
		seen.Loss = s.Witnessed(ask.Size, ask.Root)
	}
}
