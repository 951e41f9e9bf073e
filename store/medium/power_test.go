package medium_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/durable"
	"clinicbox/internal/powercut"
	"clinicbox/internal/testpeer"
	"clinicbox/store"
	"clinicbox/store/medium"
	"clinicbox/store/storetest"
)

const (
	powerStory = "CLINICBOX_MEDIUM_STORY" // what the child does, in powerDir
	powerDir   = "CLINICBOX_MEDIUM_DIR"
	powerOpen  = "CLINICBOX_MEDIUM_OPEN"
)

// station is a store with its second medium, as one folder whose power is cut.
type station struct {
	t    *testing.T
	dir  string
	o    store.Options
	s    *store.Store
	done chan error
}

func openStation(t *testing.T, dir string, log *slog.Logger) (*station, error) {
	x := &station{t: t, dir: dir, o: storetest.Options(filepath.Join(dir, "data")), done: make(chan error, 1)}
	x.o.SegmentSize, x.o.Log = 4000, log
	var err error
	if x.s, err = store.Open(t.Context(), x.o); err != nil {
		return nil, err
	}
	go func() { x.done <- x.s.Run(context.Background()) }()
	<-x.s.Ready()
	return x, nil
}

func (x *station) close() error { return errors.Join(x.s.Close(), <-x.done) }

func (x *station) copier() *medium.Copier {
	return medium.New(medium.Options{
		Dir: x.o.Dir, To: filepath.Join(x.dir, "stick"), Box: "tram-01", Key: x.s.CopyKey(), Source: x.s, SameDisk: true, Now: x.o.Clock.Now,
	})
}

// say tells the world something that must hold from then on.
func (x *station) say(format string, args ...any) {
	if _, err := fmt.Fprintf(os.Stdout, format+"\n", args...); err != nil {
		x.t.Fatal(err)
	}
}

func (x *station) fill(n int) {
	for i := range n {
		storetest.Save(x.t, x.s, clinic.Draft{Kind: clinic.KindExam, Subject: clinic.NewID(), Body: &clinic.Exam{Reason: strings.Repeat("ho ", i*7%90)}})
		size := x.s.Own().Size()
		root, err := x.s.Own().Root(size)
		if err != nil {
			x.t.Fatal(err)
		}
		x.say("head %d %x", size, root)
	}
}

func (x *station) image(n int) {
	b, err := x.s.Blobs().Put(x.t.Context(), bytes.Repeat([]byte{byte(n), 7}, 3000))
	if err != nil {
		x.t.Fatal(err)
	}
	storetest.Save(x.t, x.s, clinic.Draft{Kind: clinic.KindAttached, Subject: clinic.ID{3}, Body: &clinic.Attached{Title: "X", Blob: b}})
}

func (x *station) copy() {
	m, err := x.copier().Run(x.t.Context())
	if err != nil {
		x.t.Fatal(err)
	}
	x.say("copied %d %d", m.Count, m.Own.Size)
}

// rot bends a byte of a file on the disk itself.
func (x *station) rot(name string, at int64) {
	f, err := os.OpenFile(filepath.Join(x.o.Dir, "own", name), os.O_RDWR, 0)
	if err != nil {
		x.t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		x.t.Fatal(err)
	}
	b[0] ^= 8
	if _, err := f.WriteAt(b, at); err != nil {
		x.t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		x.t.Fatal(err)
	}
}

