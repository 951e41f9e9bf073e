package proof

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clinicbox/hub/broker"
	"clinicbox/internal/testlog"
	"clinicbox/store/storetest"
	"clinicbox/sync/mqttlink"
)

// BenchmarkLink counts on the interface itself what a completed, signed visit costs:
// IP, TCP, TLS, MQTT, session, receipts with their acknowledgements. The baselines are
// the same visits as FHIR R4 JSON, before anything carries them.
func BenchmarkLink(b *testing.B) {
	w := newWorld(b, 200, "")
	w.startHub()
	lo := newApart(b, w.hub.BrokerAddr())
	w.line.lead(lo.near.Addr().String())
	w.startBox(w.cable.Addr(), "")
	if err := w.play.Register(context.Background()); err != nil {
		b.Fatal(err)
	}
	w.agree()
	from := w.store.Own().Size()
	const alone = 10
	before, _ := lo.counted(b)
	for range alone {
		w.days(1, 1)
		w.rests()
		w.agree()
	}
	after, _ := lo.counted(b)
	one := float64(after-before) / alone
	plain, packed := w.fhir(from)
	figure(b, "alone/baseline:fhir-json", "B/visit", plain)
	figure(b, "alone/baseline-gzip:fhir-json-gzipped", "B/visit", packed)
	figure(b, "alone/all-on-the-interface", "B/visit", one)
	for _, batch := range []int{10, 100} {
		name := map[int]string{10: "batch-of-10", 100: "batch-of-100"}[batch]
		from = w.store.Own().Size()
		before, after = w.batch(lo, batch)
		plain, packed = w.fhir(from)
		figure(b, name+"/baseline:fhir-json", "B/visit", plain)
		figure(b, name+"/baseline-gzip:fhir-json-gzipped", "B/visit", packed)
		figure(b, name+"/all-on-the-interface", "B/visit", float64(after-before)/float64(batch))
	}
}

// batch plays visits without a link and counts what brings them over, the new
// connection aside: it costs the same whatever waits.
func (w *world) batch(lo *apart, visits int) (before, after int64) {
	w.t.Helper()
	w.cable.Set(false)
	w.within(30*time.Second, "the link to be gone", func() bool { return !w.box.Truths().Linked })
	empty := func() int64 {
		before, _ := lo.counted(w.t)
		w.cable.Set(true)
		w.box.Reconnect()
		w.agree()
		after, _ := lo.counted(w.t)
		w.cable.Set(false)
		w.within(30*time.Second, "the link to be gone", func() bool { return !w.box.Truths().Linked })
		return after - before
	}
	connect := empty()
	w.days(1, visits)
	w.rests()
	before, _ = lo.counted(w.t)
	w.cable.Set(true)
	w.box.Reconnect()
	w.agree()
	after, _ = lo.counted(w.t)
	return before, after - connect
}

// BenchmarkIdle counts what a link costs a day on which nothing happens: the exchanges
// that keep it, each as the interface counts it, by their number in a day. MQTT pings
// after 600 s without traffic, heartbeats every hour and up to a quarter more. TLS adds 22
// bytes to each record, which is added here.
func BenchmarkIdle(b *testing.B) {
	const record = 22
	br := broker.New(broker.Options{Listen: "127.0.0.1:0", Dir: b.TempDir(), Log: testlog.Logger(b)})
	w := &world{t: b}
	w.run("broker", br.Run)
	<-br.Ready()
	lo := newApart(b, br.Addr())
	client := func(id, addr string, keep time.Duration) *mqttlink.Link {
		o := mqttlink.DefaultOpts()
		o.Broker, o.ClientID, o.KeepAlive, o.Logger = "tcp://"+addr, id, keep, testlog.Logger(b)
		l, err := mqttlink.New(o)
		if err != nil {
			b.Fatal(err)
		}
		return l
	}
	box, centre := client("box", lo.near.Addr().String(), 600*time.Second), client("centre", br.Addr(), 600*time.Second)
	answered := make(chan struct{}, 1)
	box.Handle("cb/1/tram-01/cmd", func(string, []byte) { answered <- struct{}{} })
	centre.Handle("cb/1/tram-01/beat", func(string, []byte) { _ = centre.Publish("cb/1/tram-01/cmd", make([]byte, 120)) })
	w.run("centre", centre.Run)
	stop := w.run("box", box.Run)
	w.within(time.Minute, "both", func() bool { return box.Up() && centre.Up() })
	const beats = 20
	before, _ := lo.counted(b)
	for range beats {
		if err := box.Publish("cb/1/tram-01/beat", make([]byte, 150)); err != nil {
			b.Fatal(err)
		}
		<-answered
	}
	after, _ := lo.counted(b)
	beat := float64(after-before)/beats + 2*record
	stop()
	pinger := client("pinger", lo.near.Addr().String(), time.Second)
	pinger.Handle("cb/1/tram-01/cmd", func(string, []byte) {})
	w.run("pinger", pinger.Run)
	w.within(time.Minute, "the pinger", pinger.Up)
	from, packets := lo.counted(b)
	w.within(time.Minute, "pings", func() bool { _, n := lo.counted(b); return n-packets >= 15 })
	to, now := lo.counted(b)
	ping := 3*float64(to-from)/float64(now-packets) + 2*record // asked, answered, acknowledged
	figure(b, "heartbeat-and-answer", "B", beat)
	figure(b, "mqtt-ping-and-answer", "B", ping)
	const (
		gap   = 1.125            // hours between heartbeats, on average
		pings = (2*6. + 1*7) / 3 // full 600 s in a gap of 3,600 to 4,500 s, on average
	)
	figure(b, "day", "B/day", 24/gap*(beat+pings*ping))
}

