package mdns

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"

	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
)

const asked = "tram-01.local."

func home() face {
	return face{7, []netip.Prefix{netip.MustParsePrefix("192.168.4.20/24"), netip.MustParsePrefix("fd00:1::20/64"), netip.MustParsePrefix("fe80::20/64")}}
}

func responder(t testing.TB) *Responder {
	t.Helper()
	r, err := New(Opts{Name: "tram-01", Log: testlog.New(t).Logger()})
	if err != nil {
		t.Fatal(err)
	}
	r.known = []face{home()}
	return r
}

// question packs one, as resolvers send it.
func question(t testing.TB, name string, typ dnsmessage.Type, class dnsmessage.Class) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 4711},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("printer.local."), Type: typ, Class: 1}, {Name: dnsmessage.MustNewName(name), Type: typ, Class: class}},
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// told reads the addresses of an answer.
func told(t testing.TB, packet []byte) (m dnsmessage.Message, addrs []string) {
	t.Helper()
	if err := m.Unpack(packet); err != nil {
		t.Fatalf("the answer cannot be read: %v", err)
	}
	for _, a := range m.Answers {
		switch b := a.Body.(type) {
		case *dnsmessage.AResource:
			addrs = append(addrs, netip.AddrFrom4(b.A).String())
		case *dnsmessage.AAAAResource:
			addrs = append(addrs, netip.AddrFrom16(b.AAAA).String())
		}
	}
	return m, addrs
}

func TestAnswers(t *testing.T) {
	const in = dnsmessage.ClassINET
	near, resolver := "192.168.4.9:5353", "192.168.4.9:40000"
	for _, c := range []struct {
		name, host, from string
		typ              dnsmessage.Type
		class            dnsmessage.Class
		index            int
		to               string // "" = the group, "-" = no answer
		ttl              uint32
	}{
		{"A", asked, near, dnsmessage.TypeA, in, 7, "", hostTTL},
		{"AAAA", asked, near, dnsmessage.TypeAAAA, in, 7, "", hostTTL},
		{"any", asked, near, dnsmessage.TypeALL, in, 7, "", hostTTL},
		{"any class", asked, near, dnsmessage.TypeA, dnsmessage.ClassANY, 7, "", hostTTL},
		{"another case", "TRAM-01.LOCAL.", near, dnsmessage.TypeA, in, 7, "", hostTTL},
		{"unicast wanted", asked, near, dnsmessage.TypeA, in | topBit, 7, near, hostTTL},
		{"plain resolver", asked, resolver, dnsmessage.TypeA, in, 7, resolver, legacyTTL},
		{"over IPv6", asked, "[fe80::9%eth0]:5353", dnsmessage.TypeAAAA, in, 7, "", hostTTL},
		{"another name", "tram-02.local.", near, dnsmessage.TypeA, in, 7, "-", 0},
		{"a name below", "x.tram-01.local.", near, dnsmessage.TypeA, in, 7, "-", 0},
		{"another type", asked, near, dnsmessage.TypeTXT, in, 7, "-", 0},
		{"another class", asked, near, dnsmessage.TypeA, dnsmessage.ClassCHAOS, 7, "-", 0},
		{"from afar", asked, "203.0.113.7:5353", dnsmessage.TypeA, in, 7, "-", 0},
		{"from afar, unicast", asked, "203.0.113.7:53", dnsmessage.TypeA, in, 7, "-", 0},
		{"another interface", asked, near, dnsmessage.TypeA, in, 8, "-", 0},
		{"nobody", asked, "", dnsmessage.TypeA, in, 7, "-", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, _ := netip.ParseAddrPort(c.from)
			b, to := responder(t).answer(question(t, c.host, c.typ, c.class), c.index, from)
			if c.to == "-" {
				if b != nil {
					t.Errorf("answered to %v", to)
				}
				return
			}
			m, addrs := told(t, b)
			if want := (netip.AddrPort{}); c.to != "" && to != netip.MustParseAddrPort(c.to) || c.to == "" && to != want {
				t.Errorf("to %v", to)
			}
			if !slices.Equal(addrs, []string{"192.168.4.20", "fd00:1::20"}) || !m.Response || !m.Authoritative || m.Answers[0].Header.TTL != c.ttl {
				t.Errorf("%v %+v", addrs, m.Header)
			}
			legacy := c.ttl == legacyTTL
			if flush := m.Answers[0].Header.Class&topBit != 0; flush == legacy || legacy != (m.ID == 4711) || legacy != (len(m.Questions) == 1) {
				t.Errorf("flush %v, ID %d, %d questions", flush, m.ID, len(m.Questions))
			}
		})
	}
}

