package proof

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

type noPaper struct{}

func (noPaper) Enqueue(context.Context, clinic.ID, paper.Doc) error { return nil }

// onOneCore runs f as on a board with one core.
func onOneCore(f func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f()
}

// BenchmarkBox is a box with 100,000 patients and 1,000,000 entries, on one core.
func BenchmarkBox(b *testing.B) {
	x := fillBig(b, storetest.Population{Patients: 100_000, Visits: 105_000, Last: clinic.DateOf(time.Now().In(clinic.ICT))})
	x.memory()
	figure(b, "open", "s", x.opens().Seconds())
	x.unclean()
	figure(b, "open-after-power-cut", "s", x.opens().Seconds())
	onOneCore(func() { x.screens() })
	x.dropViews()
	s, stop := x.open()
	entries := float64(s.Own().Size())
	stop()
	x.dropViews()
	figure(b, "rebuild", "entries/s", entries/x.opens().Seconds())
	onOneCore(func() {
		x.dropViews()
		figure(b, "rebuild-one-core", "entries/s", entries/x.opens().Seconds())
	})
	x.small()
	figure(b, "size/entries", "entries", entries)
	figure(b, "size/journals", "MiB", mib(b, filepath.Join(x.o.Dir, "own", "*")))
	figure(b, "size/views", "MiB", mib(b, filepath.Join(x.o.Dir, "views-*.db")))
}

// mib is the size of the files of a pattern.
func mib(b *testing.B, pattern string) (sum float64) {
	b.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		b.Fatal(names, err)
	}
	for _, n := range names {
		fi, err := os.Stat(n)
		if err != nil {
			b.Fatal(err)
		}
		sum += float64(fi.Size()) / (1 << 20)
	}
	return sum
}

// small starts the real program without views on one core and 512 MiB: the kernel's
// limit where a control group may be made, and the runtime's as the program sets it on
// such a board.
func (x *big) small() {
	x.dropViews()
	begin := time.Now()
	r := x.station.start("GOMAXPROCS=1", "GOMEMLIMIT=256MiB")
	limited := confine(x.b, r.Process.Pid, 512<<20)
	peak := 0.0
	for served := false; !served; {
		select {
		case <-r.ready:
			served = true
		case <-r.ended:
			x.b.Fatalf("the box ended in 512 MiB (limit of the kernel: %v): %v\n%s", limited, r.err, x.station.log)
		default:
			peak = max(peak, memory(x.b, r.Process.Pid))
			runtime.Gosched()
		}
	}
	figure(x.b, "small-board/rebuild-to-first-page", "s", time.Since(begin).Seconds())
	figure(x.b, "small-board/rebuild-peak", "RssAnon-MiB", peak)
	figure(x.b, "small-board/limit-by-kernel", "1=yes", map[bool]float64{true: 1}[limited])
	r.kill()
}

// confine puts a process into a memory control group of its own; false where none may
// be made. Both versions of the interface are known.
func confine(b *testing.B, pid int, bytes int) bool {
	for _, c := range [][2]string{{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"}} {
		dir := filepath.Join(c[0], fmt.Sprintf("clinicbox-bench-%d", pid))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		b.Cleanup(func() { _ = os.Remove(dir) }) // empty once the process is gone
		if os.WriteFile(filepath.Join(dir, c[1]), fmt.Append(nil, bytes), 0o644) == nil &&
			os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, pid), 0o644) == nil {
			return true
		}
	}
	return false
}

// memory starts the real program on the records and looks at it when it rests.
func (x *big) memory() {
	r := x.station.serve()
	defer r.kill()
	w := &worker{t: x.b, who: x.doctor}
	if err := w.login(r.url); err != nil {
		x.b.Fatal(err)
	}
	figure(x.b, "memory/after-login", "RssAnon-MiB", memory(x.b, r.Process.Pid))
	last, since := 0.0, time.Now()
	w.eventually("the program to rest", func() bool {
		now := memory(x.b, r.Process.Pid)
		if now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 2*time.Second
	})
	figure(x.b, "memory/idle", "RssAnon-MiB", last)
}

