package mqttlink

import (
	"bytes"
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// TestWorthwhile: a link that breaks at once keeps its growing pauses; one that carried
// much more than connecting costs begins with short ones again.
func TestWorthwhile(t *testing.T) {
	var conns atomic.Int64
	topic := "cb/1/a/down"
	publish := append(binary.BigEndian.AppendUint16(nil, uint16(len(topic))), topic...)
	publish = append(publish, make([]byte, 4096-len(publish))...)
	publish = append([]byte{0x30, 0x80, 0x20}, publish...) // QoS 0, 4,096 bytes
	addr := serve(t, func(c net.Conn) {
		n := conns.Add(1)
		if n > 4 { // never answered: what was noted of the one before stays to be seen
			readPacket(c)
			readPacket(c)
			return
		}
		readPacket(c)
		_, _ = c.Write([]byte{0x20, 2, 0, 0})
		sub := readPacket(c)
		if len(sub) < 4 {
			return
		}
		_, _ = c.Write([]byte{0x90, 3, sub[2], sub[3], 0})
		if n == 4 {
			_, _ = c.Write(bytes.Repeat(publish, 24))
		}
	})
	o := quick(addr, "a")
	o.MaxBackoff, o.ConnectTimeout = time.Hour, time.Minute // neither ends anything here
	l, b := run(t, o, topic)
	eventually(t, "what the fourth connection brought", func() bool { return len(b.all()) == 24 })
	eventually(t, "the fifth", func() bool { return conns.Load() == 5 })
	if s := l.State(); s.Tries != 1 {
		t.Errorf("%d tries after a connection that was worth it", s.Tries)
	}
}

// TestGaps: the pauses, before their jitter.
func TestGaps(t *testing.T) {
	l, err := New(Opts{Broker: "tcp://127.0.0.1:1", ClientID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cause Cause
		tries int
		busy  bool
		want  time.Duration
	}{
		{CauseLost, 1, false, 2 * time.Second},
		{CauseLost, 1, true, 250 * time.Millisecond},
		{CauseUnreachable, 1, true, 2 * time.Second},
		{CauseUnreachable, 2, true, 4 * time.Second},
		{CauseUnreachable, 7, false, time.Minute},
		{CauseUnreachable, 30, false, 5 * time.Minute},
		{CauseRefused, 1, true, 5 * time.Minute},
	} {
		if got := l.gap(c.cause, c.tries, c.busy); got != c.want {
			t.Errorf("%s, %d tries, busy %v: %v, want %v", c.cause, c.tries, c.busy, got, c.want)
		}
	}
}
