package sim

import (
	"testing"

	"clinicbox/clinic"
)

// FuzzCard sends a card three commands of any bytes, in clear and after they opened a
// session by whatever luck: it answers each.
func FuzzCard(f *testing.F) {
	for _, s := range []string{
		"\x00\xA4\x04\x0C\x07\xA0\x00\x00\x02\x47\x10\x01", "\x00\x84\x00\x00\x08", "\x00\x22\xC1\xA4\x03\x83\x01\x01",
		"\x10\x86\x00\x00\x02\x7C\x00\x00", "\x00\x22\xC1\xA4\x02\x80\x00", "\x0C\xB0\x00\x00\x03\x8E\x84\x01\x00", "\x00\xB0\x00\x00\x00\x00\x00",
	} {
		f.Add([]byte(s), []byte(s), []byte("\x00\xC0\x00\x00\x00"))
	}
	p := clinic.Patient{Name: "Lê Văn Thử", Birth: clinic.Date{Year: 1980, Month: 5, Day: 6}, Sex: clinic.SexMale}
	spec := CitizenCard(&p, "001080000004", nil)
	c, err := NewCard(spec, CardFaults{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, one, two, three []byte) {
		c.Lay(CardFaults{})
		for _, b := range [][]byte{one, two, three} {
			if out, err := c.Transmit(t.Context(), b); err != nil || len(out) < 2 {
				t.Fatalf("%X: %X, %v", b, out, err)
			}
		}
		c.sm, c.open, c.app = newCardSession(2, []byte("secret"), 0), true, true
		for _, b := range [][]byte{one, two, three} {
			if out, err := c.Transmit(t.Context(), b); err != nil || len(out) < 2 {
				t.Fatalf("%X: %X, %v", b, out, err)
			}
		}
	})
}

// TestZone: the zone of an invented card has three lines of thirty.
func TestZone(t *testing.T) {
	p := clinic.Patient{Name: "Lê Văn Thử", Birth: clinic.Date{Year: 1980, Month: 5, Day: 6}, Sex: clinic.SexMale}
	// Check digits were reckoned apart from this code (9303-3 section 4.9).
	const want = "I<VNM0800000048001080000004<<<\n8005067M4103149VNM<<<<<<<<<<<1\nLE<<VAN<THU<<<<<<<<<<<<<<<<<<<"
	if got := CitizenCard(&p, "001080000004", nil).Zone(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}
