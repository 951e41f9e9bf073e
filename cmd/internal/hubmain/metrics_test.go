package hubmain_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/testlog"
	"clinicbox/sync/mqttlink"
	"clinicbox/sync/wire"
)

// fetch returns the status and the body of an address.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestMetricsOfARunningCentre: what a real box uploaded, told and did wrong is there for
// a monitoring system, under its name, and nothing of its patients.
func TestMetricsOfARunningCentre(t *testing.T) {
	cfg := conf(t.TempDir())
	if h := start(t, cfg); h.MetricsAddr() != "" {
		t.Fatal("it listens though nobody asked for it")
	} else {
		h.stop()
	}
	cfg.Metrics = hubmain.Metrics{Listen: "127.0.0.1:0"}
	h := start(t, cfg)
	b := hubtest.NewBox("tram-01", h.Public())
	if err := h.AddBox(t.Context(), b.Keys.Public()); err != nil {
		t.Fatal(err)
	}
	b.Record(20)
	b.RecordDraft(clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.NewID(), Event: time.Now(), Body: &clinic.Patient{Name: "Đặng Thị Khôngthấy"}})
	b.RecordBytes([]byte("of a later program"))
	b.Lose(3)
	plug(t, b, mqttlink.Opts{Broker: "tcp://" + h.BrokerAddr()})
	b.Connect()
	synced(t, b)
	told := wire.Budget{Month: 202611, Cap: 500_000_000, Used: 1234, Of: []uint64{234, 0, 1000}, Waits: []byte{}}
	bad := append([]byte(nil), b.Frame(told)...)
	bad[len(bad)-1] ^= 1
	b.Send(b.Frame(told))
	b.Send(bad)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	url, body := "http://"+h.MetricsAddr(), ""
	testlog.Eventually(ctx, t, "the alarm and the budget", func() bool {
		_, body = fetch(t, url+"/metrics")
		return strings.Contains(body, `clinichub_box_open_alarms{box="tram-01",code="garbage"} 1`) &&
			strings.Contains(body, `clinichub_box_link_bytes{box="tram-01",class="records"} 1000`)
	})
	for _, want := range []string{
		`clinichub_box_entries{box="tram-01"} 22`, `clinichub_box_lag_entries{box="tram-01"} 0`,
		`clinichub_box_parked_entries{box="tram-01"} 1`, `clinichub_box_hole_entries{box="tram-01"} 1`,
		`clinichub_box_link_cap_bytes{box="tram-01"} 5e+08`, `clinichub_box_last_heard_timestamp_seconds{box="tram-01"} `,
		`clinichub_ingest_entries_total 22`, `clinichub_ingest_refused_total{reason="garbage"} 1`,
		`clinichub_broker_linked 1`, `clinichub_storing 1`, `clinichub_database_bytes `, `go_goroutines `,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing in\n%s", want, body)
		}
	}
	if strings.Contains(body, "ngth") || strings.Contains(body, "ặng") {
		t.Error("a patient's name")
	}
	for _, path := range []string{"/", "/metrics/x", "/boxes", "/enrol"} {
		if code, _ := fetch(t, url+path); code != http.StatusNotFound {
			t.Errorf("%s is answered with %d at the address of metrics", path, code)
		}
	}
	if _, page := fetch(t, "http://"+h.WebAddr()+"/metrics"); strings.Contains(page, "clinichub_box") {
		t.Error("the pages' address tells metrics without a login")
	}
}
