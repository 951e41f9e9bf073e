package store_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/internal/entry"
	"clinicbox/internal/powercut"
	"clinicbox/internal/testpeer"
)

// cuts is how many a test makes: fewer with the race detector, more in a soak.
func cuts(usual, soak int) int {
	switch {
	case os.Getenv("CLINICBOX_SOAK") != "":
		return soak
	case testing.Short():
		return usual / 6
	}
	return usual
}

// powerSeed draws where the power goes; CLINICBOX_SEED repeats a run.
func powerSeed(t *testing.T) *rand.Rand {
	n, err := strconv.ParseUint(os.Getenv("CLINICBOX_SEED"), 10, 64)
	if err != nil {
		n = uint64(time.Now().UnixNano())
	}
	t.Logf("CLINICBOX_SEED=%d", n)
	return rand.New(rand.NewPCG(n, 4))
}

// recorded runs a story of TestPowerWorker. CLINICBOX_POWER_TRACE repeats a recording
// that a failure kept.
func recorded(t *testing.T, story string) *powercut.Trace {
	t.Helper()
	if !powercut.Supported() {
		testpeer.Lacks(t, "recording needs Linux on amd64 or arm64")
	}
	if path := os.Getenv("CLINICBOX_POWER_TRACE"); path != "" {
		trace, err := powercut.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		return trace
	}
	dir := t.TempDir()
	c := exec.Command(os.Args[0], "-test.run=^TestPowerWorker$")
	c.Env = append(os.Environ(), powerStory+"="+story, powerDir+"="+filepath.Join(dir, "data"))
	trace, err := powercut.Record(dir, c)
	if err != nil && story != "busy" { // which kills itself
		t.Fatal(err)
	}
	if !strings.Contains(trace.Said(trace.Moment), "act ") {
		t.Fatal("the worker did nothing:", err)
	}
	t.Logf("%s: %s; %d moments", story, trace.Summary(), trace.Moment)
	return trace
}

// promise is what the store had told the world by a moment, and what it told later.
type promise struct {
	acts      map[string][]string
	size      uint64 // behind the last entry that was answered
	epoch     string
	recv      int
	tried     int
	state     int // -1: nothing
	head      uint64
	root      string
	actEnds   map[uint64]bool
	ends      map[string]uint64 // by act: the entry behind it
	leaves    map[uint64]string
	recvNames []string
}

func promised(t *testing.T, text string) *promise {
	t.Helper()
	p := &promise{acts: map[string][]string{}, ends: map[string]uint64{}, state: -1, actEnds: map[uint64]bool{0: true}, leaves: map[uint64]string{}}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("worker says %q", s)
		}
		return n
	}
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if len(w) < 2 || !strings.HasSuffix(line, "\n") {
			continue
		}
		switch w[0] {
		case "epoch":
			p.epoch = w[1]
		case "act":
			p.acts[w[1]] = w[3:]
			for i, leaf := range w[3:] {
				p.leaves[uint64(number(w[2])+i)] = leaf
			}
			end := uint64(number(w[2]) + len(w) - 3)
			p.ends[w[1]] = end
			p.size, p.actEnds[end] = max(p.size, end), true
		case "recv":
			p.recv = number(w[1])
		case "try":
			p.tried = number(w[1])
		case "state":
			p.state = number(w[1])
		case "head":
			if n := uint64(number(w[1])); n > p.head {
				p.head, p.root = n, w[2]
			}
		}
	}
	return p
}

// opener is a TestPowerOpener, started anew when a broken file ended it.
type opener struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

func (o *opener) ask(a *powerAsk) (seen powerSeen, err error) {
	if o.cmd == nil {
		o.cmd = exec.Command(os.Args[0], "-test.run=^TestPowerOpener$")
		o.cmd.Env = append(os.Environ(), powerOpen+"=1")
		o.cmd.Stderr = os.Stderr
		var out io.Reader
		if o.in, err = o.cmd.StdinPipe(); err != nil {
			return seen, err
		}
		if out, err = o.cmd.StdoutPipe(); err != nil {
			return seen, err
		}
		if err := o.cmd.Start(); err != nil {
			return seen, err
		}
		o.out = json.NewDecoder(bufio.NewReader(out))
	}
	if err = json.NewEncoder(o.in).Encode(a); err == nil {
		err = o.out.Decode(&seen)
	}
	if err != nil {
		err = fmt.Errorf("the process that opens it died: %w, %w", err, o.close())
	}
	return seen, err
}

