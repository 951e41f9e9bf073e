package share

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// TestNoBoxSpeaksForTheCentre: an answer in the centre's name that a box uploaded goes to
// nobody; a person's own does.
func TestNoBoxSpeaksForTheCentre(t *testing.T) {
	s := New(Options{})
	o := clinic.NewID()
	for _, centre := range []*clinic.CentreLink{nil, {By: clinic.CentreOperator, Who: "op", Key: make([]byte, 16), Sig: make([]byte, 64)}} {
		raw, err := entry.Encode(clinic.Draft{
			Kind: clinic.KindLink, Subject: clinic.NewID(), Event: time.Now(), Body: &clinic.Link{Other: o[:], Same: true, Centre: centre},
		}, clinic.NewID(), clinic.NewID(), 1<<40, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, goes, read := s.verdict(clinic.KindLink, raw, false); !read || goes != (centre == nil) {
			t.Errorf("in the centre's name: %v, goes: %v, read: %v", centre != nil, goes, read)
		}
	}
}
