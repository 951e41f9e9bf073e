package boxmain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/device/sealer"
	"clinicbox/internal/powercut"
	"clinicbox/internal/testpeer"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// The child that is recorded learns from these what to do.
const (
	rekeyConfig = "CLINICBOX_REKEY_CONFIG"
	rekeyPapers = "CLINICBOX_REKEY_PAPERS" // the old code, and the new ones
	rekeyBoss   = "CLINICBOX_REKEY_BOSS"
)

// TestPowerRekeyWorker is the process that TestPowerAtRekey records: as the program does
// it changes the storage key twice, with work between and after. It says:
//
//	begun N, changed N   the N-th change, before and after
//	act N LEAF           an act was answered
func TestPowerRekeyWorker(t *testing.T) {
	if os.Getenv(rekeyConfig) == "" {
		t.Skip("only as a child of TestPowerAtRekey")
	}
	cfg := must[config.Box](t)(Load(os.Getenv(rekeyConfig)))
	papers := strings.Fields(os.Getenv(rekeyPapers))
	boss := must[clinic.ID](t)(clinic.ParseID(os.Getenv(rekeyBoss)))
	say := func(format string, args ...any) {
		if _, err := os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	v := opened1(t, cfg)
	if err := v.unlock(t.Context(), paperOf(t, papers[0])); err != nil {
		t.Fatal(err)
	}
	p := &Program{Stdout: os.Stderr, Stderr: os.Stderr}
	for n, code := range papers[1:] {
		say("begun %d", n+1)
		if err := v.rekey(t.Context(), quiet(), time.Now(), v.method(boss, rightPIN), paperOf(t, code)); err != nil {
			t.Fatal(err)
		}
		say("changed %d", n+1)
		if err := p.settle(t.Context(), v, quiet(), func(*Box) error { return nil }); err != nil {
			t.Fatal(err)
		}
		working(t, cfg, v, func(b *Box) {
			for i := range 2 {
				saved := storetest.Save(t, b.store, appointment(t, 10*n+i+1))
				say("act %d %x", saved[0].Ref.Index, saved[0].Leaf)
			}
		})
	}
	v.close()
}

func paperOf(t *testing.T, code string) sealer.Method {
	t.Helper()
	return must[sealer.Method](t)(sealer.EnterRecovery(code))
}

// rekeyed is a recording, and what a box is compared with after a cut in it.
type rekeyed struct {
	*powercut.Trace
	cfg    config.Box
	boss   desk.StaffSeed
	papers []string
	first  uint64 // entries before the recording
}

func recordRekey(t *testing.T) *rekeyed {
	t.Helper()
	if !powercut.Supported() {
		testpeer.Lacks(t, "recording needs Linux on amd64 or arm64")
	}
	secret := filepath.Join(t.TempDir(), "serial-number")
	if err := os.WriteFile(secret, []byte("10000000abcdef01\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := write(t, fmt.Sprintf("[seal]\nmethod = \"board\"\nboard = %q\n", secret))
	r := &rekeyed{cfg: must[config.Box](t)(Load(path)), boss: admin()}
	v, code := clinicOf(t, r.cfg, r.boss)
	r.papers = []string{code}
	for range 2 {
		c, _ := sealer.NewRecovery()
		r.papers = append(r.papers, c.Reveal())
	}
	if err := v.unlock(t.Context(), paperOf(t, code)); err != nil {
		t.Fatal(err)
	}
	working(t, r.cfg, v, func(b *Box) { r.first = b.store.Own().Size() })
	v.close()
	c := exec.Command(os.Args[0], "-test.run=^TestPowerRekeyWorker$")
	c.Env = append(os.Environ(), rekeyConfig+"="+path, rekeyPapers+"="+strings.Join(r.papers, " "), rekeyBoss+"="+r.boss.ID.String())
	var err error
	if r.Trace, err = powercut.Record(filepath.Dir(path), c); err != nil || !strings.Contains(r.Said(r.Moment), "changed 2") {
		t.Fatal(err, r.Said(r.Moment))
	}
	t.Logf("%s; %d moments", r.Summary(), r.Moment)
	return r
}

// count is how many changes had been told as begun, or as done, by a moment.
func (r *rekeyed) count(at int, word string) int {
	return strings.Count(r.Said(at), word+" ")
}

// errShut tells of a box whose key files a lying disk has lost: the stick opens it.
var errShut = errors.New("no paper opens")

// after opens what a cut leaves: by which paper, which acts are gone, and what is wrong.
func (r *rekeyed) after(t *testing.T, c powercut.Cut) (paper int, lost int, wrong []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "rekey")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := r.Rebuild(c, dir); err != nil {
		t.Fatal(err)
	}
	cfg := r.cfg
	cfg.Data.Dir = filepath.Join(dir, "data")
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	paper = -1
	v, err := newVault(cfg)
	if err != nil {
		bad("the keys: %v: %v", err, errShut)
		return paper, lost, wrong
	}
	for i, code := range r.papers {
		err := v.unlock(t.Context(), paperOf(t, code))
		v.lock()
		if err == nil && paper >= 0 {
			bad("papers %d and %d open", paper, i)
		} else if err == nil {
			paper = i
		} else if !errors.Is(err, sealer.ErrWrong) {
			bad("paper %d: %v", i, err)
		}
	}
	if paper < 0 {
		bad("%v", errShut)
		return paper, lost, wrong
	}
	var logged strings.Builder
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelError}))
	for start := range 2 { // a ring that a lying disk lost is made anew in the first
		v := must[*vault](t)(newVault(cfg))
		if err := v.unlock(t.Context(), paperOf(t, r.papers[paper])); err != nil {
			bad("again: %v", err)
			return paper, lost, wrong
		}
		lost = r.records(t, v, c, log, func(what string, args ...any) {
			if what != olderKeys || start > 0 || c.Lies == 0 {
				bad(what, args...)
			}
		})
		v.close()
	}
	if logged.Len() > 0 && c.Lies == 0 {
		bad("logged: %s", logged.String())
	}
	return paper, lost, wrong
}

