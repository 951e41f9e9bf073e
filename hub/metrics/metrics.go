// Package metrics tells a monitoring system (Prometheus) how the centre and its boxes are:
// what links cost, how far behind boxes are, which alarms wait for a person. Labels are
// names of boxes, classes and codes; nothing of patients is in it, and no box's count of
// cases of diseases.
//
// Each request reads the database anew. When that fails the answer is an error, not half
// the metrics: what is missing must be noticed.
package metrics

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// Limits.
const (
	atOnce  = 2 // requests that are answered; more are refused
	longest = 20 * time.Second
)

// DB is what is read of the database, by several goroutines.
type DB interface {
	Boxes(ctx context.Context) ([]hub.Box, error)
	// Streams returns those of all boxes for the box "".
	Streams(ctx context.Context, box string) ([]hub.Stream, error)
	// OpenAlarms returns one row for each box and code that nobody acknowledged.
	OpenAlarms(ctx context.Context) ([]hub.Alarm, error)
	// Bytes returns how large the database is.
	Bytes(ctx context.Context) (int64, error)
}

// Spent is what a box told last of its link.
type Spent struct {
	wire.Budget
	At time.Time // zero: it told nothing since the centre started
}

// Totals count what happened since the start.
type Totals struct {
	Frames, Bytes, Entries, Receipts int64
	Failures                         int64            // of the database
	Refused                          map[string]int64 // frames that brought nothing, by reason
}

// Live is how the centre is now.
type Live struct {
	Linked  bool // to the broker
	Storing bool // the database took what came last
	Totals  Totals
}

// Options of New. All but Log are needed.
type Options struct {
	DB    DB
	Live  func() Live
	Spent func(box string) Spent
	Log   *slog.Logger
}

// New returns what answers GET requests with the metrics, in the text format that the
// client asks for.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := prometheus.NewPedanticRegistry() // a metric that was not described is an error
	r.MustRegister(&collector{o}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: atOnce, Timeout: longest})
}

// errRead is what a monitoring system hears of a failure; the log has the cause.
var errRead = errors.New("the centre's database cannot be read")

// collector reads everything anew each time.
type collector struct{ o Options }

var _ prometheus.Collector = (*collector)(nil)

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	d := descs()
	for _, x := range d.all() {
		to <- x
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), longest) // the interface has none
	defer cancel()
	d := descs()
	f, err := c.read(ctx)
	if err != nil {
		c.o.Log.Error("metrics", "err", err)
		to <- prometheus.NewInvalidMetric(d.size, errRead)
		return
	}
	out := sink{to}
	f.tell(out, d)
	c.live(out, d)
}

// facts are what the database says, at about one moment.
type facts struct {
	boxes  []*box
	alarms []hub.Alarm
	size   int64
}

// box is one with its streams summed up.
type box struct {
	hub.Box
	spent                       Spent
	entries, lag, parked, holes uint64
}

func (c *collector) read(ctx context.Context) (f facts, err error) {
	boxes, err := c.o.DB.Boxes(ctx)
	if err != nil {
		return f, err
	}
	streams, err := c.o.DB.Streams(ctx, "")
	if err != nil {
		return f, err
	}
	by := make(map[string]*box, len(boxes))
	for i := range boxes {
		b := &box{Box: boxes[i], spent: c.o.Spent(boxes[i].Name)}
		by[b.Name] = b
		f.boxes = append(f.boxes, b)
	}
	for i := range streams {
		s := &streams[i]
		b := by[s.Box]
		if b == nil {
			continue // it was added in between
		}
		b.entries += s.Size
		b.lag += s.Lag()
		b.parked += uint64(s.Parked)
		b.holes += uint64(s.Holes)
	}
	if f.alarms, err = c.o.DB.OpenAlarms(ctx); err != nil {
		return f, err
	}
	f.size, err = c.o.DB.Bytes(ctx)
	return f, err
}
