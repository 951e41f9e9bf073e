package registrar_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/hub/hubtest"
)

// FuzzCredential sends what a box may put into an entry: nothing stops the scan, and
// nothing but the person's own request waits without a problem.
func FuzzCredential(f *testing.F) {
	p := hubtest.NewPerson(facility, clinic.RoleNurse)
	f.Add(p.Request[:len(p.Request)-1], []byte{}, []byte{})
	f.Add([]byte{}, p.Request, []byte{0xC5, 1, 5})
	f.Add([]byte{1}, []byte{0xC5, 1, 4}, []byte{2})
	w := newWorld(f)
	w.join("a")
	w.steps()
	f.Fuzz(func(t *testing.T, request, first, second []byte) {
		if len(request)+len(first)+len(second) > 12<<10 {
			return
		}
		c := clinic.Credential{Request: request}
		for _, b := range [][]byte{first, second} {
			if len(b) > 0 {
				c.Chain = append(c.Chain, b)
			}
		}
		w.t = t
		w.send("a", p.ID, c)
		if err := w.r.Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		cs, err := w.r.Waiting(t.Context(), facility)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cs {
			if c.Problem == "" && string(c.Request) != string(p.Request) {
				t.Fatalf("%+v", c)
			}
			if err := w.db.EndCredential(t.Context(), c.Digest); err != nil {
				t.Fatal(err)
			}
		}
	})
}
