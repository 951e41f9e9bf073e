package pages

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/cert"
)

func TestAddresses(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:80": "192.0.2.7/32", "[2001:db8:1:2:3::4]:80": "2001:db8:1:2::/64", "[::ffff:192.0.2.7]:1": "192.0.2.7/32",
		"[fe80::1%eth0]:80": "fe80::/64", "pipe": "invalid Prefix", "": "invalid Prefix",
	} {
		if got := addressOf(remote).String(); got != want {
			t.Errorf("%q: %s", remote, got)
		}
	}
}

// TestLimitUnderAFlood: many addresses neither fill the memory nor shut out who has
// not tried.
func TestLimitUnderAFlood(t *testing.T) {
	var l limit
	now := time.Unix(1_800_000_000, 0)
	for i := range 3 * maxAddrs {
		l.wrong(addressOf(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)), now)
	}
	if len(l.next) > maxAddrs {
		t.Error(len(l.next))
	}
	if d := l.wait(addressOf("192.0.2.1:1"), now); d != 0 {
		t.Error(d)
	}
}

func TestOnceIsBounded(t *testing.T) {
	var o once
	now := time.Unix(1_800_000_000, 0)
	who := caller{"x", "s"}
	for i := range 2 * maxDone {
		if _, err := o.do(who, fmt.Sprint(i), now, func() (string, error) { return "/", nil }); err != nil {
			t.Fatal(err)
		}
		o.keep(who, "code", i, now)
	}
	if len(o.done) > maxDone || len(o.secrets) > maxSecrets {
		t.Error(len(o.done), len(o.secrets))
	}
	failed := fmt.Errorf("failed")
	for i, want := range []error{failed, nil, nil} { // what failed may be sent again, what was done is not done again
		if _, err := o.do(who, "again", now, func() (string, error) { return "/", []error{failed, nil, failed}[i] }); err != want {
			t.Error(i, err)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"tram.lan 192.168.1.10", "fe80::1, x.home.arpa", "8.8.8.8", "a..lan", strings.Repeat("a.lan ", 9), "::ffff:10.0.0.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := namesOf(s)
		if !ok {
			return
		}
		for _, d := range n.DNS {
			if strings.Contains("."+d, "..") || !slices.ContainsFunc([]string{".local", ".lan", ".internal", ".home.arpa"}, func(u string) bool { return strings.HasSuffix(d, u) }) {
				t.Errorf("%q", d)
			}
		}
		for _, a := range n.IPs {
			if !a.IsPrivate() && !a.IsLinkLocalUnicast() && !a.IsLoopback() || a.Zone() != "" {
				t.Error(a)
			}
		}
	})
}

// FuzzCarried: whatever is pasted is a request, or the page says what is wrong.
func FuzzCarried(f *testing.F) {
	for _, s := range []string{"", "CLINICBOX REQUEST 1\n001 0000", "CB1:Q:AAAAAAAA:01:01:00", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := &enrolView{Text: s}
		raw, err := v.parse()
		if (err == nil) == (v.Message != "") {
			t.Errorf("%v, %q", err, v.Message)
		}
		if _, err2 := cert.KindOf(raw); err == nil && err2 != nil {
			t.Error(err2)
		}
	})
}