// screens measures what a person waits for.
func (x *big) screens() {
	b := x.b
	s, stop := x.open()
	defer stop()
	pages, d := x.pages(s)
	in := inside(b, pages.Handler())
	if err := in.login(x.doctor); err != nil {
		b.Fatal(err)
	}
	x.scanned(pages, in, 50) // warm, as a box is on its first day
	quantiles(b, "scan-to-patient", x.scanned(pages, in, 2000))

	people, err := d.Staff(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var names, finds []time.Duration
	for range 40 {
		for _, q := range queries() {
			begin := time.Now()
			storetest.View(b, s, func(r desk.Reader) {
				if _, err := r.ByName(q, 20); err != nil {
					b.Fatal(err)
				}
			})
			names = append(names, time.Since(begin))
			begin = time.Now()
			if _, err := d.Find(b.Context(), people[0].ID, q); err != nil {
				b.Fatal(err)
			}
			finds = append(finds, time.Since(begin))
		}
	}
	quantiles(b, "name-search", names)
	quantiles(b, "name-search-with-banners", finds)
	for _, page := range [][2]string{{"first", "/login"}, {"today-with-60-visits", "/"}} {
		as, packed := loads(b, in, page[1])
		figure(b, "page/"+page[0]+"/as-sent", "KiB", as)
		figure(b, "page/"+page[0]+"/gzipped", "KiB", packed)
	}
}

var asset = regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`)

// loads is what a browser that was never here loads for a page: the page as the box
// sends it and as gzip would make it, and everything that it needs, gzipped.
func loads(b *testing.B, in *browser, path string) (as, packed float64) {
	b.Helper()
	p, err := in.get(path)
	if err != nil || p.status != http.StatusOK {
		b.Fatal(p.status, err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(p.body)); err != nil || w.Close() != nil {
		b.Fatal(err)
	}
	seen, assets := map[string]bool{}, 0
	for _, m := range asset.FindAllStringSubmatch(p.body, -1) {
		if seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		req, err := http.NewRequest(http.MethodGet, in.base+m[1], nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		a, err := in.do(req)
		if err != nil || a.status != http.StatusOK {
			b.Fatal(a.status, err)
		}
		assets += len(a.body)
	}
	return float64(len(p.body)+assets) / 1024, float64(z.Len()+assets) / 1024
}

// BenchmarkCommit is one clinical act at a desk (vitals through the use case, with
// all it checks) beside a bare append and fdatasync of as many bytes, in turns, so
// that other load falls on both.
func BenchmarkCommit(b *testing.B) {
	w := newDesks(b)
	defer w.stop()
	const acts, frame = 400, 16 + 40 // of store/journal: head, nonce and tag
	before := w.store.Own().Size()
	for i := range acts {
		w.measure(i, 0)
	}
	size := 0
	raws, err := w.store.Own().Read(before, acts, 1<<20)
	if err != nil || len(raws) != acts {
		b.Fatal(len(raws), err)
	}
	for _, r := range raws {
		size += len(r.Bytes) + frame
	}
	raw := make([]byte, size/acts)
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var act, bare []time.Duration
	for i := range acts {
		begin := time.Now()
		w.measure(i, 0)
		act = append(act, time.Since(begin))
		begin = time.Now()
		if _, err := f.Write(raw); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		bare = append(bare, time.Since(begin))
	}
	figure(b, "bytes", "B/act", float64(len(raw)))
	figure(b, "baseline:append+fdatasync", "µs", middle(bare))
	figure(b, "one-desk", "µs", middle(act))
}

// BenchmarkDesks is how much more eight desks get done than one.
func BenchmarkDesks(b *testing.B) {
	w := newDesks(b)
	defer w.stop()
	rate := func(desks int) float64 {
		const acts = 800
		begin := time.Now()
		var wg sync.WaitGroup
		for d := range desks {
			wg.Go(func() {
				for i := range acts / desks {
					w.measure(i, d)
				}
			})
		}
		wg.Wait()
		return acts / time.Since(begin).Seconds()
	}
	rate(8)
	one, eight := rate(1), rate(8)
	one, eight = (one+rate(1))/2, (eight+rate(8))/2
	figure(b, "baseline:one-desk", "acts/s", one)
	figure(b, "eight-desks", "acts/s", eight)
}

// middle is the median in microseconds.
func middle(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2].Nanoseconds()) / 1000
}

// desks is a store with a desk over it and people in the queue.
type desks struct {
	*desk.Desk
	b     *testing.B
	store *store.Store
	stop  func()
	by    clinic.ID
	on    []desk.On
}

func newDesks(b *testing.B) *desks {
	b.Helper()
	x := &big{b: b, o: storetest.Options(b.TempDir())}
	s, stop := x.open()
	_, d := x.pages(s)
	w := &desks{Desk: d, b: b, store: s, stop: stop, by: clinic.NewID()}
	err := d.SetUp(b.Context(), []desk.StaffSeed{{ID: w.by, Staff: clinic.Staff{Name: "Nguyễn Văn Thử", Role: clinic.RoleDoctor}}})
	if err != nil {
		b.Fatal(err)
	}
	for i, id := range storetest.Fill(b, s, storetest.Population{Patients: 2000, Visits: 1500}).IDs[:800] {
		v, err := d.OpenVisit(b.Context(), desk.Call{Act: clinic.NewID(), By: w.by}, desk.VisitInput{Patient: id, Another: true})
		if err != nil {
			b.Fatal(i, err)
		}
		w.on = append(w.on, desk.On{Patient: id, Visit: v.Visit})
	}
	return w
}

// measure saves the vitals of one of a desk's hundred patients.
func (w *desks) measure(i, at int) {
	_, err := w.Vitals(context.Background(), desk.Call{Act: clinic.NewID(), By: w.by}, desk.VitalsInput{
		On: w.on[at*100+i%100], Values: map[string]string{"temperature": "36,8", "spo2": "98", "breathing": "30", "pulse": "100"},
		Confirmed: []string{"pulse", "breathing"}, // of all ages
	})
	if err != nil {
		w.b.Error(err)
	}
}

// BenchmarkBinary is the size of the box's program for boards.
func BenchmarkBinary(b *testing.B) {
	for _, arch := range []string{"arm64", "arm"} {
		fi, err := os.Stat(program(b, "GOOS=linux", "GOARCH="+arch))
		if err != nil {
			b.Fatal(err)
		}
		figure(b, "clinicbox-"+arch+"-stripped", "MiB", float64(fi.Size())/(1<<20))
	}
}