func (o *opener) close() error {
	if o.cmd == nil {
		return nil
	}
	_ = o.in.Close()
	err := o.cmd.Wait()
	o.cmd = nil
	return err
}

// tally counts what cuts led to.
type tally struct {
	sync.Mutex
	cuts, lostActs, lossy, reported, holes, closed, stateLost, failed int
}

// cutAll opens what each cut leaves, and judges it.
func cutAll(t *testing.T, trace *powercut.Trace, cuts []powercut.Cut) *tally {
	t.Helper()
	var sum tally
	whole := everything(t, trace)
	next := make(chan powercut.Cut)
	var wg sync.WaitGroup
	for range min(runtime.NumCPU(), 2) {
		wg.Go(func() {
			var o opener
			defer func() {
				if err := o.close(); err != nil {
					t.Error(err)
				}
			}()
			for c := range next {
				sum.cut(t, trace, whole, c, &o)
			}
		})
	}
	for _, c := range cuts {
		if sum.enough() {
			break
		}
		next <- c
	}
	close(next)
	wg.Wait()
	if sum.failed > 0 {
		path := filepath.Join(os.TempDir(), fmt.Sprintf("clinicbox-power-%d.trace", os.Getpid()))
		t.Logf("CLINICBOX_POWER_TRACE=%s %v", path, trace.Save(path))
	}
	return &sum
}

// everything is what the worker said in all, and what it was sent.
func everything(t *testing.T, trace *powercut.Trace) *promise {
	t.Helper()
	whole := promised(t, trace.Said(trace.Moment))
	for _, r := range received(t, 40) {
		leaf := entry.LeafHash(r.Salt, r.Bytes)
		whole.recvNames = append(whole.recvNames, fmt.Sprintf("%x", leaf[:]))
	}
	return whole
}

func (sum *tally) enough() bool {
	sum.Lock()
	defer sum.Unlock()
	return sum.failed > 4
}

// after rebuilds what a cut leaves and has it opened.
func (o *opener) after(t *testing.T, trace *powercut.Trace, c powercut.Cut) (p *promise, seen powerSeen, err error) {
	dir, err := os.MkdirTemp("", "power")
	if err != nil {
		return nil, seen, err
	}
	defer os.RemoveAll(dir)
	p = promised(t, trace.Said(c.At))
	if err = trace.Rebuild(c, dir); err == nil {
		seen, err = o.ask(&powerAsk{Dir: filepath.Join(dir, "data"), Acts: p.acts, Size: p.head, Root: p.root})
	}
	return p, seen, err
}

func (sum *tally) cut(t *testing.T, trace *powercut.Trace, whole *promise, c powercut.Cut, o *opener) {
	p, seen, err := o.after(t, trace, c)
	var wrong []string
	if err != nil {
		wrong = append(wrong, err.Error())
	} else {
		wrong = judge(whole, p, &seen, c.Lies > 0)
	}
	sum.Lock()
	defer sum.Unlock()
	sum.cuts++
	sum.count(&seen, p)
	if len(wrong) > 0 {
		sum.failed++
		t.Errorf("CLINICBOX_POWER_CUT=%v\n\t%s\n\tlog: %s", c, strings.Join(wrong, "\n\t"), strings.Join(seen.Log, "\n\t"))
	}
}

func (sum *tally) count(seen *powerSeen, p *promise) {
	sum.lostActs += len(seen.Lost)
	if len(seen.Lost) > 0 {
		sum.lossy++
	}
	told := slices.ContainsFunc(seen.Check, func(line string) bool { return strings.HasPrefix(line, rewoundLine) })
	if len(seen.Lost) > 0 && (told || seen.Loss != "" || slices.Contains(seen.Leaves, "")) {
		sum.reported++
	}
	if seen.Err != "" {
		sum.closed++
	}
	if seen.State < p.state {
		sum.stateLost++
	}
	if slices.Contains(seen.Leaves, "") {
		sum.holes++
	}
}

