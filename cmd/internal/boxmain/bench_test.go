package boxmain

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// population is what the benchmarks fill a box with; CLINICBOX_SOAK asks for the
// size that the goals are written for.
func population() storetest.Population {
	if os.Getenv("CLINICBOX_SOAK") != "" {
		return storetest.Population{Patients: 100_000, Visits: 300_000}
	}
	return storetest.Population{Patients: 20_000, Visits: 20_000}
}

// filled starts a box with a population and a nurse.
func filled(b *testing.B) (cfg config.Box, path string, box *Box, nurse clinic.ID) {
	b.Helper()
	path = write(b, "")
	cfg, err := Load(path)
	if err != nil {
		b.Fatal(err)
	}
	nurse = clinic.NewID()
	box = New(Options{
		Config: cfg, Log: quiet(), Idle: time.Hour,
		Staff: []desk.StaffSeed{{ID: nurse, Staff: clinic.Staff{Name: "Điều dưỡng Bịa", Role: clinic.RoleNurse}, PIN: "581047"}},
		Prepare: func(_ context.Context, _ *desk.Desk, s *store.Store) error {
			storetest.Fill(b, s, population())
			return nil
		},
	})
	return cfg, path, box, nurse
}

// BenchmarkScanToPage is the time from a code in the box to the whole page of the
// patient at the browser, over HTTP with its redirects.
func BenchmarkScanToPage(b *testing.B) {
	_, _, box, nurse := filled(b)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx) }()
	select {
	case <-box.Ready():
	case err := <-done:
		b.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	fetch := func(r *http.Response, err error) []byte {
		if err != nil {
			b.Fatal(err)
		}
		defer r.Body.Close()
		page, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			b.Fatalf("%s: %d %v", r.Request.URL.Path, r.StatusCode, err)
		}
		return page
	}
	fetch(c.PostForm(box.URL()+"login/"+nurse.String(), url.Values{"pin": {"581047"}}))
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		code := storetest.Number(n * 7919 % population().Patients)
		begin := time.Now()
		box.pages.Scanned([]byte(code + "\r"))
		page := fetch(c.Get(box.URL() + "scan"))
		took = append(took, time.Since(begin))
		if !bytes.Contains(page, []byte("Đảo Mẫu")) {
			b.Fatalf("not a patient's page: %.300s", page)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkResident is the anonymous memory of the real program, open and idle.
func BenchmarkResident(b *testing.B) {
	_, path, box, _ := filled(b)
	if err := box.setUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	_, process, _ := start(b, path)
	var kb int
	for b.Loop() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.Process.Pid))
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "RssAnon:")
		kb, err = strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(kb)/1024, "RssAnon-MB")
	b.ReportMetric(0, "ns/op") // how long reading takes is no figure
}
