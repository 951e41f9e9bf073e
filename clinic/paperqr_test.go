package clinic_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
)

// What stands on papers that were handed out is read for ever.
const (
	paperToday = "CB2/AAAQEAYEAUDAOCAJBIFQYDIOB4/AEBAGBAFAYDQQ/999999999/777P37H37L47R57W6X2PH4XR6A/A4AAAAAAAAAAAAAAAAAAAAAAAA"
	slipToday  = paperToday + "/H22736A000125"
	slipOld    = "CB1/H22736A000125/AAAQEAYEAUDAOCAJBIFQYDIOB4/999999999/777P37H37L47R57W6X2PH4XR6A/A4AAAAAAAAAAAAAAAAAAAAAAAA"
)

// paperOf is what they say.
func paperOf() clinic.PaperQR {
	leaf, root := make([]byte, 32), make([]byte, 32)
	for i := range leaf {
		leaf[i], root[i] = byte(i), byte(255-i)
	}
	head := clinic.TreeHead{Log: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, Size: 999_999_999, Root: root}
	return clinic.PaperQR{Leaf: leaf, TreeHead: head, Record: clinic.ID{7}, Slip: "H22736A000125"}
}

func TestPaperQR(t *testing.T) {
	q := paperOf()
	slip := q.String()
	q.Slip = ""
	if slip != slipToday || q.String() != paperToday {
		t.Errorf("%s\n%s", slip, q.String())
	}
	if strings.Trim(slip, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ/*") != "" || len(slip) > 122 {
		t.Errorf("%d characters, or others than an alphanumeric QR of version 5 has", len(slip))
	}
	for in, want := range map[string]struct {
		log  byte
		slip string
	}{
		slipToday: {1, "H22736A000125"}, paperToday: {1, ""}, slipOld: {0, "H22736A000125"},
		strings.ToLower(slipToday): {1, "H22736A000125"}, slipToday + "/LATER": {1, "H22736A000125"}, paperToday + "//LATER": {1, ""},
	} {
		got, err := clinic.ParsePaperQR(in)
		if err != nil || got.Slip != want.slip || got.Log[0] != want.log || got.Size != 999_999_999 || got.Record != q.Record ||
			!slices.Equal(got.Leaf, q.Leaf[:16]) || !slices.Equal(got.Root, q.Root[:16]) {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
}

func TestPaperQRRefused(t *testing.T) {
	for i := range slipToday { // cut anywhere, unless the slip's code alone is gone
		if _, err := clinic.ParsePaperQR(slipToday[:i]); err == nil && i != len(paperToday) {
			t.Errorf("cut at %d was taken", i)
		}
	}
	for i := range len(slipOld) - 27 {
		if _, err := clinic.ParsePaperQR(slipOld[:i]); err == nil {
			t.Errorf("the old form cut at %d was taken", i)
		}
	}
	part := func(n int, s string) string {
		p := strings.Split(slipToday, "/")
		p[n] = s
		return strings.Join(p, "/")
	}
	for _, bad := range []string{
		"", "CB1", "CB2", "CB3" + slipToday[3:], "CB1/////", "CB2///////", strings.Repeat("/", 300), slipToday + "/" + strings.Repeat("A", 600),
		part(1, "AAAQEAYEAUDAOCAJBIFQYDIOB5"), // bits that belong to no byte
		part(1, "AAAQEAYE"), part(2, "AEBAGBAF"), part(3, "0999"), part(3, "-1"), part(3, ""), part(4, "0"), part(5, "A4"), part(6, "H22736A000126"),
	} {
		if _, err := clinic.ParsePaperQR(bad); err == nil {
			t.Errorf("%.60q was taken", bad)
		}
	}
}

func FuzzParsePaperQR(f *testing.F) {
	for _, s := range []string{slipToday, paperToday, slipOld, slipOld[:len(slipOld)-27], paperToday + "//X"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := clinic.ParsePaperQR(s)
		if err != nil {
			return
		}
		again, err := clinic.ParsePaperQR(q.String())
		if err != nil || again.Slip != q.Slip || again.Size != q.Size || again.Record != q.Record || again.Log != q.Log || !bytes.HasPrefix(q.Leaf, again.Leaf) {
			t.Fatalf("%q: %+v, %v", s, again, err)
		}
	})
}

// FateOf tells the entry that holds no more from the one that does.
func TestFate(t *testing.T) {
	patient, visit := clinic.ID{1}, clinic.ID{2}
	rec := func(n byte, k clinic.Kind, corrects byte, body any) clinic.Record {
		r := clinic.Record{Kind: k, Subject: patient, Visit: visit, Leaf: clinic.Leaf{n}, HLC: uint64(n), Body: body}
		if corrects > 0 {
			r.Corrects = clinic.Leaf{corrects}
		}
		return r
	}
	first := rec(1, clinic.KindExam, 0, new(clinic.Exam))
	leaf := func(n byte) []byte { l := clinic.Leaf{n}; return l[:] }
	second, third := rec(2, clinic.KindExam, 1, new(clinic.Exam)), rec(3, clinic.KindExam, 2, new(clinic.Exam))
	signed := rec(4, clinic.KindSigned, 0, &clinic.Signed{Leaves: [][]byte{leaf(1)}})
	ended := rec(5, clinic.KindVisitEnded, 0, &clinic.VisitEnded{})
	foreign, bill := second, rec(6, clinic.KindBill, 1, new(clinic.Bill))
	foreign.Subject, foreign.Leaf = clinic.ID{9}, clinic.Leaf{7}
	elsewhere := ended
	elsewhere.Visit, elsewhere.Leaf = clinic.ID{9}, clinic.Leaf{8}
	all := []clinic.Record{ended, third, signed, second, first}
	if f := clinic.FateOf(&first, all); f.By == nil || f.By.Leaf != second.Leaf || f.Ended == nil || len(f.Signed) != 1 {
		t.Errorf("%+v", f)
	}
	if f := clinic.FateOf(&third, all[1:]); f.By != nil || f.Ended != nil || len(f.Signed) != 0 {
		t.Errorf("the newest: %+v", f)
	}
	if f := clinic.FateOf(&first, []clinic.Record{first, foreign, bill, elsewhere}); f.By != nil || f.Ended != nil {
		t.Errorf("of another patient, kind or visit: %+v", f)
	}
	asked := rec(10, clinic.KindAllergies, 0, new(clinic.Allergies))
	union := rec(11, clinic.KindAllergies, 12, &clinic.Allergies{Merges: [][]byte{leaf(10)}})
	if f := clinic.FateOf(&asked, []clinic.Record{asked, union}); f.By == nil {
		t.Error("a version that was merged into another still holds")
	}
}
