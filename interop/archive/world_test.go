package archive_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
	"clinicbox/interop/archive"
)

func at() time.Time { return time.Date(2026, 6, 15, 8, 30, 0, 0, clinic.ICT) }

func key(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32)) }

// boxKey and doctorKey are those of the world.
func boxKey() ed25519.PrivateKey    { return key(7) }
func doctorKey() ed25519.PrivateKey { return key(8) }

func id(n byte) clinic.ID { return clinic.ID(bytes.Repeat([]byte{n}, 16)) }

// The people of the world.
func doctor() clinic.ID  { return id(0xd0) }
func patient() clinic.ID { return id(0xa1) }
func other() clinic.ID   { return id(0xb2) }
func visit() clinic.ID   { return id(0xc3) }

// world is two journals in memory.
type world struct {
	t       testing.TB
	entries [2][]archive.Entry
	hashes  [2][]tlog.Hash
	seed    entry.Seed
}

func (w *world) ReadHashes(n int) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = w.hashes[n][x]
		}
		return out, nil
	}
}

func (w *world) add(j clinic.Journal, author clinic.ID, d clinic.Draft) clinic.Leaf {
	w.t.Helper()
	d.Event = at()
	b, err := entry.Encode(d, id(byte(len(w.entries[0]))), author, clinic.HLCAt(at())+uint64(len(w.entries[0])), true)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.raw(j, b)
}

// raw adds bytes; nil is a hole.
func (w *world) raw(j clinic.Journal, b []byte) clinic.Leaf {
	n := j - clinic.Own
	i := len(w.entries[n])
	e := archive.Entry{Journal: j, Index: uint64(i), Bytes: b, Leaf: clinic.Leaf(sha256.Sum256([]byte{byte(i)}))}
	if b != nil {
		e.Salt = w.seed.Salt(uint32(i) + uint32(n)<<20)
		e.Leaf = entry.LeafHash(e.Salt, b)
	}
	w.entries[n] = append(w.entries[n], e)
	hs, err := tlog.StoredHashesForRecordHash(int64(i), tlog.Hash(e.Leaf), w.ReadHashes(int(n)))
	if err != nil {
		w.t.Fatal(err)
	}
	w.hashes[n] = append(w.hashes[n], hs...)
	return e.Leaf
}

func (w *world) tree(j clinic.Journal) archive.Tree {
	n := j - clinic.Own
	out := archive.Tree{Size: uint64(len(w.entries[n])), Root: sha256.Sum256(nil)}
	if out.Size > 0 {
		h, err := tlog.TreeHash(int64(out.Size), w.ReadHashes(int(n)))
		if err != nil {
			w.t.Fatal(err)
		}
		out.Root = h
	}
	return out
}

