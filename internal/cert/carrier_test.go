package cert

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestTextRoundTrip(t *testing.T) {
	e := newEnrolment(t)
	for name, raw := range map[string][]byte{"request": e.request, "answer": e.seal(t)} {
		text := must[string](t)(Text(raw))
		lines := strings.Split(strings.TrimSpace(text), "\n")
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		sloppy := strings.ToLower(strings.ReplaceAll(strings.Join(lines, "\r\n\r\n  "), " ", "  "))
		got, err := ParseText(sloppy)
		if err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTypingErrorsAreLocated changes each character of some lines and swaps each
// pair of neighbours: the error names the line.
func TestTypingErrorsAreLocated(t *testing.T) {
	text := must[string](t)(Text(newEnrolment(t).request))
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, n := range []int{1, 2, 9, len(lines) - 1} {
		line := lines[n]
		for i := 4; i < len(line); i++ { // after the number
			if line[i] == ' ' {
				continue
			}
			wrong := []string{line[:i] + string(alphabet[(strings.IndexByte(alphabet, line[i])+1+i%30)%32]) + line[i+1:], line[:i] + "ế" + line[i+1:]}
			if prev := line[i-1]; prev != ' ' && prev != line[i] {
				wrong = append(wrong, line[:i-1]+line[i:i+1]+string(prev)+line[i+1:])
			}
			for _, w := range wrong {
				bad := slices.Clone(lines)
				bad[n] = w
				_, err := ParseText(strings.Join(bad, "\n"))
				var te *TextError
				if !errors.As(err, &te) || !slices.Equal(te.Wrong, []int{n}) || te.Missing != nil {
					t.Fatalf("line %d typed %q: %v", n, w, err)
				}
			}
		}
	}
	without := slices.Delete(slices.Clone(lines), 3, 5)
	var te *TextError
	if _, err := ParseText(strings.Join(without, "\n")); !errors.As(err, &te) || !slices.Equal(te.Missing, []int{3, 4}) {
		t.Errorf("left out lines 3 and 4: %v", err)
	}
	moved := slices.Clone(lines)
	moved[3] = "004" + moved[3][3:]
	if _, err := ParseText(strings.Join(moved, "\n")); !errors.As(err, &te) || !slices.Contains(te.Missing, 3) {
		t.Errorf("line 3 numbered 4: %v", err)
	}
	again := append(slices.Clone(lines), lines[2])
	again[2] = again[2][:len(again[2])-1] + "Z"
	if _, err := ParseText(strings.Join(again, "\n")); err != nil && !errors.As(err, &te) {
		t.Errorf("typed again below: %v", err)
	}
}

func TestTextsDoNotMix(t *testing.T) {
	a := strings.Split(must[string](t)(Text(newEnrolment(t).request)), "\n")
	b := strings.Split(must[string](t)(Text(newEnrolment(t).request)), "\n")
	n := 50 // the TLS keys differ somewhere after it
	mixed := slices.Concat(a[:n], b[n:])
	if raw, err := ParseText(strings.Join(mixed, "\n")); err == nil && !bytes.Equal(raw, must[[]byte](t)(ParseText(strings.Join(b, "\n")))) {
		t.Error("two texts mixed pass")
	}
	for _, bad := range []string{"", "x", "CLINICBOX", "CLINICBOX REQUEST 0", "CLINICBOX REQUEST 1000", "CLINICBOX REQUEST -1", "CLINICBOX REQUEST 1\n001 0000 00"} {
		if _, err := ParseText(bad); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
	if _, err := Text(statements(t)["box"]); err == nil {
		t.Error("a certificate alone has a text form")
	}
}

func TestQR(t *testing.T) {
	e := newEnrolment(t)
	raw := e.seal(t)
	codes := must[[]string](t)(QR(raw))
	for _, c := range codes {
		if len(c) > MaxQR || strings.Trim(c, alphabet+":") != "" {
			t.Fatalf("%d characters, %q", len(c), c)
		}
	}
	var p Parts
	for i, c := range slices.Backward(codes) {
		if _, err := p.Bytes(); err == nil {
			t.Fatal("complete too early")
		}
		if err := p.Add(" " + c + "\r\n"); err != nil || len(p.Missing()) != i {
			t.Fatalf("%v, missing %v", err, p.Missing())
		}
		if err := p.Add(c); err != nil { // scanned twice
			t.Fatal(err)
		}
	}
	if got, err := p.Bytes(); err != nil || !bytes.Equal(got, raw) {
		t.Fatal(err)
	}
	for _, c := range must[[]string](t)(QR(e.request)) {
		if err := p.Add(c); !errors.Is(err, ErrOtherSet) {
			t.Errorf("a code of the request: %v", err)
		}
	}
	var bad Parts
	for i, c := range codes {
		if i == 1 {
			c = c[:len(c)-2] + "00"
		}
		if err := bad.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bad.Bytes(); err == nil {
		t.Error("a changed part passes")
	}
	for i, c := range []string{"", "CB1", "CB2:A:00000000:01:01:00", "CB1:A:00000000:02:01:00", "CB1:A:00000000:00:01:00", "CB1:A:00000000:+1:01:00", "CB1:A:00000000:01:99:00", "CB1:A:00000000:01:01:", "CB1:A:00000000:01:01:UU", strings.Repeat("0", 2000)} {
		if new(Parts).Add(c) == nil {
			t.Errorf("%d: %q passes", i, c)
		}
	}
}

func FuzzText(f *testing.F) {
	e := newEnrolment(f)
	text := must[string](f)(Text(e.request))
	f.Add(text)
	f.Add(text[:500])
	f.Add("CLINICBOX ANSWER 2\n001 0000 ZZ\n002")
	f.Fuzz(func(t *testing.T, s string) {
		raw, err := ParseText(s)
		if err != nil {
			return
		}
		again, err := Text(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseText(again); err != nil || !bytes.Equal(got, raw) {
			t.Fatal("text does not come back")
		}
	})
}

func FuzzQR(f *testing.F) {
	codes := must[[]string](f)(QR(newEnrolment(f).request))
	f.Add(strings.Join(codes, "\n"))
	f.Add("CB1:Q:00000000:01:01:00")
	f.Fuzz(func(t *testing.T, s string) {
		var p Parts
		for line := range strings.Lines(s) {
			_ = p.Add(line)
		}
		if raw, err := p.Bytes(); err == nil {
			if _, err := QR(raw); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzStatements gives any bytes to everybody who reads statements. Nothing but
// what the keys of the test signed may be believed.
func FuzzStatements(f *testing.F) {
	e := newEnrolment(f)
	known := map[string]bool{}
	for _, raw := range statements(f) {
		f.Add(raw)
		known[string(raw)] = true
	}
	f.Add(e.request)
	f.Add(e.seal(f))
	s := statements(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for name := range s {
			if err := judge(trustFrom(s), s, name, raw); err == nil && !known[string(raw)] {
				t.Fatalf("%s is believed: %x", name, raw)
			}
		}
		_, _ = Unverified[Answer](raw)
		_, _ = Unverified[Request](raw)
		_, _, _ = ReadProvisional(raw)
		if _, err := OpenAnswer(raw, e.expect()); err == nil && !bytes.Equal(raw, e.seal(t)) && len(raw) == 0 {
			t.Fatal("answer is believed")
		}
	})
}

func trustFrom(s map[string][]byte) *Trust {
	return must2(LoadTrust(pub(rootKey), [][]byte{s["issuer"], s["hub"], s["list"]}))
}

func FuzzCode(f *testing.F) {
	f.Add("0123-4567-89AB-CDEF")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCode(s)
		if err != nil {
			return
		}
		if again, err := ParseCode(c.String()); err != nil || again != c {
			t.Fatal(fmt.Sprint("code does not come back: ", err))
		}
	})
}
