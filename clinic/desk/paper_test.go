package desk_test

import (
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// paper lays the QR of a paper that shows the record on the scanner.
func (s *station) paper(of *clinic.Record, change func(*clinic.PaperQR)) desk.ScanResult {
	s.Helper()
	head, err := s.store.Head()
	if err != nil {
		s.Fatal(err)
	}
	q := &clinic.PaperQR{Leaf: of.Leaf[:16], TreeHead: head, Record: of.Subject}
	if change != nil {
		change(q)
	}
	s.scans["paper"] = clinic.Scan{Kind: clinic.ScanPaper, Record: q.Record, Slip: q.Slip, Paper: q}
	if q.Slip != "" {
		s.scans["paper"] = clinic.Scan{Kind: clinic.ScanSlip, Record: q.Record, Slip: q.Slip, Paper: q}
	}
	res, err := s.FromScan(s.Context(), s.nurse, []byte("paper"))
	if err != nil {
		s.Fatal(err)
	}
	return res
}

// A paper leads to its patient and visit, and says when it holds no more.
func TestPaperLeadsToItsVisit(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("A"))
	first := s.exam(on, "ho").Records[0]
	want := func(name string, got desk.ScanResult, state desk.PaperState, visit clinic.ID) {
		t.Helper()
		if got.Answer != desk.ScanKnown || len(got.Hits) != 1 || got.Hits[0].ID != on.Patient || got.Paper != state || got.On.Visit != visit {
			t.Errorf("%s: answer %d, paper %d, visit %v", name, got.Answer, got.Paper, got.On)
		}
	}
	want("as printed", s.paper(&first, nil), desk.PaperHolds, on.Visit)
	want("of another box's journal", s.paper(&first, func(q *clinic.PaperQR) { q.Log, q.Size = [8]byte{9}, 1e6 }), desk.PaperHolds, on.Visit)
	want("of entries that are gone", s.paper(&first, func(q *clinic.PaperQR) { q.Size++ }), desk.PaperAhead, on.Visit)
	want("of other entries", s.paper(&first, func(q *clinic.PaperQR) { q.Root = make([]byte, 16) }), desk.PaperAhead, on.Visit)
	want("of nothing here", s.paper(&first, func(q *clinic.PaperQR) { q.Leaf = make([]byte, 16) }), desk.PaperOther, clinic.ID{})

	edit := s.base(on, clinic.KindExam)
	edit.Why = "bổ sung"
	second := s.must(s.Exam(t.Context(), call(s.doctor), desk.ExamInput{On: edit, Exam: clinic.Exam{Reason: "ho ra máu"}})).Records[0]
	want("corrected", s.paper(&first, nil), desk.PaperReplaced, on.Visit)
	want("the correction", s.paper(&second, nil), desk.PaperHolds, on.Visit)

	s.must(s.EndVisit(t.Context(), call(s.doctor), desk.EndInput{Patient: on.Patient, Visit: on.Visit, Why: "nhầm"}))
	want("of a visit that was ended", s.paper(&second, nil), desk.PaperVoid, on.Visit)
	if !s.store.Lose(second.Leaf) {
		t.Fatal("nothing to lose")
	}
	want("unreadable", s.paper(&second, nil), desk.PaperTorn, clinic.ID{})

	s.scans["paper"] = clinic.Scan{Kind: clinic.ScanPaper, Record: clinic.ID{99}, Paper: &clinic.PaperQR{Leaf: first.Leaf[:]}}
	_, err := s.FromScan(t.Context(), s.nurse, []byte("paper"))
	s.refused(err, desk.CodeScanPaperNone, "")
	_, err = s.FromScan(t.Context(), s.technician, []byte("paper"))
	s.refused(err, desk.CodeNotAllowed, "")
}

// The QR of a slip is compared with what is recorded, and its code counts all the same.
func TestSlipIsCompared(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("A"))
	made := s.appoint(on, 7)
	slip := func(q *clinic.PaperQR) { q.Slip = desk.SlipOf(made) }
	if res := s.paper(&made.Records[0], slip); res.Answer != desk.ScanArrives || res.Paper != desk.PaperHolds || res.On.Visit != on.Visit {
		t.Errorf("as printed: %d, %d", res.Answer, res.Paper)
	}
	forged := func(q *clinic.PaperQR) { slip(q); q.Leaf = make([]byte, 16) }
	if res := s.paper(&made.Records[0], forged); res.Answer != desk.ScanArrives || res.Paper != desk.PaperOther {
		t.Errorf("of another leaf: %d, %d", res.Answer, res.Paper)
	}
	s.must(s.OpenVisit(t.Context(), call(s.nurse), desk.VisitInput{Patient: on.Patient, Slip: desk.SlipOf(made), Another: true}))
	if res := s.paper(&made.Records[0], slip); res.Answer != desk.ScanKnown || res.Paper != desk.PaperUsed {
		t.Errorf("used: %d, %d", res.Answer, res.Paper)
	}
	if res := s.paper(&made.Records[0], func(q *clinic.PaperQR) { slip(q); q.Size = 1e6 }); res.Paper != desk.PaperAhead {
		t.Errorf("used, and the journal is not what it was: %d", res.Paper)
	}
}

// Of a protected record a paper says no more than a name does.
func TestPaperOfAProtectedRecord(t *testing.T) {
	g := newGuarded(t)
	var exam clinic.Record
	err := g.store.View(t.Context(), func(r desk.Reader) error {
		records, err := r.Records(g.on.Patient)
		for _, rec := range records {
			if rec.Kind == clinic.KindExam {
				exam = rec
			}
		}
		return err
	})
	if err != nil || exam.Kind == 0 {
		t.Fatal(err)
	}
	res := g.paper(&exam, nil)
	if !res.Hits[0].Closed || res.Paper != 0 || !res.On.Visit.IsZero() || strings.Contains(res.Hits[0].Now.Address, "Kín") {
		t.Errorf("the paper opened the record: %d, %v", res.Paper, res.On)
	}
	if err := g.breakGlass(g.nurse); err != nil {
		t.Fatal(err)
	}
	if res = g.paper(&exam, nil); res.Paper != desk.PaperHolds || res.On.Visit != g.on.Visit {
		t.Errorf("after the reason was given: %d, %v", res.Paper, res.On)
	}
}
