package boxmain

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/device/task"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
	"clinicbox/store"
)

func keyFrom(n byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	return ed25519.NewKeyFromSeed(seed)
}

// requestOf is a doctor's request for a certificate of the key.
func requestOf(t testing.TB, doctor clinic.ID, key ed25519.PrivateKey) []byte {
	return must[[]byte](t)(cert.Sign(key, cert.PersonRequest{
		Person: doctor, Role: clinic.RoleDoctor, Facility: "22736", Key: key.Public().(ed25519.PublicKey),
	}))
}

// signedBy is a confirmation of the leaves; a nil key leaves it bare.
func signedBy(t testing.TB, key ed25519.PrivateKey, patient, visit clinic.ID, leaves ...clinic.Leaf) *clinic.Signed {
	t.Helper()
	b := &clinic.Signed{Method: 1}
	for _, l := range leaves {
		b.Leaves = append(b.Leaves, l[:])
	}
	if key != nil {
		if err := b.SignWith(key, patient, visit); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestCheckJudgesSignatures: check names by journal and index each signature that
// confirms nothing, in both journals, of visits and of single documents; the others it
// counts. It names nobody.
func TestCheckJudgesSignatures(t *testing.T) {
	path := write(t, "")
	cfg := must[config.Box](t)(Load(path))
	doctor, patient, visit := clinic.NewID(), clinic.NewID(), clinic.NewID()
	key, thief := keyFrom(1), keyFrom(2)
	var void []string
	prepare := func(ctx context.Context, _ *desk.Desk, s *store.Store) error {
		act := func(author clinic.ID, d clinic.Draft) clinic.Record {
			saved, err := s.Act(ctx, clinic.NewID(), author, func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{d}, nil })
			if err != nil {
				t.Fatal(err)
			}
			return saved.Records[0]
		}
		doc := act(doctor, clinic.Draft{Kind: clinic.KindExam, Subject: patient, Visit: visit, Body: &clinic.Exam{Reason: "ho"}})
		asked := act(doctor, clinic.Draft{Kind: clinic.KindAllergies, Subject: patient, Body: &clinic.Allergies{Asked: true}})
		sign := func(v clinic.ID, b *clinic.Signed) clinic.Record {
			return act(doctor, clinic.Draft{Kind: clinic.KindSigned, Subject: patient, Visit: v, Body: b})
		}
		wrong := func(r clinic.Record, why string) {
			void = append(void, fmt.Sprintf("own: entry %d: %s", r.Ref.Index, why))
		}
		const fits = "chữ ký không khớp / the signature does not fit"
		sign(visit, signedBy(t, nil, patient, visit, doc.Leaf)) // before the key
		act(doctor, clinic.Draft{Kind: clinic.KindCredential, Subject: doctor, Body: &clinic.Credential{Request: requestOf(t, doctor, key)}})
		sign(visit, signedBy(t, key, patient, visit, doc.Leaf))
		sign(clinic.ID{}, signedBy(t, key, patient, clinic.ID{}, asked.Leaf)) // one document alone, outside visits
		bent := signedBy(t, key, patient, visit, doc.Leaf)
		bent.Sig[9] ^= 4
		wrong(sign(visit, bent), fits)
		other := signedBy(t, key, patient, visit, doc.Leaf)
		other.Leaves[0] = asked.Leaf[:] // another document than was signed
		wrong(sign(visit, other), fits)
		wrong(sign(clinic.ID{}, signedBy(t, key, patient, visit, asked.Leaf)), fits) // of a visit, moved out of it
		wrong(sign(visit, signedBy(t, thief, patient, visit, doc.Leaf)), fits)
		wrong(sign(visit, signedBy(t, nil, patient, visit, doc.Leaf)), fits) // stripped
		for i, d := range []clinic.Draft{
			{Kind: clinic.KindCredential, Subject: doctor, Body: &clinic.Credential{Request: requestOf(t, doctor, thief)}},
			{Kind: clinic.KindSigned, Subject: patient, Visit: visit, Body: signedBy(t, thief, patient, visit, doc.Leaf)},
		} {
			d.Event = time.Now()
			b, err := entry.Encode(d, clinic.NewID(), doctor, uint64(time.Now().UnixMilli())<<16, true)
			if err == nil {
				_, err = s.Receive(ctx, []store.Received{{Salt: entry.Salt{byte(i)}, Bytes: b}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		// The thief's request makes what was forged above a signature by a key from elsewhere.
		const unknown = "không ai xác nhận khóa ký này / signed by a key that nobody vouches for"
		void[3] = strings.Replace(void[3], fits, unknown, 1)
		void = append(void, "in: entry 1: "+unknown)
		return task.ErrStuck // any error
	}
	if err := New(Options{Config: cfg, Log: quiet(), Prepare: prepare}).Run(t.Context()); err == nil {
		t.Fatal("the box runs")
	}
	code, out, said := clinicbox(t, "", "check", "-config", path)
	if code != ExitDamage {
		t.Fatalf("%d\n%s%s", code, out, said)
	}
	var got []string
	for line := range strings.Lines(out) {
		if v, ok := strings.CutPrefix(line, "!         "); ok {
			got = append(got, strings.TrimSpace(v))
		}
	}
	if a, b := strings.Join(got, "\n"), strings.Join(void, "\n"); a != b {
		t.Errorf("check names\n%s\nwant\n%s", a, b)
	}
	for _, want := range []string{"       9  chữ ký đã xét", "       2  chữ ký khớp, trung tâm", "       1  xác nhận từ trước", "       6  chữ ký không được tính"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	for _, id := range []clinic.ID{doctor, patient, visit} {
		if strings.Contains(out+said, id.String()) {
			t.Error("check names somebody")
		}
	}
}

// BenchmarkSignCheck judges 10,000 signatures of ten doctors, as 100,000 entries hold.
func BenchmarkSignCheck(b *testing.B) {
	const n, people = 10_000, 10
	var c signCheck
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range people {
		id := clinic.ID{9, byte(i)}
		c.see(&clinic.Record{
			Ref: clinic.Ref{Journal: clinic.Own}, Kind: clinic.KindCredential, Subject: id, HLC: 1,
			Body: &clinic.Credential{Request: requestOf(b, id, keyFrom(byte(i)))},
		})
	}
	for i := range n {
		patient, visit := clinic.ID{1, byte(i), byte(i >> 8)}, clinic.ID{2, byte(i), byte(i >> 8)}
		var leaves []clinic.Leaf
		for range 5 {
			leaves = append(leaves, clinic.Leaf{byte(rng.Uint32()), byte(rng.Uint32())})
		}
		c.see(&clinic.Record{
			Ref: clinic.Ref{Journal: clinic.Own, Index: uint64(i)}, Kind: clinic.KindSigned, Subject: patient, Visit: visit,
			Author: clinic.ID{9, byte(i % people)}, HLC: uint64(i) + 2, Body: signedBy(b, keyFrom(byte(i%people)), patient, visit, leaves...),
		})
	}
	nobody := func(cert.WantMember, ...[]byte) (cert.Member, error) { return cert.Member{}, cert.ErrNobody }
	for b.Loop() {
		states, err := c.states(b.Context(), nobody)
		out := c.sum(states)
		if err != nil || out.unconfirmed != n {
			b.Fatal(out, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/signature")
}