// narrow is a link of one megabit in each direction and 300 ms there and back, which
// is reset now and then.
type narrow struct {
	ln      net.Listener
	target  string
	carried [2]atomic.Int64 // up, down: bytes of TCP payload
	resets  atomic.Int64
	rate    float64 // bytes a second
	delay   time.Duration

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	wg    sync.WaitGroup
}

func newNarrow(tb testing.TB, target string) *narrow {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	n := &narrow{ln: ln, target: target, rate: 125_000, delay: 150 * time.Millisecond, conns: map[net.Conn]struct{}{}}
	n.wg.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", n.target)
			if err != nil {
				near.Close()
				continue
			}
			n.mu.Lock()
			n.conns[near], n.conns[far] = struct{}{}, struct{}{}
			n.mu.Unlock()
			n.wg.Go(func() { n.carry(far, near, &n.carried[0]) })
			n.wg.Go(func() { n.carry(near, far, &n.carried[1]) })
		}
	})
	tb.Cleanup(func() {
		ln.Close()
		n.reset()
		n.wg.Wait()
	})
	return n
}

// reset breaks every connection: what is under way is lost.
func (n *narrow) reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		c.Close()
	}
	clear(n.conns)
	n.resets.Add(1)
}

// carry takes packets at the rate of the link and lets them out after the delay. As
// much as a modem queues waits in between.
func (n *narrow) carry(dst, src net.Conn, count *atomic.Int64) {
	type packet struct {
		b  []byte
		at time.Time
	}
	queue := make(chan packet, 128)
	n.wg.Go(func() {
		defer dst.Close()
		defer src.Close()
		for p := range queue {
			<-time.After(time.Until(p.at))
			if _, err := dst.Write(p.b); err != nil {
				break
			}
			count.Add(int64(len(p.b)))
		}
		for range queue {
		}
	})
	defer close(queue)
	free := time.Now()
	for {
		b := make([]byte, chunk)
		k, err := src.Read(b)
		if err != nil {
			return
		}
		if now := time.Now(); free.Before(now) {
			free = now
		}
		free = free.Add(time.Duration(float64(k+52) / n.rate * float64(time.Second)))
		queue <- packet{b[:k], free.Add(n.delay)} // full: the sender waits, the link does not
	}
}

// BenchmarkBacklog brings 30 days of a clinic over a link of 1 Mbit/s and 300 ms, once as
// it is and once with a reset in two of a hundred seconds, at least one.
func BenchmarkBacklog(b *testing.B) {
	w := newWorld(b, 20, "")
	w.begins()
	w.agree()
	link := newNarrow(b, w.hub.BrokerAddr())
	w.line.lead(link.ln.Addr().String())
	for _, c := range []struct {
		name   string
		resets bool
	}{{"good", false}, {"resets-2%", true}} {
		w.cable.Set(false)
		w.within(30*time.Second, "the link to be gone", func() bool { return !w.box.Truths().Linked })
		from := w.store.Own().Size()
		for w.store.Own().Size()-from < 10_000 { // faster than a month of PINs
			storetest.Fill(b, w.store, storetest.Population{Patients: 100, Visits: 200, Last: w.day})
		}
		entries := float64(w.store.Own().Size() - from)
		up, down, resets, begun := link.carried[0].Load(), link.carried[1].Load(), link.resets.Load(), time.Now()
		w.cable.Set(true)
		w.box.Reconnect()
		ctx, stop := context.WithCancel(context.Background())
		if c.resets {
			link.wg.Go(func() { link.breaks(ctx) })
		}
		first := time.Time{}
		w.within(5*time.Minute, "the backlog", func() bool {
			if first.IsZero() && link.carried[0].Load()-up > 16<<10 {
				first = time.Now()
			}
			tr := w.box.Truths()
			return tr.Received == tr.Saved
		})
		took, flow := time.Since(begun), time.Since(first)
		stop()
		sent := float64(link.carried[0].Load() - up)
		figure(b, c.name+"/entries", "entries", entries)
		figure(b, c.name+"/time", "s", took.Seconds())
		figure(b, c.name+"/link-use-whole", "%", 100*sent/(took.Seconds()*link.rate))
		figure(b, c.name+"/link-use-while-it-flows", "%", 100*(sent-16<<10)/(flow.Seconds()*link.rate))
		figure(b, c.name+"/up", "B/entry", sent/entries)
		figure(b, c.name+"/down", "B/entry", float64(link.carried[1].Load()-down)/entries)
		figure(b, c.name+"/resets", "resets", float64(link.resets.Load()-resets))
		w.same()
	}
}

// breaks resets the link in two of a hundred seconds, the sixth among them.
func (n *narrow) breaks(ctx context.Context) {
	rng := rand.New(rand.NewPCG(6, 6))
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		if i == 5 || rng.IntN(50) == 0 {
			n.reset()
		}
	}
}