// rewoundLine begins what check says of a journal that is not what was signed.
const rewoundLine = "own: checkpoint: "

// judge says what is wrong with a store after a cut. With honest flushes nothing may
// be lost and nothing reported; with lying ones nothing may be wrong, and what is lost
// must be told where a witness knows more.
func judge(whole, p *promise, seen *powerSeen, lied bool) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if seen.Err != "" {
		bad("it does not open: %s", seen.Err)
		return wrong
	}
	wrong = append(wrong, seen.Wrong...)
	for i, leaf := range seen.Leaves {
		if want := whole.leaves[uint64(i)]; leaf != want && (leaf != "" || !lied) {
			bad("entry %d is not what was written there", i)
		}
	}
	for _, leaf := range seen.In {
		if n := slices.Index(whole.recvNames, leaf); n < 0 && (leaf != "" || !lied) {
			bad("a received entry that nobody sent")
		}
	}
	n := uint64(len(seen.Leaves))
	if !whole.actEnds[n] && !lied {
		bad("%d entries: half an act", n)
	}
	if seen.State > p.tried {
		bad("state %d, %d was the last that was tried", seen.State, p.tried)
	}
	if p.head > 0 && (n < p.head) != strings.Contains(seen.Loss, "missing") {
		bad("%d entries, a witness knows %d: reported %q", n, p.head, seen.Loss)
	}
	holes := slices.Contains(seen.Leaves, "") || slices.Contains(seen.In, "")
	for _, line := range seen.Check {
		if lied && strings.HasPrefix(line, rewoundLine) { // the signed checkpoint is a witness
			continue
		}
		if !holes { // with some, the check says which, and that the views know more than the journal
			bad("check: %s", line)
		}
	}
	if holes && !strings.Contains(strings.Join(seen.Log, " "), "level=ERROR") {
		bad("holes, and nobody is told")
	}
	for _, act := range seen.Lost {
		if end := p.ends[act]; end <= n && !holes {
			bad("the act before entry %d is in the journal and is not found", end)
		}
	}
	if lied {
		return wrong
	}
	if len(seen.Lost) > 0 || n < p.size || len(seen.In) < p.recv || seen.State < p.state {
		bad("lost: %d acts; %d of %d entries, %d of %d received, state %d of %d", len(seen.Lost), n, p.size, len(seen.In), p.recv, seen.State, p.state)
	}
	if p.epoch != "" && seen.Epoch != p.epoch {
		bad("epoch %s became %s", p.epoch, seen.Epoch)
	}
	for _, line := range seen.Log {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "set aside") {
			bad("logged: %s", line)
		}
	}
	return wrong
}

// one returns the cut that CLINICBOX_POWER_CUT names, to look at a failure again.
func one(t *testing.T, cuts []powercut.Cut) []powercut.Cut {
	t.Helper()
	text := os.Getenv("CLINICBOX_POWER_CUT")
	if text == "" {
		return cuts
	}
	c, err := powercut.ParseCut(text)
	if err != nil {
		t.Fatal(err)
	}
	return []powercut.Cut{c}
}

func (sum *tally) log(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: %d cuts, %d acts lost in %d of them (%d of these told: by a witness, or as holes), %d with holes, %d did not open, %d older states", what, sum.cuts, sum.lostActs, sum.lossy, sum.reported, sum.holes, sum.closed, sum.stateLost)
}

// TestPowerAllPrefixes cuts the power at every moment of a small store's life: while it
// is made, when a segment is full, between journal and views, while views are built and
// renamed, when it is closed. No act that was answered is lost, none is there twice.
func TestPowerAllPrefixes(t *testing.T) {
	rnd := powerSeed(t)
	trace := recorded(t, "small")
	var cuts []powercut.Cut
	for at := range trace.Moment + 1 {
		if testing.Short() && at%16 > 0 {
			continue
		}
		cuts = append(cuts, powercut.Cut{At: at, Sector: []int{512, 4096}[rnd.IntN(2)], Seed: rnd.Uint64()})
	}
	cutAll(t, trace, one(t, cuts)).log(t, "all prefixes, honest")
}

