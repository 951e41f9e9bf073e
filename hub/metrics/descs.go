package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// described are the metrics. docs/operator.md lists them; a test compares.
type described struct {
	entries, lag, parked, holes, heard, service, alarms *prometheus.Desc
	link, limit, told, month                            *prometheus.Desc
	linked, storing, frames, bytes, stored, receipts    *prometheus.Desc
	refused, failures, size                             *prometheus.Desc
}

func descs() *described {
	box := func(name, help string, more ...string) *prometheus.Desc {
		return prometheus.NewDesc("clinichub_box_"+name, help, append([]string{"box"}, more...), nil)
	}
	all := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("clinichub_"+name, help, labels, nil)
	}
	return &described{
		entries: box("entries", "Entries received of the box, over all epochs."),
		lag:     box("lag_entries", "Entries that the box stated and that are not received."),
		parked:  box("parked_entries", "Entries that this program cannot read."),
		holes:   box("hole_entries", "Entries of which only the leaf hash came."),
		heard:   box("last_heard_timestamp_seconds", "When the box was last heard."),
		service: box("in_service", "1 while the box's certificate has not ended."),
		alarms:  box("open_alarms", "How often an alarm happened since somebody acknowledged it, by code.", "code"),
		link:    box("link_bytes", "Bytes of the month on the box's link, by class, as it last told.", "class"),
		limit:   box("link_cap_bytes", "Bytes that the box may use in a month, as it last told."),
		told:    box("link_told_timestamp_seconds", "When the box last told of its link."),
		month:   box("link_month", "The month that it told of, as 202611."),

		linked:   all("broker_linked", "1 while the centre has a connection to the broker."),
		storing:  all("storing", "1 unless the database failed last."),
		frames:   all("ingest_frames_total", "Frames that came since the start."),
		bytes:    all("ingest_bytes_total", "Bytes of them."),
		stored:   all("ingest_entries_total", "Entries stored since the start."),
		receipts: all("ingest_receipts_total", "Receipts sent since the start."),
		refused:  all("ingest_refused_total", "Frames that brought nothing, by reason.", "reason"),
		failures: all("database_failures_total", "Failures of the database since the start."),
		size:     all("database_bytes", "Size of the database."),
	}
}

func (d *described) all() []*prometheus.Desc {
	return []*prometheus.Desc{
		d.entries, d.lag, d.parked, d.holes, d.heard, d.service, d.alarms, d.link, d.limit, d.told, d.month,
		d.linked, d.storing, d.frames, d.bytes, d.stored, d.receipts, d.refused, d.failures, d.size,
	}
}

// sink is where metrics go.
type sink struct{ to chan<- prometheus.Metric }

func (s sink) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (s sink) count(d *prometheus.Desc, v int64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

// tell writes what the database says.
func (f *facts) tell(out sink, d *described) {
	out.gauge(d.size, float64(f.size))
	for _, b := range f.boxes {
		out.gauge(d.entries, float64(b.entries), b.Name)
		out.gauge(d.lag, float64(b.lag), b.Name)
		out.gauge(d.parked, float64(b.parked), b.Name)
		out.gauge(d.holes, float64(b.holes), b.Name)
		out.gauge(d.service, is(b.Revoked == 0), b.Name)
		if !b.LastSeen.IsZero() {
			out.gauge(d.heard, seconds(b.LastSeen), b.Name)
		}
		b.tellLink(out, d)
	}
	for _, a := range f.alarms {
		if a.Code != hub.AlarmDisease { // how many cases a commune has is for the pages
			out.gauge(d.alarms, float64(a.Count), a.Box, a.Code)
		}
	}
}

// tellLink writes what a box told of its link; nothing while it has not.
func (b *box) tellLink(out sink, d *described) {
	s := &b.spent
	if s.At.IsZero() {
		return
	}
	out.gauge(d.told, seconds(s.At), b.Name)
	out.gauge(d.month, float64(s.Month), b.Name)
	if s.Cap > 0 {
		out.gauge(d.limit, float64(s.Cap), b.Name)
	}
	for i, c := range wire.Classes() {
		if i < len(s.Of) {
			out.gauge(d.link, float64(s.Of[i]), b.Name, c.String())
		}
	}
}

// live writes how the centre is now.
func (c *collector) live(out sink, d *described) {
	l := c.o.Live()
	out.gauge(d.linked, is(l.Linked))
	out.gauge(d.storing, is(l.Storing))
	t := &l.Totals
	out.count(d.frames, t.Frames)
	out.count(d.bytes, t.Bytes)
	out.count(d.stored, t.Entries)
	out.count(d.receipts, t.Receipts)
	out.count(d.failures, t.Failures)
	for reason, n := range t.Refused {
		out.count(d.refused, n, reason)
	}
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
