package hubmain_test

import (
	"context"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
	"clinicbox/sync/mqttlink"
	"clinicbox/sync/outbox"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// carrier is the outbox's link over a real connection.
type carrier struct {
	*mqttlink.Link
	up     string
	frames chan []byte
}

// Publish implements outbox.Link.
func (c *carrier) Publish(f []byte) error { return c.Link.Publish(c.up, f) }

// Frames implements outbox.Link.
func (c *carrier) Frames() <-chan []byte { return c.frames }

// realBox is the box's own side of sync, as the box runs it.
type realBox struct {
	log    *outboxtest.Log
	keeper *outboxtest.Box
	out    *outbox.Outbox
}

func startBox(t *testing.T, h *running, broker string, k *keyfile.Private) *realBox {
	t.Helper()
	l, err := mqttlink.New(mqttlink.Opts{
		Broker: "tcp://" + broker, ClientID: k.Name, Logger: testlog.Logger(t),
		MinBackoff: 20 * time.Millisecond, MaxBackoff: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &carrier{Link: l, up: "cb/1/" + k.Name + "/up", frames: make(chan []byte, 256)}
	l.Handle("cb/1/"+k.Name+"/down", func(_ string, f []byte) { c.frames <- f })
	b := &realBox{log: outboxtest.NewLog(), keeper: outboxtest.NewBox()}
	o := outbox.DefaultOpts()
	o.Box, o.Identity, o.HPKE, o.Hub, o.Agent = k.Name, k.Identity, k.HPKE, h.Public(), "test"
	o.Epoch, o.Incarnation = wire.Epoch{1}, wire.Epoch{2}
	o.Log, o.Link, o.Keeper, o.Applier = b.log, c, b.keeper, b.keeper
	o.Linger, o.Patience, o.Logger = 10*time.Millisecond, 300*time.Millisecond, testlog.Logger(t)
	if b.out, err = outbox.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- l.Run(ctx) }()
	go func() { done <- b.out.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	return b
}

// TestRealOutbox joins the real two sides over the real broker, the hub stopped
// and started under it.
func TestRealOutbox(t *testing.T) {
	dir := t.TempDir()
	h := start(t, conf(dir))
	k, err := keyfile.Generate("tram-01")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.AddBox(t.Context(), k.Public()); err != nil {
		t.Fatal(err)
	}
	cfg := conf(dir)
	cfg.Broker.Listen = h.BrokerAddr()
	b := startBox(t, h, h.BrokerAddr(), k)
	for i := range 4 {
		b.log.Append(500, 300)
		b.log.Lose(uint64(500*i + 7))
		received(t, h, b)
		if i < 3 {
			h.stop()
			b.log.Append(50, 300) // while nobody listens
			h = start(t, cfg)
			received(t, h, b)
		}
	}
	pushed(t, h, b)
}

func received(t *testing.T, h *running, b *realBox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, t, "the receipt for everything", func() bool {
		tr := b.out.Truths()
		return tr.Saved == b.log.Size() && tr.Unsent() == 0 && tr.Linked
	})
	ss, err := h.Streams(t.Context(), "tram-01")
	root, err2 := b.log.Root(b.log.Size())
	if err != nil || err2 != nil || len(ss) != 1 || ss[0].Size != b.log.Size() || ss[0].Root != root {
		t.Fatalf("%+v %v %v", ss, err, err2)
	}
	if as, err := h.Alarms(t.Context(), ""); err != nil || len(as) > 0 {
		t.Fatalf("%+v %v", as, err)
	}
}

func pushed(t *testing.T, h *running, b *realBox) {
	t.Helper()
	if err := h.Push(t.Context(), "tram-01", sampleRows()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, t, "the pushed rows", func() bool { return b.keeper.In() == len(sampleRows()) })
}

func sampleRows() []clinic.Draft {
	row := func(code string) clinic.Draft {
		return clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
			Catalog: clinic.CatalogICD10, Code: code, Name: "Thử", From: clinic.Date{Year: 2026, Month: 1, Day: 1},
		}}
	}
	return []clinic.Draft{row("J00"), row("J01"), row("J02")}
}
