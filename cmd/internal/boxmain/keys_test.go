package boxmain

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/identity"
	"clinicbox/internal/cert"
)

// statements are what a large facility's box holds of its people, and what it
// recorded of one.
func statements(t testing.TB, person clinic.ID, n int) (records []clinic.Record) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := desk.Person{ID: person, Staff: clinic.Staff{Role: clinic.RoleDoctor}}
	for i := range uint64(3) {
		raw, err := personRequest("22736", p, key)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, clinic.Record{Ref: clinic.Ref{Journal: clinic.Own}, HLC: i + 1, Body: &clinic.Credential{Request: raw}})
	}
	for i := range n {
		raw, err := cert.Sign(key, cert.Person{
			Serial: cert.NewSerial(), Person: clinic.ID{byte(i), byte(i >> 8), 1}, Role: clinic.RoleNurse, Facility: "22736",
			Key: key.Public().(ed25519.PublicKey),
		})
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, clinic.Record{Ref: clinic.Ref{Journal: clinic.In}, HLC: 9, Body: &clinic.Statement{Raw: raw}})
	}
	return records
}

func keysBox(t testing.TB) *Box {
	t.Helper()
	id, err := identity.Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &Box{vault: &vault{id: id}}
}

// TestKeysAreRemembered until an entry comes.
func TestKeysAreRemembered(t *testing.T) {
	person := clinic.ID{7}
	records := statements(t, person, 2)
	s := staffKeys{keysBox(t)}
	first := s.Of(person, records)
	if len(first) != 1 || !first[0].Own || first[0].Since != 1 || first[0].State(5) != desk.KeyOwn {
		t.Fatalf("%+v", first)
	}
	if again := s.Of(person, records); &again[0] != &first[0] {
		t.Error("nothing is remembered")
	}
	records[0].Ref.Journal, records[1].Ref.Journal = clinic.In, clinic.In
	if later := s.Of(person, records); &later[0] == &first[0] || later[0].Since != 3 {
		t.Errorf("remembered although the entries are others: %+v", later)
	}
}

// BenchmarkKeysOf is what each author costs a page.
func BenchmarkKeysOf(b *testing.B) {
	person := clinic.ID{7}
	for _, n := range []int{0, 300} {
		records := statements(b, person, n)
		s := staffKeys{keysBox(b)}
		b.Run(fmt.Sprintf("remembered/%d statements", n), func(b *testing.B) {
			for b.Loop() {
				s.Of(person, records)
			}
		})
		b.Run(fmt.Sprintf("anew/%d statements", n), func(b *testing.B) {
			for b.Loop() {
				s.b.memo = keyMemo{}
				s.Of(person, records)
			}
		})
	}
}
