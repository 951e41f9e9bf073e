package authority_test

import (
	"testing"

	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

func TestNotesMoveTheHead(t *testing.T) {
	w := newWorld(t)
	before := must[cert.Head](t)(w.Head(t.Context()))
	if err := w.Note(t.Context(), w.by, "answer", "tram-01"); err != nil {
		t.Fatal(err)
	}
	after := must[cert.Head](t)(w.Head(t.Context()))
	if after.Seq != before.Seq+1 || after.Hash == before.Hash {
		t.Fatal(before, after)
	}
	wants(t, w.Note(t.Context(), authority.By{}, "answer", "tram-01"), authority.ErrOperator)
}
