package sms_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/redact"
	"clinicbox/internal/sms"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The PDUs are examples that circulate in print, not made by this package.
func TestKnownPDUs(t *testing.T) {
	s := sms.Submit{To: redact.Wrap("+46708251358"), Text: redact.Wrap("hellohello"), Valid: 4 * 24 * time.Hour}
	pdu, n, err := s.Encode()
	if got := strings.ToUpper(hex.EncodeToString(pdu)); err != nil || got != "0011000B916407281553F80000AA0AE8329BFD4697D9EC37" || n != 23 {
		t.Errorf("submit: %s, %d, %v", got, n, err)
	}
	in, err := sms.Decode(unhex(t, "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"))
	if err != nil || in.Deliver == nil || in.Report != nil {
		t.Fatal(in, err)
	}
	d := in.Deliver
	if d.Text.Reveal() != "hellohello" || d.From.Reveal() != "27838890001" || d.At.Format("01-02 15:04:05 -07:00") != "03-29 15:16:59 +02:00" {
		t.Error(d.Text.Reveal(), d.From.Reveal(), d.At)
	}
	in, err = sms.Decode(unhex(t, "0006D60B911326880736F4111011719551401110117195714000"))
	if err != nil || in.Report == nil {
		t.Fatal(in, err)
	}
	if r := in.Report; r.Reference != 0xD6 || r.To.Reveal() != "+31628870634" || r.Outcome() != sms.Delivered ||
		r.Done.Sub(r.Sent) != 2*time.Second || r.Sent.Format(time.DateOnly) != "2011-01-11" {
		t.Errorf("%+v %s", r, r.To.Reveal())
	}
}

// Every text comes back whole, in parts of the size that the standard allows, and no
// letter is cut in two.
func TestTextsComeBack(t *testing.T) {
	texts := map[string]int{
		"Moi ngay mot vien":            1,
		strings.Repeat("a", 160):       1,
		strings.Repeat("a", 161):       2,
		strings.Repeat("a", 306):       2,
		strings.Repeat("a", 307):       3,
		strings.Repeat("€", 80):        1,
		strings.Repeat("€", 81):        2,
		"a" + strings.Repeat("[", 200): 3,
		strings.Repeat("ế", 70):        1,
		strings.Repeat("ế", 71):        2,
		strings.Repeat("😀", 35):        1,
		strings.Repeat("😀", 36):        2,
		"Trạm y tế hẹn bà con tiêm chủng sáng thứ Tư ngày 02/12, mang theo sổ. Trả lời KHONG nếu không muốn nhận tin.": 2,
		"@£$ÄÖ\n{}~^\\|": 1,
	}
	for text, want := range texts {
		for _, wide := range []bool{false, true} {
			pieces, err := sms.Split(text, sms.Place{Ref: 0x1AB, Wide: wide})
			if err != nil || !wide && len(pieces) != want {
				t.Fatalf("%.20q: %d parts, want %d: %v", text, len(pieces), want, err)
			}
			var back, delivered strings.Builder
			for i, p := range pieces {
				if len(pieces) > 1 && (int(p.Place.Seq) != i+1 || int(p.Place.Total) != len(pieces)) {
					t.Errorf("place %+v", p.Place)
				}
				out := sms.Submit{To: redact.Wrap("+84912345678"), Text: redact.Wrap(p.Text), Place: p.Place, Report: true}
				pdu, n, err := out.Encode()
				if err != nil || n > 1+1+1+1+6+1+1+1+140 {
					t.Fatal(n, err)
				}
				got, err := sms.DecodeSubmit(pdu)
				if err != nil {
					t.Fatal(err)
				}
				want := p.Place
				if !wide {
					want.Ref &= 0xFF
				}
				if got.Place != want || !got.Report || got.To.Reveal() != "+84912345678" {
					t.Errorf("%+v", got)
				}
				back.WriteString(got.Text.Reveal())
				pdu, _, err = sms.Deliver{From: redact.Wrap("VIETTEL"), Text: redact.Wrap(p.Text), Place: p.Place, At: time.Now()}.Encode()
				if err != nil {
					t.Fatal(err)
				}
				in, err := sms.Decode(pdu)
				if err != nil || in.Deliver.From.Reveal() != "VIETTEL" {
					t.Fatal(in, err)
				}
				delivered.WriteString(in.Deliver.Text.Reveal())
			}
			if back.String() != text || delivered.String() != text {
				t.Errorf("%.20q came back as %.20q and %.20q", text, back.String(), delivered.String())
			}
		}
	}
}

func TestRefusedTexts(t *testing.T) {
	for text, want := range map[string]error{
		"": sms.ErrText, "\xff": sms.ErrText, strings.Repeat("a", 1531): sms.ErrTooLong, strings.Repeat("ế", 671): sms.ErrTooLong,
	} {
		if _, err := sms.Split(text, sms.Place{}); !errors.Is(err, want) {
			t.Errorf("%.5q: %v, want %v", text, err, want)
		}
	}
	for _, s := range []sms.Submit{
		{To: redact.Wrap("+84912345678"), Text: redact.Wrap(strings.Repeat("a", 161))},
		{To: redact.Wrap("+84912345678"), Text: redact.Wrap(strings.Repeat("ế", 71))},
		{To: redact.Wrap("+84912345678")},
		{To: redact.Wrap(""), Text: redact.Wrap("a")},
		{To: redact.Wrap("+84 a\r\nAT"), Text: redact.Wrap("a")},
	} {
		if _, _, err := s.Encode(); err == nil {
			t.Errorf("%d letters to %d: encoded", len(s.Text.Reveal()), len(s.To.Reveal()))
		}
	}
}

