package panel

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// However a stream is cut, the events are the same and none is made up.
func FuzzEvents(f *testing.F) {
	f.Add(bytes.Repeat([]byte{1}, 3*record+5), 7)
	f.Add(append(make([]byte, record-8), 1, 0, 116, 0, 1, 0, 0, 0), 1)
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		if cut <= 0 || cut > 100 {
			cut = 1
		}
		var whole, parts []event
		var a, b events
		a.push(stream, func(e event) { whole = append(whole, e) })
		for rest := stream; len(rest) > 0; {
			n := min(cut, len(rest))
			b.push(rest[:n], func(e event) { parts = append(parts, e) })
			rest = rest[n:]
		}
		if len(whole) != len(stream)/record || len(parts) != len(whole) {
			t.Fatalf("%d bytes: %d and %d events", len(stream), len(whole), len(parts))
		}
		for i, e := range whole {
			if parts[i] != e {
				t.Fatalf("event %d: %+v and %+v", i, e, parts[i])
			}
			if edge, ok := e.edge(116); ok && edge == Opened {
				t.Fatalf("%+v opens the wire", e)
			}
		}
	})
}

// Whatever edges come whenever, a press is told once for each time the button goes
// down, and none while it was never down for the bounce.
func FuzzPresses(f *testing.F) {
	f.Add([]byte{1, 200, 0, 40})
	f.Add([]byte{1, 2, 0, 3, 1, 255, 1, 255, 0, 1})
	f.Fuzz(func(t *testing.T, steps []byte) {
		p := presses{bounce: 30 * time.Millisecond, long: 3 * time.Second}
		now, downs, told, lasted := time.Unix(0, 0), 0, 0, false
		for i := 0; i+1 < len(steps); i += 2 {
			if steps[i]&1 == 1 && !p.raw {
				downs++
			}
			if p.edge(steps[i]&1 == 1, now) != 0 {
				told++
			}
			now = now.Add(time.Duration(steps[i+1]) * 20 * time.Millisecond)
			lasted = lasted || (p.raw && now.Sub(p.changed) >= p.bounce)
			if steps[i]&2 == 2 && p.tick(now) != 0 {
				told++
			}
			if _, ok := p.due(now); !ok && p.raw && !p.told {
				t.Fatal("a press under way and nothing to wait for")
			}
		}
		if told > downs || (told > 0 && !lasted) {
			t.Fatalf("%d presses of %d times down", told, downs)
		}
	})
}

// Texts of files give values within their bounds or errors, never both.
func FuzzTexts(f *testing.F) {
	for _, s := range []string{"83\n", "-1", "", "0x10", "9223372036854775808", "none [mmc0] timer\n", "[", "]x[", "Discharging\n", "\x00\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := number(text, -5, 110)
		if n < -5 || n > 110 || (err != nil && (n != 0 || !errors.Is(err, ErrGarbage))) {
			t.Fatalf("number %q: %d, %v", text, n, err)
		}
		for _, w := range []string{word(text), chosen(text)} {
			if len(w) > 64 || bytes.ContainsAny([]byte(w), "\x00\n\x1b\x7f") {
				t.Fatalf("word of %q: %q", text, w)
			}
		}
	})
}

// one is a class with one device, all of whose files have texts of the fuzzer.
type one struct{ texts map[string][]byte }

func (o one) Read(path string) ([]byte, error) {
	for name, text := range o.texts {
		if bytes.HasSuffix([]byte(path), []byte("/"+name)) {
			return text, nil
		}
	}
	return nil, errors.New("no such file")
}

func (one) Write(string, string) error    { return nil }
func (one) List(string) ([]string, error) { return []string{"thermal_zone0"}, nil }

// A device that says anything at all gives a reading that makes sense.
func FuzzDevices(f *testing.F) {
	f.Add([]byte("Battery\n"), []byte("Discharging\n"), []byte("15\n"), []byte("48312\n"))
	f.Add([]byte("Mains"), []byte(""), []byte("1"), []byte("-70000"))
	f.Fuzz(func(t *testing.T, kind, status, value, temp []byte) {
		k := kernel{one{map[string][]byte{
			"type": kind, "status": status, "capacity": value, "online": value, "present": value,
			"capacity_level": status, "temp": temp, "name": kind, "since_epoch": value,
		}}}
		p, warn := power(k.supplies("class"), 20)
		if p.Charge < Uncharted || p.Charge > 100 || (warn && !p.There) || (p.Charging && !p.There) {
			t.Fatalf("%+v %t", p, warn)
		}
		if h := k.hottest("class"); h.Temp < -60_000 || h.Temp > 200_000 {
			t.Fatalf("%+v", h)
		}
		if r := k.rtc("class"); !r.There && (r.Runs || r.Name != "") {
			t.Fatalf("%+v", r)
		}
	})
}