const olderKeys = "%d files under an older key"

// records opens and checks what the vault has the key of.
func (r *rekeyed) records(t *testing.T, v *vault, c powercut.Cut, log *slog.Logger, bad func(string, ...any)) (lost int) {
	t.Helper()
	o := must[store.Options](t)(storeOptions(v, log))
	s, err := store.Open(context.Background(), o)
	if err != nil {
		bad("the records: %v", err)
		return 0
	}
	size := s.Own().Size()
	if size < r.first {
		bad("%d entries, %d were there before", size, r.first)
	}
	for line := range strings.Lines(r.Said(c.At)) {
		w := strings.Fields(line)
		if len(w) != 3 || w[0] != "act" {
			continue
		}
		n, err := strconv.ParseUint(w[1], 10, 64)
		if err != nil {
			t.Fatal(line)
		}
		raws, err := s.Own().Read(n, 1, 1<<20)
		if n >= size || err != nil || len(raws) != 1 || raws[0].Hole() {
			lost++
		} else if got := fmt.Sprintf("%x", raws[0].Leaf); got != w[2] {
			bad("entry %d is another: %v", n, err)
		}
	}
	if err := s.Close(); err != nil {
		bad("close: %v", err)
	}
	if err := store.Settled(o); err != nil {
		bad("settled: %v", err)
	}
	o.Log = nil
	rep, err := store.Check(context.Background(), o)
	if err != nil || len(rep.Problems) > 0 && c.Lies == 0 {
		bad("check: %v, %q", err, rep.Problems)
	}
	if rep.Unturned > 0 {
		bad(olderKeys, rep.Unturned)
	}
	return lost
}

// TestPowerAtRekey cuts the power while the storage key is changed, twice, and people
// work between and after. With honest flushes the paper that was told as good opens, and
// it alone, with everything that was answered. On a disk that lied one paper opens, and
// it alone; or none does, for the key files themselves are lost, and the stick has them.
func TestPowerAtRekey(t *testing.T) {
	commandAfterCommand(t)
	seed, err := strconv.ParseUint(os.Getenv("CLINICBOX_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("CLINICBOX_SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 6))
	honest, lying := 25, 25
	if os.Getenv("CLINICBOX_SOAK") != "" {
		honest, lying = 1<<20, 600
	}
	r := recordRekey(t)
	var cuts []powercut.Cut
	for at := 0; at <= r.Moment; at += r.Moment/honest + 1 {
		cuts = append(cuts, powercut.Cut{At: at, Sector: []int{512, 4096}[rnd.IntN(2)], Seed: rnd.Uint64()})
	}
	for i := range lying {
		cuts = append(cuts, powercut.Cut{At: rnd.IntN(r.Moment + 1), Lies: []int{1, 2, 6}[i/2%3], Sector: []int{512, 4096}[i%2], Seed: rnd.Uint64()})
	}
	if text := os.Getenv("CLINICBOX_POWER_CUT"); text != "" {
		cuts = []powercut.Cut{must[powercut.Cut](t)(powercut.ParseCut(text))}
	}
	honest, lying = 0, 0
	failed, lostActs, lossy, back := 0, 0, 0, 0
	shut := map[int]int{}
	for _, c := range cuts {
		paper, lost, wrong := r.after(t, c)
		told, tried := r.count(c.At, "changed"), r.count(c.At, "begun")
		switch {
		case c.Lies > 0 && strings.Contains(strings.Join(wrong, " "), errShut.Error()):
			shut[c.Lies]++
			continue
		case len(wrong) > 0:
		case paper > tried:
			wrong = append(wrong, fmt.Sprintf("paper %d opens, %d changes had begun", paper, tried))
		case c.Lies == 0 && (paper < told || lost > 0):
			wrong = append(wrong, fmt.Sprintf("paper %d opens, %d changes were told; %d acts lost", paper, told, lost))
		}
		if len(wrong) > 0 {
			if failed++; failed < 5 {
				t.Errorf("CLINICBOX_POWER_CUT=%v\n\t%s", c, strings.Join(wrong, "\n\t"))
			}
			continue
		}
		if c.Lies == 0 {
			honest++
			continue
		}
		if lying++; paper < told {
			back++
		}
		if lostActs += lost; lost > 0 {
			lossy++
		}
	}
	t.Logf("%d honest cuts; %d lying ones: %d acts lost in %d, in %d the key before opens again; shut, by flushes ignored: %v", honest, lying, lostActs, lossy, back, shut)
	if failed > 0 {
		path := filepath.Join(os.TempDir(), fmt.Sprintf("clinicbox-rekey-%d.trace", os.Getpid()))
		t.Logf("%d failed; trace in %s: %v", failed, path, r.Save(path))
	}
}