func TestNumber(t *testing.T) {
	for s, want := range map[string]string{
		"0912345678": "+84912345678", "0912 345.678": "+84912345678", "+84 (0)91-234-5678": "+84912345678",
		"84912345678": "+84912345678", "0084912345678": "+84912345678", "+84355550123": "+84355550123",
		"+85620555123": "+85620555123", "0085620555123": "+85620555123",
		"": "", "912345678": "", "02438253531": "", "01234567890": "", "091234567": "", "09123456789": "",
		"+": "", "+0123456789": "", "+12345": "", "abc": "", "0912345678;": "", "+1234567890123456": "", "０９12345678": "",
	} {
		got, err := sms.Number(s)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", s, got, err, want)
		}
	}
}

func TestValidityIsNeverShorter(t *testing.T) {
	for _, want := range []time.Duration{time.Second, 5 * time.Minute, 6 * time.Minute, 12 * time.Hour, 13 * time.Hour, 24 * time.Hour, 25 * time.Hour, 30 * 24 * time.Hour, 31 * 24 * time.Hour, 63 * 7 * 24 * time.Hour} {
		pdu, _, err := sms.Submit{To: redact.Wrap("191"), Text: redact.Wrap("a"), Valid: want}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := sms.DecodeSubmit(pdu)
		if err != nil || got.Valid < want || got.Valid > 2*want+5*time.Minute {
			t.Errorf("%v became %v (%v)", want, got.Valid, err)
		}
	}
}

// A PDU that ends anywhere is an error, not a shorter message.
func TestCutPDU(t *testing.T) {
	whole, _, err := sms.Deliver{From: redact.Wrap("+84912345678"), Text: redact.Wrap("Hẹn khám"), At: time.Now(), Place: sms.Place{Ref: 7, Total: 2, Seq: 1}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if in, err := sms.Decode(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes: %+v", n, len(whole), in)
		}
	}
}

func TestOddPDUs(t *testing.T) {
	for name, c := range map[string]struct {
		pdu  string
		text string
		err  error
	}{
		"place 3 of 2 is no place":  {"00440B914819325476F8000062010211432182" + "08050003010203DA", "m", nil},
		"half a UTF-16 unit":        {"00040B914819325476F80008620102114321820361E100", "", sms.ErrMalformed},
		"header beyond the data":    {"00440B914819325476F8000862010211432182020900", "", sms.ErrMalformed},
		"compressed":                {"00040B914819325476F8002062010211432182020900", "", sms.ErrUnsupported},
		"an outgoing one":           {"0001000B914819325476F800000161", "", sms.ErrUnsupported},
		"address of 200 digits":     {"0004C8914819325476F80000620102114321820161", "", sms.ErrMalformed},
		"a day that there is not":   {"00040B914819325476F80000629999114321820161", "a", nil},
		"more user data than fits":  {"00040B914819325476F8000462010211432182FF" + strings.Repeat("00", 255), "", sms.ErrMalformed},
		"lone half of a pair":       {"00040B914819325476F80008620102114321820" + "2D83D", "\uFFFD", nil},
		"a digit that is no digit":  {"00040B91FFFFFFFFFFFF0000620102114321820161", "", sms.ErrMalformed},
		"nothing":                   {"", "", sms.ErrTruncated},
		"service centre of 255":     {"FF04", "", sms.ErrTruncated},
		"message of its own memory": {"00040B914819325476F8001062010211432182" + "0161", "a", nil},
	} {
		in, err := sms.Decode(unhex(t, c.pdu))
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
			continue
		}
		if err == nil && in.Deliver.Text.Reveal() != c.text {
			t.Errorf("%s: %q", name, in.Deliver.Text.Reveal())
		}
	}
}

// Whatever prints a message or an error shows neither number nor text.
func TestMessagesDoNotPrint(t *testing.T) {
	d := sms.Deliver{From: redact.Wrap("+84912345678"), Text: redact.Wrap("bí mật"), Data: redact.Wrap([]byte("bí mật"))}
	s := sms.Submit{To: redact.Wrap("+84912345678"), Text: redact.Wrap(strings.Repeat("bí mật", 40))}
	_, _, err := s.Encode()
	_, wrong := sms.Number("+84 912 345 678 9 bí mật")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		out := fmt.Sprintf(verb+verb+verb+verb, d, &s, err, wrong)
		if strings.Contains(out, "912345678") || strings.Contains(out, "bí") || strings.Contains(out, hex.EncodeToString([]byte("bí"))) {
			t.Errorf("%s shows it: %s", verb, out)
		}
	}
}

// FuzzSMSPDU: whatever a network sends is a message or an error, and what was read
// of a message without parts or data is written the same again.
func FuzzSMSPDU(f *testing.F) {
	for _, s := range []string{
		"07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37",
		"0006D60B911326880736F4111011719551401110117195714000",
		"0011000B916407281553F80000AA0AE8329BFD4697D9EC37",
		"00440B914819325476F8000862010211432182080500030102010061",
		"00040ED0D6A49A2A2A970000620102114321820161",
	} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := sms.DecodeSubmit(b); err == nil && len(s.Text.Reveal()) > 160*3 {
			t.Error("longer than a message can be")
		}
		in, err := sms.Decode(b)
		if err != nil {
			return
		}
		if (in.Deliver == nil) == (in.Report == nil) {
			t.Fatal("both or none")
		}
		if in.Report != nil {
			return
		}
		pdu, _, err := in.Deliver.Encode()
		if err != nil {
			return // 8-bit data, an address without digits
		}
		again, err := sms.Decode(pdu)
		if err != nil || again.Deliver.Text.Reveal() != in.Deliver.Text.Reveal() {
			t.Errorf("%v: read as %q, then %q", err, in.Deliver.Text.Reveal(), again.Deliver.Text.Reveal())
		}
	})
}
