package proof

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/starting"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/device/clock"
	"clinicbox/device/staff"
	"clinicbox/internal/fold"
	"clinicbox/peripherals/barcode"
	"clinicbox/store"
	"clinicbox/store/storetest"
	"clinicbox/web"
)

// big is a box with many patients: a folder that the real program opens too.
type big struct {
	b       *testing.B
	dir     string
	o       store.Options
	station *station
	filled  storetest.Filled
	doctor  member
}

// fillBig fills a box with patients and visits.
func fillBig(b *testing.B, p storetest.Population) *big {
	b.Helper()
	x := &big{b: b, dir: b.TempDir(), doctor: team()[0]}
	x.station = newStation(b, program(b), x.dir, "", x.doctor)
	key := storageKey(b, x.dir)
	x.o = store.Options{Dir: filepath.Join(x.dir, "data"), Key: key, Clock: clock.New(true, time.Time{}), Catalog: starting.Of}
	s, stop := x.open()
	begin := time.Now()
	x.filled = storetest.Fill(b, s, p)
	took := time.Since(begin)
	figure(b, "fill", "entries/s", float64(s.Own().Size())/took.Seconds())
	stop()
	return x
}

// open opens and runs the store.
func (x *big) open() (*store.Store, func()) {
	x.b.Helper()
	s, err := store.Open(x.b.Context(), x.o)
	if err != nil {
		x.b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	<-s.Ready()
	return s, func() {
		x.b.Helper()
		if err := errors.Join(s.Close(), <-done); err != nil {
			x.b.Fatal(err)
		}
	}
}

// figure is one line of make bench. It is measured before: a sub-benchmark only
// carries it into the table.
func figure(b *testing.B, name, unit string, value float64) {
	b.Run(name, func(b *testing.B) {
		b.ReportMetric(0, "ns/op") // says nothing: leaves it out
		b.ReportMetric(value, unit)
	})
}

// quantiles are two lines: the middle and the slow end.
func quantiles(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	at := func(percent int) float64 { return float64(took[len(took)*percent/100].Microseconds()) / 1000 }
	b.Run(name, func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(at(50), "p50-ms")
		b.ReportMetric(at(99), "p99-ms")
	})
}

// pages joins desk and pages to the store as the box does, without devices.
func (x *big) pages(s *store.Store) (*web.Server, *desk.Desk) {
	x.b.Helper()
	d, err := desk.New(desk.Options{
		Store: s, Clock: x.o.Clock, Pins: staff.New(s.State(), staff.DefaultOpts()), Papers: noPaper{}, Scans: scans{},
		Witness: boxmain.Witness{Store: s}, Fold: fold.String, NFC: norm.NFC.String,
		Site: desk.Site{Facility: clinic.Facility{Code: "56999", Name: "Trạm Y tế xã Yến Xa", Box: boxName, Book: "a"}},
	})
	if err != nil {
		x.b.Fatal(err)
	}
	p, err := web.New(web.Opts{Desk: d, Box: idleBox{s}, Clock: x.o.Clock, Log: discard(), Facility: "Trạm Y tế xã Yến Xa"})
	if err != nil {
		x.b.Fatal(err)
	}
	return p, d
}

// scanned scans the cards of patients, one after the other, and follows where the
// pages lead, to the patient.
func (x *big) scanned(p *web.Server, in *browser, n int) (took []time.Duration) {
	x.b.Helper()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range n {
		i := x.carded(rnd)
		begin := time.Now()
		p.Scanned([]byte(x.filled.People[i].CitizenQR))
		at, a := "/scan", page{}
		for range 4 {
			var err error
			if a, err = in.get(at); err != nil {
				x.b.Fatal(err)
			}
			if a.status != http.StatusSeeOther {
				break
			}
			at = a.location
		}
		took = append(took, time.Since(begin))
		if a.status != http.StatusOK || !strings.HasPrefix(at, "/patients/"+x.filled.IDs[i].String()) {
			x.b.Fatalf("the card led to %s: %d %.300s", at, a.status, a.text())
		}
	}
	return took
}

// carded picks a patient with a citizen card.
func (x *big) carded(rnd *rand.Rand) int {
	for {
		if i := rnd.IntN(len(x.filled.IDs)); x.filled.People[i].CitizenQR != "" {
			return i
		}
	}
}

// queries are names as people type them.
func queries() []string {
	return []string{
		"an", "nguyen", "nguyễn văn", "nguyen van an", "Trần Thị Mai", "ng", "h", "thi", "khong co ai", "le van b",
		"pham thi hoa", "Đặng Quốc Việt", "dang quoc viet", "vu thi", "bùi minh", "ho ngoc anh",
	}
}

// unclean makes the next open one after a power cut.
func (x *big) unclean() {
	x.b.Helper()
	if err := os.WriteFile(filepath.Join(x.o.Dir, "LOCK"), []byte("1"), 0o600); err != nil {
		x.b.Fatal(err)
	}
}

// opens measures one open.
func (x *big) opens() time.Duration {
	x.b.Helper()
	begin := time.Now()
	s, err := store.Open(x.b.Context(), x.o)
	if err != nil {
		x.b.Fatal(err)
	}
	took := time.Since(begin)
	if err := s.Close(); err != nil {
		x.b.Fatal(err)
	}
	return took
}

// dropViews removes the views, so that the next open builds them.
func (x *big) dropViews() {
	x.b.Helper()
	views, err := filepath.Glob(filepath.Join(x.o.Dir, "views-*.db"))
	if err != nil || len(views) != 1 {
		x.b.Fatal(views, err)
	}
	if err := os.Remove(views[0]); err != nil {
		x.b.Fatal(err)
	}
}

// The small joins in place of the box's.

type scans struct{}

func (scans) Recognise(raw []byte) (clinic.Scan, error) { return barcode.Parse(raw) }

type idleBox struct{ *store.Store }

func (b idleBox) Truths() web.Truths    { return web.Truths{Saved: b.Own().Size()} }
func (idleBox) Devices() []web.Device   { return nil }
func (idleBox) Warnings() []web.Warning { return nil }
func (idleBox) NotReady() []string      { return nil }

// memory reads a process's anonymous memory in MiB.
func memory(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
