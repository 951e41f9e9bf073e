package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/hub"
	"clinicbox/internal/testlog"
	"clinicbox/sync/wire"
)

// registry is a database in memory.
type registry struct {
	boxes   []hub.Box
	streams []hub.Stream
	alarms  []hub.Alarm
	err     error
}

func (r *registry) Boxes(context.Context) ([]hub.Box, error)              { return r.boxes, nil }
func (r *registry) Streams(context.Context, string) ([]hub.Stream, error) { return r.streams, nil }
func (r *registry) OpenAlarms(context.Context) ([]hub.Alarm, error)       { return r.alarms, nil }
func (r *registry) Bytes(context.Context) (int64, error)                  { return 8192, r.err }

func at(s int64) time.Time { return time.Unix(s, 500_000_000) }

func sample() *registry {
	return &registry{
		boxes: []hub.Box{{Name: "tram-01", LastSeen: at(1000)}, {Name: "tram-02", Revoked: 1}},
		streams: []hub.Stream{
			{Box: "tram-01", Size: 40, Stated: 55, Parked: 2, Holes: 1},
			{Box: "tram-01", Size: 60, Stated: 60, Holes: 2},
			{Box: "new", Size: 9},
		},
		alarms: []hub.Alarm{{Box: "tram-01", Code: hub.AlarmClone, Count: 3}, {Box: "tram-01", Code: hub.AlarmDisease, Count: 7}},
	}
}

// ask returns status and body of a request.
func ask(t *testing.T, r *registry) (int, string) {
	t.Helper()
	h := New(Options{
		DB: r, Log: testlog.New(t).Logger(),
		Live: func() Live {
			return Live{Linked: true, Totals: Totals{Frames: 5, Bytes: 700, Entries: 4, Receipts: 3, Failures: 2, Refused: map[string]int64{"gap": 6}}}
		},
		Spent: func(box string) Spent {
			if box != "tram-01" {
				return Spent{}
			}
			return Spent{wire.Budget{Month: 202611, Cap: 500, Used: 44, Of: []uint64{10, 1, 33, 0, 0, 0, 0, 77, 78}}, at(2000)}
		},
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return w.Code, w.Body.String()
}

// own are the lines of the centre's metrics, without those of the language's runtime.
func own(body string) (out []string) {
	for l := range strings.Lines(body) {
		if strings.HasPrefix(l, "clinichub_") {
			out = append(out, strings.TrimSpace(l))
		}
	}
	return out
}

// TestMetrics: what each number is, and that no class beyond ours, no box that is not
// registered and no count of cases is told.
func TestMetrics(t *testing.T) {
	code, body := ask(t, sample())
	want := []string{
		`clinichub_box_entries{box="tram-01"} 100`, `clinichub_box_entries{box="tram-02"} 0`,
		`clinichub_box_hole_entries{box="tram-01"} 3`, `clinichub_box_hole_entries{box="tram-02"} 0`,
		`clinichub_box_in_service{box="tram-01"} 1`, `clinichub_box_in_service{box="tram-02"} 0`,
		`clinichub_box_lag_entries{box="tram-01"} 15`, `clinichub_box_lag_entries{box="tram-02"} 0`,
		`clinichub_box_last_heard_timestamp_seconds{box="tram-01"} 1000.5`,
		`clinichub_box_link_bytes{box="tram-01",class="catalogues"} 0`, `clinichub_box_link_bytes{box="tram-01",class="commands"} 0`,
		`clinichub_box_link_bytes{box="tram-01",class="images"} 0`, `clinichub_box_link_bytes{box="tram-01",class="link"} 10`,
		`clinichub_box_link_bytes{box="tram-01",class="records"} 33`, `clinichub_box_link_bytes{box="tram-01",class="safety"} 1`,
		`clinichub_box_link_bytes{box="tram-01",class="updates"} 0`,
		`clinichub_box_link_cap_bytes{box="tram-01"} 500`, `clinichub_box_link_month{box="tram-01"} 202611`,
		`clinichub_box_link_told_timestamp_seconds{box="tram-01"} 2000.5`,
		`clinichub_box_open_alarms{box="tram-01",code="clone"} 3`,
		`clinichub_box_parked_entries{box="tram-01"} 2`, `clinichub_box_parked_entries{box="tram-02"} 0`,
		`clinichub_broker_linked 1`, `clinichub_database_bytes 8192`, `clinichub_database_failures_total 2`,
		`clinichub_ingest_bytes_total 700`, `clinichub_ingest_entries_total 4`, `clinichub_ingest_frames_total 5`,
		`clinichub_ingest_receipts_total 3`, `clinichub_ingest_refused_total{reason="gap"} 6`, `clinichub_storing 0`,
	}
	slices.Sort(want)
	got := own(body)
	slices.Sort(got)
	if code != http.StatusOK || !slices.Equal(got, want) {
		t.Errorf("%d\n%s\nwant\n%s", code, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestHalfIsAnError: when something cannot be read nothing is told, for missing numbers
// look like good ones; and the cause stays in the log.
func TestHalfIsAnError(t *testing.T) {
	r := sample()
	r.err = errors.New("disk I/O error at /srv/hub.db")
	code, body := ask(t, r)
	if code != http.StatusInternalServerError || len(own(body)) > 0 || strings.Contains(body, "srv") {
		t.Errorf("%d %s", code, body)
	}
}

// TestOperatorsKnowEach: docs/operator.md has a row for each metric.
func TestOperatorsKnowEach(t *testing.T) {
	text, err := os.ReadFile("../../docs/operator.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, row := range regexp.MustCompile("(?m)^\\| `clinichub_[^|]*").FindAllString(string(text), -1) {
		got = append(got, regexp.MustCompile(`clinichub_[a-z_]+`).FindAllString(row, -1)...)
	}
	for _, d := range descs().all() {
		want = append(want, regexp.MustCompile(`clinichub_[a-z_]+`).FindString(d.String()))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/operator.md lists %q, the centre tells %q", got, want)
	}
}
