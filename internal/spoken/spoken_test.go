package spoken_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"clinicbox/internal/spoken"
)

const alphabet = "23456789CFGHJKLMNPQRTVX"

func TestRoundTrip(t *testing.T) {
	for range 200 {
		c := spoken.New(6)
		text := c.Reveal()
		if len(text) != 41 || strings.Count(text, "-") != 5 {
			t.Fatalf("the form is %d characters", len(text))
		}
		for _, typed := range []string{
			text, strings.ToLower(text), strings.ReplaceAll(text, "-", ""), strings.ReplaceAll(text, "-", " "),
			" " + strings.ReplaceAll(text, "-", "\n") + "\r\n", strings.ReplaceAll(text, "-", " – "), text[:3] + " " + text[3:],
		} {
			got, err := spoken.Parse(typed, 6)
			if err != nil || got.Reveal() != text || string(got.Secret()) != string(c.Secret()) {
				t.Fatalf("typed another way: %v", err)
			}
		}
	}
	if bits := 30 * math.Log2(float64(len(alphabet))); bits < 128 {
		t.Fatalf("six groups carry %.1f bits", bits)
	}
}

// Every wrong character and every swap within a group is told with its group.
func TestErrorsAreLocated(t *testing.T) {
	text := spoken.New(6).Reveal()
	located := func(typed string, want ...int) {
		t.Helper()
		_, err := spoken.Parse(typed, 6)
		e, ok := errors.AsType[*spoken.Error](err)
		if !ok || !slices.Equal(e.Groups, want) || !errors.Is(err, spoken.ErrCode) {
			t.Fatalf("got %v, want groups %v", err, want)
		}
	}
	for i := range len(text) {
		if text[i] == '-' {
			continue
		}
		group := i/7 + 1
		for _, r := range alphabet + "0O1ISZ5B8ĐƯ!" {
			wrong := text[:i] + string(r) + text[i+1:]
			if wrong != text {
				located(wrong, group)
			}
		}
		located(text[:i]+text[i+1:], group)           // forgotten
		located(text[:i]+text[i:i+1]+text[i:], group) // twice
		for j := i + 1; j < len(text) && text[j] != '-'; j++ {
			if text[i] != text[j] {
				b := []byte(text)
				b[i], b[j] = b[j], b[i]
				located(string(b), group)
			}
		}
	}
	g := strings.Split(text, "-")
	located(strings.Join([]string{g[0], g[2], g[1], g[3], g[4], g[5]}, "-"), 2, 3)
	_, err := spoken.Parse(text[:34], 6)
	if e, ok := errors.AsType[*spoken.Error](err); !ok || e.Have != 5 || e.Want != 6 || e.Groups != nil {
		t.Fatalf("a group is missing: %v", err)
	}
	if want := "spoken: groups 2, 3 are wrong"; (&spoken.Error{Groups: []int{2, 3}}).Error() != want {
		t.Error("words")
	}
}

func TestDeriveAndPrefix(t *testing.T) {
	a, b := spoken.Derive([]byte("s"), "x", 6), spoken.Derive([]byte("s"), "x", 6)
	if a.Reveal() != b.Reveal() || a.Reveal() == spoken.Derive([]byte("s"), "y", 6).Reveal() {
		t.Fatal("not a function of secret and purpose")
	}
	for n := range uint32(60) {
		c := a.Prefixed(n)
		if !c.HasPrefix(n) || c.HasPrefix(n+1) || !c.HasPrefix(n+23) {
			t.Fatal("prefix", n)
		}
	}
	if (spoken.Code{}).HasPrefix(0) || !(spoken.Code{}).IsZero() || (spoken.Code{}).Reveal() != "" {
		t.Fatal("the zero code")
	}
}

func TestNothingIsPrinted(t *testing.T) {
	c := spoken.New(6)
	holder := struct{ c spoken.Code }{c}
	_, err := spoken.Parse("X"+c.Reveal()[1:], 6)
	for _, s := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v %#v %s %x %q %d", c, c, c, c, c, c), fmt.Sprintf("%v %+v %#v", holder, holder, holder),
		fmt.Sprint(err), c.LogValue().String(),
	} {
		if strings.Contains(s, string(c.Secret()[:5])) {
			t.Errorf("%q shows the code", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(spoken.New(6).Reveal())
	f.Add("-- ĐƯ --")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := spoken.Parse(s, 6)
		if err != nil {
			if !errors.Is(err, spoken.ErrCode) {
				t.Fatal(err)
			}
			return
		}
		if again, err := spoken.Parse(c.Reveal(), 6); err != nil || string(again.Secret()) != string(c.Secret()) {
			t.Fatal("the canonical form is another code")
		}
	})
}
