package hubmain

import (
	"context"
	"net/http"

	"clinicbox/hub/metrics"
)

// serveMetrics answers a monitoring system.
func (h *Hub) serveMetrics(ctx context.Context, ready func()) error {
	m := http.NewServeMux()
	m.Handle("GET /metrics", metrics.New(metrics.Options{DB: h.db, Live: h.measured, Spent: h.linkOf, Log: h.log}))
	return h.serve(ctx, site{h.cfg.Metrics.Listen, m, &h.numbers}, ready)
}

// MetricsAddr returns host:port of /metrics after Ready; "" when metrics.listen is not set.
func (h *Hub) MetricsAddr() string {
	if p := h.numbers.Load(); p != nil {
		return *p
	}
	return ""
}

func (h *Hub) linkOf(box string) metrics.Spent {
	s := h.ingest.Spent(box)
	return metrics.Spent{Budget: s.Budget, At: s.At}
}

// measured is how the centre is now, and what it did since the start.
func (h *Hub) measured() metrics.Live {
	c := &h.ingest.Counts
	_, trouble := c.Trouble()
	return metrics.Live{Linked: h.link.up(), Storing: !trouble, Totals: metrics.Totals{
		Frames: c.Frames.Load(), Bytes: c.Bytes.Load(), Entries: c.Entries.Load(), Receipts: c.Receipts.Load(), Failures: c.Failures.Load(),
		Refused: map[string]int64{
			"unknown": c.Unknown.Load(), "garbage": c.Garbage.Load(), "foreign": c.Foreign.Load(), "stranger": c.Strangers.Load(),
			"refused": c.Refused.Load(), "again": c.Again.Load(), "gap": c.Gaps.Load(), "fork": c.Forks.Load(), "root": c.Roots.Load(),
			"dropped": c.Dropped.Load(),
		},
	}}
}