// TestPowerHonest cuts the power at random moments of a store at which four desks
// work.
func TestPowerHonest(t *testing.T) {
	rnd := powerSeed(t)
	n := cuts(60, 1000)
	trace := recorded(t, "busy")
	var cuts []powercut.Cut
	for i := range n {
		cuts = append(cuts, powercut.Cut{At: rnd.IntN(trace.Moment + 1), Sector: []int{512, 4096}[i%2], Seed: rnd.Uint64()})
	}
	cutAll(t, trace, one(t, cuts)).log(t, "honest")
}

// TestPowerLies is the same on a disk that says it has written and has not: the last
// one, two or six flushes did nothing. What is lost is told by whoever knows more.
func TestPowerLies(t *testing.T) {
	rnd := powerSeed(t)
	n := cuts(60, 300)
	var cuts []powercut.Cut
	busy := recorded(t, "busy")
	for i := range n {
		cuts = append(cuts, powercut.Cut{
			At: rnd.IntN(busy.Moment + 1), Lies: []int{1, 2, 6}[i/2%3], Sector: []int{512, 4096}[i%2], Seed: rnd.Uint64(),
		})
	}
	cutAll(t, busy, one(t, cuts)).log(t, "lying, busy")
	cuts = nil
	small := recorded(t, "small")
	for i := range n {
		cuts = append(cuts, powercut.Cut{
			At: rnd.IntN(small.Moment + 1), Lies: []int{1, 2, 6}[i/2%3], Sector: []int{512, 4096}[i%2], Seed: rnd.Uint64(),
		})
	}
	cutAll(t, small, one(t, cuts)).log(t, "lying, small")
}

// TestPowerRotation cuts the power at every moment of a store whose data key is changed
// twice, honestly, and at random ones on a disk that lied about its last one, two or six
// flushes.
func TestPowerRotation(t *testing.T) {
	rnd := powerSeed(t)
	trace := recorded(t, "rotation")
	from := 0 // the store before is that of the other tests
	for !strings.Contains(trace.Said(from), "state 1") {
		from++
	}
	every := trace.Moment/cuts(80, 4000) + 1
	var honest, lying []powercut.Cut
	for at := from; at <= trace.Moment; at += every {
		honest = append(honest, powercut.Cut{At: at, Sector: []int{512, 4096}[rnd.IntN(2)], Seed: rnd.Uint64()})
	}
	for i := range cuts(60, 600) {
		lying = append(lying, powercut.Cut{
			At: from + rnd.IntN(trace.Moment+1-from), Lies: []int{1, 2, 6}[i/2%3], Sector: []int{512, 4096}[i%2], Seed: rnd.Uint64(),
		})
	}
	cutAll(t, trace, one(t, honest)).log(t, "rotation, honest")
	cutAll(t, trace, one(t, lying)).log(t, "rotation, lying")
}

// TestPowerSeesLosses holds the harness to what it is for: a disk that lied, judged as
// if it had not, must be found out.
func TestPowerSeesLosses(t *testing.T) {
	rnd := powerSeed(t)
	trace := recorded(t, "small")
	whole := everything(t, trace)
	var o opener
	found := 0
	for range 40 {
		c := powercut.Cut{At: trace.Moment/2 + rnd.IntN(trace.Moment/2), Lies: 6, Sector: 512, Seed: rnd.Uint64()}
		p, seen, err := o.after(t, trace, c)
		if err != nil {
			t.Fatal(err)
		}
		if len(judge(whole, p, &seen, false)) > 0 {
			found++
		}
	}
	if err := o.close(); err != nil {
		t.Error(err)
	}
	if found < 4 {
		t.Errorf("of 40 disks that lied about their last six flushes, %d were found out", found)
	}
}