// TestMissingFamilyIsDenied: RFC 6762 section 6.1.
func TestMissingFamilyIsDenied(t *testing.T) {
	r := responder(t)
	r.known[0].nets = r.known[0].nets[:1]
	b, _ := r.answer(question(t, asked, dnsmessage.TypeAAAA, dnsmessage.ClassINET), 7, netip.MustParseAddrPort("192.168.4.9:5353"))
	m, addrs := told(t, b)
	nsec, ok := m.Additionals[0].Body.(*dnsmessage.UnknownResource)
	if !ok || nsec.Type != typeNSEC || !slices.Equal(addrs, []string{"192.168.4.20"}) {
		t.Fatalf("%v %v", addrs, m.Additionals)
	}
	if want := "\x07tram-01\x05local\x00\x00\x04\x40\x00\x00\x00"; string(nsec.Data) != want {
		t.Errorf("NSEC %q, want %q", nsec.Data, want)
	}
}

func TestFloodsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := responder(t)
		count := func(from string, n int) (answered int) {
			for range n {
				if b, _ := r.answer(question(t, asked, dnsmessage.TypeA, dnsmessage.ClassINET), 7, netip.MustParseAddrPort(from)); b != nil {
					answered++
				}
			}
			return answered
		}
		if n := count("192.168.4.9:5353", 100); n != 1 {
			t.Errorf("%d multicasts in a second", n)
		}
		time.Sleep(quiet)
		if n := count("192.168.4.9:5353", 100); n != 1 {
			t.Errorf("%d multicasts in the next", n)
		}
		if n := count("192.168.4.9:53", 10*perLook); n != perLook {
			t.Errorf("%d unicast answers", n)
		}
	})
}

func TestNames(t *testing.T) {
	log := testlog.New(t).Logger()
	for name, ok := range map[string]bool{"tram-01": true, "A1": true, "": false, "a.b": false, "trạm": false, "a b": false, strings.Repeat("x", 64): false} {
		if _, err := New(Opts{Name: name, Log: log}); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := New(Opts{Name: "a"}); err == nil {
		t.Error("without a log")
	}
}

func TestFaces(t *testing.T) {
	f := newFace(3, []net.Addr{&net.IPNet{IP: net.ParseIP("192.168.4.20"), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.ParseIP("fe80::1"), Mask: net.CIDRMask(64, 128)}, &net.IPAddr{}})
	if a := f.addrs(); len(a) != 1 || a[0].String() != "192.168.4.20" || !f.near(netip.MustParseAddr("192.168.4.9")) || f.near(netip.MustParseAddr("192.168.5.9")) {
		t.Errorf("%+v", f)
	}
	if _, err := faces(); err != nil {
		t.Error(err)
	}
}

// TestOverSockets asks over real multicast on the loopback interface: it hears the
// announcement, an answer to the group, one to a plain resolver, a changed address,
// and the goodbye.
func TestOverSockets(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		testpeer.Lacks(t, "no loopback interface named lo")
	}
	r := responder(t)
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4zero})
	if err != nil {
		t.Fatal(err)
	}
	r.port = free.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	free.Close()
	r.faces = func() ([]face, error) {
		return []face{{lo.Index, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}}}, nil
	}
	group := net.UDPAddrFromAddrPort(group4(r.port))
	ear, err := net.ListenMulticastUDP("udp4", lo, group)
	if err != nil {
		testpeer.Lacks(t, "no multicast: "+err.Error())
	}
	defer ear.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	<-r.Ready()
	hear := func(c net.PacketConn, ttl uint32) {
		t.Helper()
		b := make([]byte, maxQuery)
		for {
			if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			n, _, err := c.ReadFrom(b)
			if err != nil {
				t.Fatalf("nothing with TTL %d heard: %v", ttl, err)
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || !m.Response || m.Answers[0].Header.TTL != ttl {
				continue // an answer or a question of before
			}
			if _, addrs := told(t, b[:n]); !slices.Equal(addrs, []string{"127.0.0.1"}) {
				t.Errorf("told %v", addrs)
			}
			return
		}
	}
	hear(ear, hostTTL)
	mouth, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer mouth.Close()
	if err := ipv4.NewPacketConn(mouth).SetMulticastInterface(lo); err != nil {
		t.Fatal(err)
	}
	if _, err := mouth.WriteTo(question(t, asked, dnsmessage.TypeA, dnsmessage.ClassINET), group); err != nil {
		t.Fatal(err)
	}
	hear(mouth, legacyTTL)
	cancel()
	hear(ear, 0)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(question(f, asked, dnsmessage.TypeA, dnsmessage.ClassINET))
	f.Add(question(f, asked, dnsmessage.TypeALL, dnsmessage.ClassINET|topBit))
	f.Add([]byte{})
	r := responder(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		r.sent, r.last[7] = 0, time.Time{}
		for _, from := range []string{"192.168.4.9:5353", "192.168.4.9:53"} {
			if packet, _ := r.answer(b, 7, netip.MustParseAddrPort(from)); packet != nil {
				if _, addrs := told(t, packet); len(addrs) != 2 || len(packet) > 512 {
					t.Errorf("told %v in %d bytes", addrs, len(packet))
				}
			}
		}
	})
}
