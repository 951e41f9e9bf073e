package modem

import (
	"slices"
	"testing"
)

func split(pieces ...string) (out []string) {
	var s splitter
	for _, p := range pieces {
		s.push([]byte(p), func(l string) { out = append(out, l) })
	}
	return out
}

func TestModemLines(t *testing.T) {
	for _, c := range []struct{ in, want []string }{
		{[]string{"\r\nOK\r\n"}, []string{"OK"}},
		{[]string{"\r", "\nO", "K\r", "\n"}, []string{"OK"}},
		{[]string{"\r\n> "}, []string{">"}},
		{[]string{"\r\n>", " "}, []string{">"}},
		{[]string{"> \r\nOK\r"}, []string{">", "OK"}},
		{[]string{"\x00+CSQ: 1\xff,9\x009\r\n"}, []string{"+CSQ: 1?,99"}},
		{[]string{"OK"}, nil},
	} {
		if got := split(c.in...); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.in, got)
		}
	}
}

func TestModemAnswers(t *testing.T) {
	for line, want := range map[string]bool{
		"+CEREG: 0,1": true, "+CEREG: 2,5,\"00A1\",\"01B2C3D4\",7": true, "+CEREG: 1": false, "+CEREG: 1,\"00A1\",\"01B2C3D4\",7": false, "+CEREG: ,1": false, "+CREG: 0,1": false,
	} {
		if shaped("+CEREG:", 2)(line) != want {
			t.Error(line)
		}
	}
	for v, want := range map[int]Bars{0: 0, 25: 0, 26: 1, 36: 2, 46: 3, 56: 4, 97: 4, 98: -1, 255: -1} {
		if b, _ := barsOfRSRP(v); b != want {
			t.Errorf("RSRP %d: %d bars", v, b)
		}
	}
	for v, want := range map[int]Bars{0: 0, 3: 0, 4: 1, 8: 2, 13: 3, 18: 4, 31: 4, 99: -1} {
		if b, _ := barsOfRSSI(v); b != want {
			t.Errorf("RSSI %d: %d bars", v, b)
		}
	}
}

// FuzzModemLines: lines do not depend on the pieces that they come in, and nothing that
// reads them fails.
func FuzzModemLines(f *testing.F) {
	f.Add([]byte("\r\n+CEREG: 0,1\r\n\r\nOK\r\n> "), uint8(1))
	f.Add([]byte("+CMGL: 1,0,,23\r\n0004\r\n+COPS: 0,2,\"452,04\",7\r"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		whole := split(string(b))
		var pieces []string
		for c := range slices.Chunk(b, int(size)+1) {
			pieces = append(pieces, string(c))
		}
		if got := split(pieces...); !slices.Equal(got, whole) {
			t.Fatalf("%q, in pieces %q", whole, got)
		}
		for _, l := range whole {
			if len(l) > maxLine {
				t.Error("long line")
			}
			for _, p := range []string{"+CEREG:", "+COPS:", "+CMGL:", ""} {
				if shaped(p, 2)(l) {
					if fs := last([]string{l}, p); len(fs) < 2 {
						t.Error(l)
					}
				}
			}
			_, _ = final(command{text: "AT"}, l)
			var box inbox
			box.direct(l)
			for _, g := range groups(box.late) {
				_ = missing(g)
				if !g[0].bad && g[0].in.Deliver != nil {
					_ = join(g)
				}
			}
		}
	})
}