// TestMediumWorker is the process whose power is cut: it copies, or it mends what rots
// from its copy, and says what holds.
func TestMediumWorker(t *testing.T) {
	story := os.Getenv(powerStory)
	if story == "" {
		t.Skip("only as a child of the power tests")
	}
	x, err := openStation(t, os.Getenv(powerDir), nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		x.fill(6)
		x.image(n)
		x.copy()
	}
	for n := 0; story == "mend" && n < 4; n++ {
		x.say("rot")
		x.rot(fmt.Sprintf("%08d.seg", n), 1024+70)
		x.rot(fmt.Sprintf("%08d.idx", n), -1+1024+40)
		if n%2 == 1 { // the tree and all that knew the leaf, too
			x.rot("hashes", int64(64*(7+5*n)))
		}
		if n == 3 {
			x.rot(filepath.Base(segments(t, x.o.Dir)[len(segments(t, x.o.Dir))-1]), 1024+70)
		}
		st, err := x.s.Scrubber(store.ScrubOptions{Copies: x.copier().Copies}).Pass(t.Context())
		if err != nil || st.Wrong > 0 {
			t.Fatal(st, err)
		}
		x.say("mended")
		x.fill(2)
		if n == 1 {
			x.copy()
		}
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// powerAsk is what a cut left, and the heads that were told.
type powerAsk struct {
	Dir   string
	Heads map[uint64]string
}

// powerSeen is what was found in it.
type powerSeen struct {
	Err      string // of opening
	Size     uint64
	Wrong    []string // what may never be
	Back     uint64   // entries that a repair from the stick brought back
	Holes    uint64   // after it
	Copy     string   // why there is no whole copy; "" = there is
	Count    uint64
	CopySize uint64
	Next     string   // why no new copy could be made
	Check    []string // problems at the end
	Log      []string
}

// TestMediumOpener is the process that opens what a cut left.
func TestMediumOpener(t *testing.T) {
	if os.Getenv(powerOpen) == "" {
		t.Skip("only as a child of the power tests")
	}
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
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

func look(t *testing.T, ask *powerAsk) (seen powerSeen) {
	var logged bytes.Buffer
	defer func() { seen.Log = strings.Split(logged.String(), "\n") }()
	x, err := openStation(t, ask.Dir, slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		seen.Err = err.Error()
		return seen
	}
	bad := func(format string, args ...any) { seen.Wrong = append(seen.Wrong, fmt.Sprintf(format, args...)) }
	seen.Size = x.s.Own().Size()
	if c, err := medium.Find(filepath.Join(ask.Dir, "stick"), durable.Cold{}); err != nil {
		seen.Copy = err.Error()
	} else if _, err := c.Verify(t.Context(), nil); err != nil {
		seen.Copy = err.Error()
	} else {
		seen.Count, seen.CopySize = c.Count, c.Own.Size
		if want, ok := ask.Heads[c.Own.Size]; ok && c.Count > 0 && want != fmt.Sprintf("%x", c.Own.Root) {
			bad("the copy has other entries than were written")
		}
		if err := restores(t, c, filepath.Join(ask.Dir, "spare")); err != nil {
			bad("restore: %v", err)
		}
	}
	o := store.ScrubOptions{Copies: x.copier().Copies, Found: func(f store.Finding) { seen.Back += f.Back }}
	if _, err := x.s.Scrubber(o).Pass(t.Context()); err != nil {
		bad("scrub: %v", err)
	}
	seen.Holes, _ = x.s.Holes()
	for size, want := range ask.Heads {
		if size > seen.Size {
			continue
		}
		if got, err := x.s.Own().Root(size); (err != nil || fmt.Sprintf("%x", got) != want) && seen.Holes == 0 {
			bad("the first %d entries are others than were written, %v", size, err)
		}
	}
	if _, err := x.s.Act(t.Context(), clinic.NewID(), clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{{Kind: clinic.KindVitals, Subject: clinic.ID{1}, Body: &clinic.Vitals{Pulse: 60}}}, nil
	}); err != nil {
		bad("work does not go on: %v", err)
	}
	if _, err := x.copier().Run(t.Context()); err != nil {
		seen.Next = err.Error()
	}
	if err := x.close(); err != nil {
		bad("close: %v", err)
	}
	x.o.Log = nil
	rep, err := store.Check(t.Context(), x.o)
	if err != nil {
		bad("check: %v", err)
	}
	seen.Check = rep.Problems
	return seen
}

// restores puts a copy on a spare disk and opens it there.
func restores(t *testing.T, c *medium.Copy, dir string) error {
	if c.Count == 0 {
		return nil // it says whose the folder is, and has nothing
	}
	if err := c.Restore(t.Context(), dir, nil); err != nil {
		return err
	}
	o := storetest.Options(dir)
	o.SegmentSize = 4000
	s, err := store.Open(t.Context(), o)
	if err != nil {
		return err
	}
	root, err := s.Own().Root(c.Own.Size)
	if own, in := s.Holes(); err == nil && (s.Own().Size() != c.Own.Size || !bytes.Equal(root[:], c.Own.Root) || own+in > 0) {
		err = fmt.Errorf("%d of %d entries, %d holes, or another root", s.Own().Size(), c.Own.Size, own+in)
	}
	return errors.Join(err, s.Close())
}

// told is what the worker had said by a moment.
type told struct {
	heads         map[uint64]string
	last          uint64 // entries
	count, copied uint64 // copies, entries in the last one
}

func toldBy(t *testing.T, text string) (p told) {
	p.heads = map[uint64]string{}
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("the worker says %q", s)
		}
		return n
	}
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		switch {
		case !strings.HasSuffix(line, "\n") || len(w) < 3:
		case w[0] == "head":
			p.heads[number(w[1])], p.last = w[2], number(w[1])
		case w[0] == "copied":
			p.count, p.copied = number(w[1]), number(w[2])
		}
	}
	return p
}

