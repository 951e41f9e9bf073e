package desk_test

import (
	"errors"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
)

// slipText is everything that stands on the last paper.
func (s *station) slipText() string {
	s.Helper()
	var b strings.Builder
	for _, x := range s.papers.Docs[len(s.papers.Docs)-1].Blocks {
		b.WriteString(x.Text + " " + x.Value + "\n")
	}
	return strings.ReplaceAll(b.String(), "\u00a0", " ")
}

func TestTemporaryCodeIsPrinted(t *testing.T) {
	w := newWard(t)
	id := w.born(func(in *desk.ChildInput) { in.Order, in.Of = 2, 2 })
	code := w.page(id).Now.Identifiers[0].Value
	c := call(w.nurse)
	w.must(w.PrintTemporary(t.Context(), c, id))
	for _, want := range []string{code, "CON BÀ NGUYỄN THỊ MẸ 2/2", "06:05 02/11/2026", "1 giờ tuổi", "NGUYỄN THỊ MẸ", "2/2", "Nữ", "In lúc 08:0"} {
		if !strings.Contains(w.slipText(), want) {
			t.Errorf("the slip does not say %q: %s", want, w.slipText())
		}
	}
	bars := false
	for _, b := range w.papers.Docs[0].Blocks {
		bars = bars || b.Kind == paper.KindCode128 && b.Text == code
	}
	if !bars {
		t.Error("the scanner finds nothing on the slip")
	}
	w.must(w.PrintTemporary(t.Context(), c, id)) // the same button again
	if len(w.papers.Docs) != 1 {
		t.Error("one press printed twice")
	}
	w.must(w.PrintTemporary(t.Context(), call(w.nurse), id))
	if !strings.Contains(w.slipText(), paper.ReprintMark) {
		t.Error("the second copy does not say so")
	}
	w.papers.Err = errors.New("the queue is full")
	held := call(w.nurse)
	_, err := w.PrintTemporary(t.Context(), held, id)
	w.refused(err, desk.CodePrintQueue, "")
	w.papers.Err = nil
	w.must(w.PrintTemporary(t.Context(), held, id))
	if len(w.papers.Docs) != 3 {
		t.Errorf("%d papers", len(w.papers.Docs))
	}
	w.clock.Trust(false)
	w.must(w.PrintTemporary(t.Context(), call(w.nurse), id))
	if text := w.slipText(); strings.Contains(text, "In lúc") || strings.Contains(text, "tuổi") || !strings.Contains(text, code) {
		t.Errorf("a time that nobody vouches for is on the slip: %s", text)
	}
	w.change(id, func(p *clinic.Patient) { p.Identifiers = append(p.Identifiers, citizen("034326000001")) })
	_, err = w.PrintTemporary(t.Context(), call(w.nurse), id)
	w.refused(err, desk.CodeCodeNone, "")
	_, err = w.PrintTemporary(t.Context(), call(w.nurse), clinic.ID{77})
	w.refused(err, desk.CodeNoPatient, "")
	_, err = w.PrintTemporary(t.Context(), call(w.technician), id)
	w.refused(err, desk.CodeNotAllowed, "")
}