// newWorld is a visit of one patient, something of another, a hole, what came from
// elsewhere, and what a newer program wrote.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, seed: entry.Seed{1, 2, 3}}
	own := func(author clinic.ID, d clinic.Draft) clinic.Leaf { return w.add(clinic.Own, author, d) }
	own(clinic.ID{}, clinic.Draft{Kind: clinic.KindFacility, Body: &clinic.Facility{Code: "22736", Name: "Trạm Y tế xã Đảo Mẫu", Box: "tram-01", Book: "a"}})
	own(clinic.ID{}, clinic.Draft{Kind: clinic.KindStaff, Subject: doctor(), Body: &clinic.Staff{Name: "Trần Văn Bịa", Role: clinic.RoleDoctor}})
	request, err := cert.Sign(doctorKey(), cert.PersonRequest{
		Person: doctor(), Role: clinic.RoleDoctor, Facility: "22736", Key: doctorKey().Public().(ed25519.PublicKey), Nonce: cert.Nonce{1},
	})
	if err != nil {
		t.Fatal(err)
	}
	own(doctor(), clinic.Draft{Kind: clinic.KindCredential, Subject: doctor(), Body: &clinic.Credential{Request: request}})
	own(doctor(), clinic.Draft{Kind: clinic.KindPatient, Subject: patient(), Body: &clinic.Patient{Name: "Nguyễn Thị \"Mẫu\" <Một>", Folded: "nguyen thi mau", Birth: clinic.Date{Year: 1960}}})
	own(doctor(), clinic.Draft{Kind: clinic.KindPatient, Subject: other(), Body: &clinic.Patient{Name: "Lê Khác Người", Folded: "le khac nguoi"}})
	own(doctor(), clinic.Draft{Kind: clinic.KindVisit, Subject: patient(), Visit: visit(), Body: &clinic.Visit{Key: "22736a2606150001", Queue: 1}})
	vitals := own(doctor(), clinic.Draft{Kind: clinic.KindVitals, Subject: patient(), Visit: visit(), Body: &clinic.Vitals{Pulse: 72, Temperature: 368}})
	own(doctor(), clinic.Draft{Kind: clinic.KindVitals, Subject: patient(), Visit: visit(), Corrects: vitals, Why: "gõ nhầm\t\u0001", Body: &clinic.Vitals{Pulse: 70, Temperature: 368}})
	w.raw(clinic.Own, nil)
	signed := &clinic.Signed{Leaves: [][]byte{vitals[:]}, Method: 1}
	if err := signed.SignWith(doctorKey(), patient(), visit()); err != nil {
		t.Fatal(err)
	}
	own(doctor(), clinic.Draft{Kind: clinic.KindSigned, Subject: patient(), Visit: visit(), Body: signed})
	looked := &clinic.Looked{}
	looked.Add(patient(), visit(), 0)
	own(doctor(), clinic.Draft{Kind: clinic.KindLooked, Subject: doctor(), Body: looked})
	both := &clinic.Looked{}
	both.Add(patient(), visit(), 0)
	both.Add(other(), clinic.ID{}, 0)
	own(doctor(), clinic.Draft{Kind: clinic.KindLooked, Subject: doctor(), Body: both})
	own(doctor(), clinic.Draft{Kind: 999, Subject: other(), Body: map[int]any{1: "mới", 2: -7, 3: []any{true, nil, []byte{1, 2}}}})
	w.raw(clinic.Own, []byte{0xff, 0})
	o, m := other(), patient()
	w.add(clinic.In, doctor(), clinic.Draft{Kind: clinic.KindLink, Subject: patient(), Body: &clinic.Link{Other: o[:], Same: true}})
	w.add(clinic.In, doctor(), clinic.Draft{Kind: clinic.KindLink, Subject: other(), Body: &clinic.Link{Other: m[:]}})
	w.add(clinic.In, doctor(), clinic.Draft{Kind: clinic.KindVitals, Subject: patient(), Visit: visit(), Body: &clinic.Vitals{Weight: 523}})
	w.add(clinic.In, doctor(), clinic.Draft{Kind: clinic.KindPatient, Subject: other(), Body: &clinic.Patient{Name: "Lê Khác Nữa"}})
	return w
}

func (w *world) head() archive.Head {
	return archive.Head{
		Box: "tram-01", Epoch: [8]byte{1, 2, 3}, Program: "test", At: at(), Trusted: true,
		Own: w.tree(clinic.Own), In: w.tree(clinic.In), Key: boxKey(),
	}
}

// export writes an export of everything, or of a patient.
func (w *world) export(h archive.Head) []byte {
	w.t.Helper()
	var out bytes.Buffer
	x, err := archive.NewWriter(&out, h)
	if err != nil {
		w.t.Fatal(err)
	}
	sel := archive.NewSelection(h.Scope)
	all := slices.Concat(w.entries[0], w.entries[1])
	for i := range all {
		sel.Note(&all[i])
	}
	for _, e := range all {
		if !sel.Wants(&e) {
			continue
		}
		n := e.Journal - clinic.Own
		proof, err := tlog.ProveRecord(int64(len(w.entries[n])), int64(e.Index), w.ReadHashes(int(n)))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, p := range proof {
			e.Proof = append(e.Proof, p)
		}
		if err := x.Add(e); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		w.t.Fatal(err)
	}
	return out.Bytes()
}

// fill gives every field below v a value that is not zero.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.String:
		v.SetString("chữ " + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) * 1000)
	default:
		v.SetUint(uint64(*n%250) + 1)
	}
}

// everyKind is an entry of every kind that there is, each field filled.
func everyKind(t testing.TB) *world {
	w := &world{t: t, seed: entry.Seed{9}}
	for k := range math.MaxUint16 + 1 {
		if body := clinic.NewBody(clinic.Kind(k)); body != nil {
			n := k
			fill(reflect.ValueOf(body).Elem(), &n)
			w.add(clinic.Own, doctor(), clinic.Draft{Kind: clinic.Kind(k), Subject: patient(), Visit: visit(), Why: "vì", Corrects: clinic.Leaf{1}, Body: body})
		}
	}
	return w
}
