package paper_test

import (
	"strings"
	"testing"
	"time"

	"clinicbox/clinic/paper"
)

// millimetres counts the empty paper: space for a pen and a stamp.
func millimetres(d paper.Doc) (mm int) {
	for _, b := range d.Blocks {
		mm += b.MM
	}
	return mm
}

// Spaces stand on the paper exactly as long as a signature is not there digitally.
func TestSpacesUntilSigned(t *testing.T) {
	sig := &paper.Signature{Name: "Trần Văn Thử", Serial: "1f2e", At: time.Date(2026, 11, 2, 1, 10, 0, 0, time.UTC)}
	seal := &paper.Signature{Name: "Trạm Y tế Mẫu", Serial: "3d", At: sig.At}
	old := time.Date(2026, 5, 31, 1, 0, 0, 0, time.UTC)
	last := 1000
	for _, c := range []struct {
		signed, sealed *paper.Signature
		made           time.Time
		say            string
		not            []string
	}{
		{nil, nil, sig.At, "Chưa ký số: ký tên và đóng dấu trên giấy.", []string{"ĐÃ KÝ SỐ"}},
		{nil, seal, sig.At, "Bác sĩ, y sĩ chưa ký số: ký tên trên giấy.", []string{"đóng dấu"}},
		{sig, nil, sig.At, "Cơ sở chưa ký số: ký tên và đóng dấu trên giấy.", []string{"(ký, ghi rõ họ tên)"}},
		{sig, seal, old, "Cơ sở chưa ký số: ký tên và đóng dấu trên giấy.", []string{"(ký, ghi rõ họ tên)", "3d"}}, // before 1 June 2026
		{sig, seal, sig.At, "08:10 02/11/2026", []string{"hưa ký số", "đóng dấu", "(ký"}},
	} {
		a := sample()
		a.Signed, a.Sealed, a.Made = c.signed, c.sealed, c.made
		d := a.Doc()
		got := words(d)
		if !strings.Contains(got, c.say) {
			t.Errorf("%q is not on the paper", c.say)
		}
		for _, n := range c.not {
			if strings.Contains(got, n) {
				t.Errorf("%q: %q is on the paper", c.say, n)
			}
		}
		if c.signed != nil && !strings.Contains(got, "ĐÃ KÝ SỐ\u0020\nTrần Văn Thử \nlúc 08:10 02/11/2026 \nsố chứng thư 1f2e") {
			t.Errorf("who signed and when is not there:\n%s", got)
		}
		if c.signed != nil && c.sealed != nil && c.made == sig.At {
			if mm := millimetres(d); mm >= last {
				t.Errorf("%d mm of space though everything is signed", mm)
			}
		}
		last = millimetres(d)
	}
}
