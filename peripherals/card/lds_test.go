package card

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

// TestCitizenItems: items are found by number, in whatever they are wrapped; missing and
// unknown ones are no error.
func TestCitizenItems(t *testing.T) {
	item := func(n byte, words ...string) []byte {
		var in []byte
		for _, w := range words {
			in = append(in, tlv(0x0C, []byte(w))...)
		}
		return tlv(0x30, tlv(2, []byte{n}), in)
	}
	flat := concat(item(1, "001190000007"), item(2, "Nguyễn Thị Thử"), item(13, "Cha Thử", "Mẹ Thử"), item(99, "khác"))
	nested := tlv(0x30, tlv(2, []byte{13}), tlv(0x30, tlv(0x0C, []byte("Cha Thử")), tlv(0x0C, []byte("Mẹ Thử"))))
	set := tlv(0x30, tlv(2, []byte{1}), tlv(6, []byte{1, 2}), tlv(0x31, item(2, "Nguyễn Thị Thử"), nested, item(1, "001190000007"), item(99, "khác")))
	for name, in := range map[string][]byte{"flat": flat, "wrapped": tlv(0x30, tlv(0x31, flat)), "nested": set} {
		c, ok := parseDG13(tlv(0x6D, in))
		if !ok || c.First(ItemNumber) != "001190000007" || c.First(ItemName) != "Nguyễn Thị Thử" ||
			!slices.Equal(c[ItemParents], []string{"Cha Thử", "Mẹ Thử"}) || c.First(99) != "khác" || c.First(ItemSpouse) != "" {
			t.Errorf("%s: %v %q", name, ok, c[ItemParents])
		}
	}
	c, _ := parseDG13(tlv(0x6D, item(3, "01/02/1990"), item(11, "31/02/2021"), item(12, "x"), item(2, "Thu\xFF")))
	if c.date(ItemBirth) != (clinic.Date{Year: 1990, Month: 2, Day: 1}) || !c.date(ItemIssued).IsZero() || !c.date(ItemExpiry).IsZero() || c.First(ItemName) != "" {
		t.Errorf("%v %v %v", c.date(ItemBirth), c.date(ItemIssued), c.date(ItemExpiry))
	}
}

// TestNumberFromThePartThatHasIt: a part whose number is none does not hide the next.
func TestNumberFromThePartThatHasIt(t *testing.T) {
	r := Reading{MRZ: MRZ{Type: "I", Issuer: "VNM", Optional: "001190000007"}, Citizen: Citizen{ItemNumber: {"190000007"}}}
	want := []clinic.Identifier{{System: clinic.SystemCitizen, Value: "001190000007"}}
	if got := r.Patient(time.Now()).Identifiers; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	r.MRZ.Optional = ""
	if got := r.Patient(time.Now()).Identifiers; got != nil {
		t.Errorf("%v", got)
	}
}

func TestDetails(t *testing.T) {
	d, ok := parseDG11(tlv(0x6B, tlv(0x5C, []byte{0x5F, 0x0E}), tlv(0x5F0E, []byte("NGUYỄN<<THỊ<THỬ")), tlv(0x5F10, []byte("001190000007")),
		tlv(0x5F2B, []byte{0x19, 0x90, 0x02, 0x01}), tlv(0x5F11, []byte("XÃ THỬ<TỈNH THỬ")), tlv(0x5F42, []byte("THÔN\nTHỬ"))))
	want := Details{"NGUYỄN THỊ THỬ", "001190000007", clinic.Date{Year: 1990, Month: 2, Day: 1}, "XÃ THỬ, TỈNH THỬ", "THÔN THỬ"}
	if !ok || d != want {
		t.Errorf("%v %#v", ok, d)
	}
	if got := fullDate([]byte("19900201")); got != want.Birth {
		t.Errorf("%v", got)
	}
}

// TestPhotoIsTheWholeFile: a JP2 file begins with its boxes, not with the codestream
// inside, whichever is looked for first.
func TestPhotoIsTheWholeFile(t *testing.T) {
	file := concat([]byte("\x00\x00\x00\x0CjP  \r\n\x87\n"), make([]byte, 60), []byte("\xFF\x4F\xFF\x51"), make([]byte, 100))
	dg2 := tlv(0x75, tlv(0x5F2E, []byte("FAC\x00010\x00"), make([]byte, 38), file))
	for range 50 { // maps have no order
		if p, ok := parseDG2(dg2); !ok || p.Type != "image/jp2" || !bytes.Equal(p.Data, file) {
			t.Fatalf("%v, %d of %d bytes", ok, len(p.Data), len(file))
		}
	}
}

// TestOddStatuses: what GET RESPONSE and a corrected length bring is put together.
func TestOddStatuses(t *testing.T) {
	l := &line{card: &script{t, []string{
		"00B0000004", "6C02", "00B0000002", "0102 9000",
		"00B0000000", "01 6102", "00C0000002", "02 6101", "00C0000001", "03 9000",
		"00B0000000", "6C00", "00B0000000", "9000",
	}}}
	for _, c := range []struct {
		le   int
		want string
	}{{4, "0102"}, {256, "010203"}, {256, ""}} {
		a, err := l.send(t.Context(), "x", command{ins: 0xB0, le: c.le})
		if err != nil || a.sw != swOK || string(a.data) != string(unhex(c.want)) {
			t.Errorf("%X %04X %v, want %s", a.data, a.sw, err, c.want)
		}
	}
	// Extended forms, and chaining of what a short command cannot hold.
	for want, c := range map[string]command{
		"00B00000000200": {ins: 0xB0, le: 512}, "00B00000000000": {ins: 0xB0, le: 65536}, "00000000": {},
		"00860000000001010000": {ins: 0x86, data: []byte{1}, le: 65536}, "008600000101": {ins: 0x86, data: []byte{1}},
	} {
		if got := hexOf(c.bytes()); got != strings.ToLower(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	long := make([]byte, 300)
	s := &script{t, nil}
	s.pairs = []string{"10860000FF" + hexOf(long[:255]), "9000", "008600002D" + hexOf(long[:45]) + "00", "01 9000"}
	l = &line{card: s}
	if a, err := l.send(t.Context(), "x", command{ins: 0x86, data: long, le: 256}); err != nil || len(a.data) != 1 {
		t.Errorf("%v %v", a, err)
	}
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