// judge says what is wrong. With honest flushes nothing may be lost, on neither disk;
// on disks that lied nothing may be another thing than was written, what the stick holds
// whole must mend, and a copy that is not whole must say so.
func (seen *powerSeen) judge(p told, lied bool) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if seen.Err != "" {
		bad("it does not open: %s", seen.Err)
		return wrong
	}
	wrong = append(wrong, seen.Wrong...)
	if seen.Holes > 0 && seen.Copy == "" && (!lied || seen.CopySize >= seen.Size) {
		bad("%d holes though the stick has them", seen.Holes)
	}
	if lied {
		return wrong
	}
	if seen.Size < p.last {
		bad("%d entries of %d", seen.Size, p.last)
	}
	if p.count > 0 && (seen.Copy != "" || seen.Count < p.count || seen.CopySize < p.copied) {
		bad("copy %d of %d entries, told were %d of %d: %s", seen.Count, seen.CopySize, p.count, p.copied, seen.Copy)
	}
	if seen.Next != "" {
		bad("the next copy: %s", seen.Next)
	}
	for _, c := range seen.Check {
		bad("check: %s", c)
	}
	return wrong
}

// replay records a story, cuts its power n times and judges what is left.
func replay(t *testing.T, story string, n int, lies []int) {
	if !powercut.Supported() {
		testpeer.Lacks(t, "recording needs Linux on amd64 or arm64")
	}
	seed, err := strconv.ParseUint(os.Getenv("CLINICBOX_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("CLINICBOX_SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 9))
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "box", "stick"), 0o700); err != nil { // mounted
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestMediumWorker$")
	c.Env = append(os.Environ(), powerStory+"="+story, powerDir+"="+filepath.Join(root, "box"))
	var said bytes.Buffer
	c.Stderr = &said
	trace, err := powercut.Record(root, c) // it kills itself
	if !strings.Contains(trace.Said(trace.Moment), "copied 5 ") {
		t.Fatal("the worker did not get so far: ", err, trace.Said(trace.Moment))
	}
	t.Logf("%s: %s; %d moments", story, trace.Summary(), trace.Moment)
	child, err := newChild()
	if err != nil {
		t.Fatal(err)
	}
	var lossy, damaged, ahead, mended, failed int
	for i := range n {
		cut := powercut.Cut{At: rnd.IntN(trace.Moment + 1), Lies: lies[i/2%len(lies)], Sector: []int{512, 4096}[i%2], Seed: rnd.Uint64()}
		dir := t.TempDir()
		if err := trace.Rebuild(cut, dir); err != nil {
			t.Fatal(err)
		}
		p := toldBy(t, trace.Said(cut.At))
		var seen powerSeen
		if seen, err = child.ask(powerAsk{Dir: filepath.Join(dir, "box"), Heads: toldBy(t, trace.Said(trace.Moment)).heads}); err != nil {
			t.Fatal(cut, err)
		}
		if wrong := seen.judge(p, cut.Lies > 0); len(wrong) > 0 {
			t.Errorf("cut %v:\n\t%s\n\tlog: %s", cut, strings.Join(wrong, "\n\t"), strings.Join(seen.Log, "\n\t"))
			if failed++; failed > 3 {
				break
			}
		}
		lossy += count(seen.Size < p.last)
		damaged += count(p.count > 0 && seen.Copy != "")
		ahead += count(seen.Next != "")
		mended += count(seen.Back > 0)
		_ = os.RemoveAll(dir)
	}
	t.Logf("%s, lies %v: %d cuts, %d lost entries, %d copies not whole and told, %d refused the next copy, %d were mended", story, lies, n, lossy, damaged, ahead, mended)
	if err := child.close(); err != nil {
		t.Error(err)
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// child is a TestMediumOpener.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

func newChild() (*child, error) {
	c := &child{cmd: exec.Command(os.Args[0], "-test.run=^TestMediumOpener$")}
	c.cmd.Env, c.cmd.Stderr = append(os.Environ(), powerOpen+"=1"), os.Stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = json.NewDecoder(bufio.NewReader(out))
	return c, c.cmd.Start()
}

func (c *child) ask(a powerAsk) (seen powerSeen, err error) {
	if err = json.NewEncoder(c.in).Encode(a); err == nil {
		err = c.out.Decode(&seen)
	}
	return seen, err
}

func (c *child) close() error {
	_ = c.in.Close()
	return c.cmd.Wait()
}

// replays is how many cuts a test makes.
func replays(usual, soak int) int {
	switch {
	case os.Getenv("CLINICBOX_SOAK") != "":
		return soak
	case testing.Short():
		return usual / 6
	}
	return usual
}

// TestPowerOfTheCopy cuts the power of box and stick while copies are made.
func TestPowerOfTheCopy(t *testing.T) { replay(t, "copy", replays(12, 300), []int{0}) }

// TestPowerOfTheCopyLies is the same with the last 1, 2 or 6 flushes ignored.
func TestPowerOfTheCopyLies(t *testing.T) { replay(t, "copy", replays(12, 300), []int{1, 2, 6}) }

// TestPowerOfTheRepair cuts the power while what rotted is mended from the stick.
func TestPowerOfTheRepair(t *testing.T) { replay(t, "mend", replays(12, 300), []int{0}) }

// TestPowerOfTheRepairLies is the same with the last 1, 2 or 6 flushes ignored.
func TestPowerOfTheRepairLies(t *testing.T) { replay(t, "mend", replays(12, 300), []int{1, 2, 6}) }
