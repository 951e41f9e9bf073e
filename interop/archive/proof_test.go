package archive_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
	"clinicbox/internal/checkpoint"
	"clinicbox/interop/archive"
)

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// certificates of a box, by a root and an issuing key of these seeds.
func certificates(t testing.TB, root, issuing byte, box cert.Box) *archive.Certificates {
	t.Helper()
	sign := func(by byte, v cert.Body) []byte {
		raw, err := cert.Sign(key(by), v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if box.Identity == nil {
		box = cert.Box{Name: "tram-01", Facility: "22736", Identity: public(boxKey()), Serial: cert.Serial{1}}
	}
	box.Issuer = cert.IDOf(public(key(issuing)))
	issuer := cert.Issuer{Name: "Trung tâm Mẫu", Key: public(key(issuing)), Seq: 1}
	return &archive.Certificates{Root: public(key(root)), Statements: [][]byte{sign(root, issuer)}, Box: sign(issuing, box)}
}

// proof is an export of one entry of the world: the vital signs that were corrected.
func proof(w *world) archive.Head {
	h := w.head()
	h.Scope = archive.Scope{Patient: patient(), Record: w.entries[0][lineVitals].Leaf}
	h.Certs = certificates(w.t, 20, 21, cert.Box{})
	return h
}

// TestProofOfOneEntry: the entry, what corrected it, the signatures and whose keys these
// are; nothing else of the patient, and nobody's name but of who wrote.
func TestProofOfOneEntry(t *testing.T) {
	w := newWorld(t)
	b := w.export(proof(w))
	var places []string
	rep, err := verify(b, archive.Options{Key: public(boxKey()), Each: func(e *archive.Entry) error {
		places = append(places, e.String())
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(places, ", "); got != "own 0, own 1, own 2, own 6, own 7, own 9" {
		t.Errorf("the proof has %s", got)
	}
	if rep.Record != w.entries[0][lineVitals].Leaf || rep.Patient != patient() || rep.Good != 1 || rep.Trust == nil || rep.Revoked || !rep.Root.Equal(public(key(20))) {
		t.Errorf("%+v", rep)
	}
	if bytes.Contains(entriesOf(t, b), []byte("Nguy")) {
		t.Error("the proof of vital signs has the patient's name")
	}
	outside := independent(t)
	root := base64.StdEncoding.EncodeToString(public(key(20)))
	if code, said := outside(b, "-root", root); code != 0 || !strings.Contains(said, "GOOD: the entry") || !strings.Contains(said, "1 signatures fit") {
		t.Errorf("the independent verifier says %d %s", code, said)
	}
	h := proof(w)
	h.Record = clinic.Leaf{9}
	if _, err := verify(w.export(h), archive.Options{}); !errors.Is(err, archive.ErrTampered) {
		t.Errorf("the proof of an entry that is not there: %v", err)
	}
}

func entriesOf(t testing.TB, b []byte) []byte {
	_, c := files(t, b)
	return c["entries.jsonl"]
}

// TestWhoseKey: the box's key is believed by itself, with its journal, or by the root.
func TestWhoseKey(t *testing.T) {
	w := newWorld(t)
	b := w.export(proof(w))
	origin := checkpoint.Origin("tram-01", w.head().Epoch)
	print := cert.Fingerprint(public(key(20)))
	for name, o := range map[string]archive.Options{
		"key":           {Key: public(boxKey()), Origin: origin},
		"root":          {Root: base64.StdEncoding.EncodeToString(public(key(20)))},
		"root's print":  {Root: print},
		"as it is read": {Root: strings.ToLower(strings.ReplaceAll(print, " ", "-"))},
	} {
		if _, err := verify(b, o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := w.head()
	for name, c := range map[string]struct {
		b []byte
		o archive.Options
	}{
		"another key":      {b, archive.Options{Key: public(doctorKey())}},
		"another journal":  {b, archive.Options{Key: public(boxKey()), Origin: origin + "0"}},
		"another root":     {b, archive.Options{Root: cert.Fingerprint(public(key(22)))}},
		"no root's print":  {b, archive.Options{Root: "x"}},
		"no certificates":  {w.export(plain), archive.Options{Root: print}},
		"half of a print":  {b, archive.Options{Root: print[:12]}},
		"the box's as its": {b, archive.Options{Root: cert.Fingerprint(public(boxKey()))}},
	} {
		if _, err := verify(c.b, c.o); !errors.Is(err, archive.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRevokedBox: an export tells of itself when the centre took the box's certificate
// back, by what the box knew then.
func TestRevokedBox(t *testing.T) {
	w := newWorld(t)
	list, err := cert.Sign(key(21), cert.Revocations{
		Issuer: cert.IDOf(public(key(21))), Facility: "22736", Seq: 1, Items: []cert.Revoked{{Serial: cert.Serial{1}, Reason: cert.ReasonStolen}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.add(clinic.In, clinic.ID{}, clinic.Draft{Kind: clinic.KindStatement, Subject: clinic.StatementSubject(), Body: &clinic.Statement{Raw: list}})
	if rep, err := verify(w.export(proof(w)), archive.Options{Root: cert.Fingerprint(public(key(20)))}); err != nil || !rep.Revoked {
		t.Errorf("%+v %v", rep, err)
	}
}

// TestProofTamperings changes one thing of a proof at a time. The manifest fits and is
// signed by the box's own key unless it is about that; both verifiers refuse it.
func TestProofTamperings(t *testing.T) {
	w := newWorld(t)
	outside := independent(t)
	root := base64.StdEncoding.EncodeToString(public(key(20)))
	good := w.export(proof(w))
	other := newWorld(t)
	other.seed[0]++
	elsewhere := &world{t: t, seed: other.seed}
	for _, e := range w.entries[0] {
		elsewhere.raw(clinic.Own, e.Bytes)
	}
	theirs := slices.Collect(strings.Lines(string(entriesOf(t, elsewhere.export(proof(elsewhere))))))
	const vitals, fixed, signed = 3, 4, 5 // lines
	certs := func(c *archive.Certificates) func(*forgery) {
		return func(f *forgery) {
			b, err := json.MarshalIndent(c, "", " ")
			if err != nil {
				f.t.Fatal(err)
			}
			f.content["certificates.json"] = append(b, '\n')
		}
	}
	box := cert.Box{Name: "tram-01", Facility: "22736", Identity: public(boxKey()), Serial: cert.Serial{1}}
	renamed, stolen := box, box
	renamed.Name, stolen.Identity = "tram-02", public(doctorKey())
	mixed := certificates(t, 20, 21, box)
	mixed.Box = certificates(t, 20, 23, box).Box
	bent := certificates(t, 20, 21, box)
	bent.Statements[0] = bytes.Clone(bent.Statements[0])
	bent.Statements[0][9] ^= 1
	flipped := certificates(t, 20, 21, box)
	flipped.Box[9] ^= 1
	for name, do := range map[string]func(*forgery){
		"entry of another log":    func(f *forgery) { f.line(vitals, func(string) string { return theirs[vitals] }) },
		"entry swapped":           func(f *forgery) { f.lines(func(l []string) []string { l[vitals] = l[fixed]; return l }) },
		"entry removed":           func(f *forgery) { f.lines(func(l []string) []string { return slices.Delete(l, vitals, vitals+1) }) },
		"correction removed":      func(f *forgery) { f.lines(func(l []string) []string { return slices.Delete(l, fixed, fixed+1) }) },
		"signature removed":       func(f *forgery) { f.lines(func(l []string) []string { return l[:signed] }) },
		"another entry is proven": func(f *forgery) { f.edit(func(m *manifest) { m.Record = strings.Repeat("ab", 32) }) },
		"no leaf hash":            func(f *forgery) { f.edit(func(m *manifest) { m.Record = "ab" }) },
		"leaf hash in upper case": func(f *forgery) { f.edit(func(m *manifest) { m.Record = strings.ToUpper(m.Record) }) },
		"called everything":       func(f *forgery) { f.edit(func(m *manifest) { m.Record, m.Patient = "", "" }) },
		"a hash of the path": func(f *forgery) {
			f.line(vitals, func(l string) string { return strings.Replace(l, `"proof":["`, `"proof":["00`, 1) })
		},
		"a hash of the path changed": func(f *forgery) { f.line(vitals, func(l string) string { return bend(l, `"proof":["`) }) },
		"a hash too few": func(f *forgery) {
			f.line(vitals, func(l string) string {
				return regexp.MustCompile(`"proof":\["[0-9a-f]*",`).ReplaceAllString(l, `"proof":[`)
			})
		},
		"path of another entry": func(f *forgery) {
			f.lines(func(l []string) []string { l[vitals] = part(l[vitals], "proof", field(l[fixed], "proof")); return l })
		},
		"path of another log": func(f *forgery) {
			f.line(vitals, func(l string) string { return part(l, "proof", field(theirs[vitals], "proof")) })
		},
		"index":               func(f *forgery) { f.line(vitals, func(l string) string { return part(l, "index", "5") }) },
		"leaf":                func(f *forgery) { f.line(vitals, func(l string) string { return bend(l, `"leaf":"`) }) },
		"salt":                func(f *forgery) { f.line(vitals, func(l string) string { return bend(l, `"salt":"`) }) },
		"a byte of the entry": func(f *forgery) { f.line(vitals, func(l string) string { return bend(l, `"cbor":"`) }) },
		"a word":              func(f *forgery) { f.line(vitals, func(l string) string { return part(l, "pulse", "71") }) },
		"a field more": func(f *forgery) {
			f.line(vitals, func(l string) string { return strings.Replace(l, `,"cbor"`, `,"x":1,"cbor"`, 1) })
		},
		"size of the checkpoint": func(f *forgery) { f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Size-- }) },
		"root of the checkpoint": func(f *forgery) { f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Root[0]++ }) },
		"origin of the checkpoint": func(f *forgery) {
			f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Origin = "cb/tram-02/0102030000000000" })
		},
		"another signed it": func(f *forgery) { f.checkpoint(doctorKey(), func(*checkpoint.Checkpoint) {}) },
		"root everywhere": func(f *forgery) {
			f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Root[0]++ })
			f.edit(func(m *manifest) { m.Journals[0].Root[0]++ })
		},
		"size everywhere": func(f *forgery) {
			f.checkpoint(boxKey(), func(c *checkpoint.Checkpoint) { c.Size = 30 })
			f.edit(func(m *manifest) { m.Journals[0].Size = 30 })
		},
		"manifest's signature": func(f *forgery) { f.signer = key(9) },
		"certificates removed": func(f *forgery) {
			f.names = slices.DeleteFunc(f.names, func(n string) bool { return n == "certificates.json" })
		},
		"certificates cut":             func(f *forgery) { f.content["certificates.json"] = f.content["certificates.json"][:200] },
		"certificate of another box":   certs(certificates(t, 20, 21, renamed)),
		"certificate of another key":   certs(certificates(t, 20, 21, stolen)),
		"certificate of another fleet": certs(certificates(t, 24, 25, box)),
		"certificate by nobody":        certs(mixed),
		"certificate bent":             certs(flipped),
		"issuer's statement bent":      certs(bent),
		"a file more":                  func(f *forgery) { f.names = append(f.names, "x"); f.content["x"] = []byte("x") },
	} {
		b := rewrite(t, good, do)
		if _, err := verify(b, archive.Options{Key: public(boxKey()), Root: root}); !errors.Is(err, archive.ErrTampered) && !errors.Is(err, archive.ErrForm) && !errors.Is(err, archive.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
		if code, said := outside(b, "-root", root); code != 3 {
			t.Errorf("%s: the independent verifier says %d %s", name, code, said)
		}
	}
	for name, b := range map[string][]byte{"half": good[:len(good)/2], "one byte less": good[:len(good)-1], "one more": append(bytes.Clone(good), 0)} {
		if _, err := verify(b, archive.Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if code, _ := outside(b); code != 3 {
			t.Errorf("%s: the independent verifier says %d", name, code)
		}
	}
}

// bend changes the first character behind a mark.
func bend(l, mark string) string {
	i := strings.Index(l, mark) + len(mark)
	c := byte('1')
	if l[i] == c {
		c = '2'
	}
	return l[:i] + string(c) + l[i+1:]
}

// FuzzCertificates: whatever is changed in certificates.json, only the root's own word
// makes the key the box's. What is fuzzed is the change, as in FuzzVerify.
func FuzzCertificates(f *testing.F) {
	w := newWorld(f)
	good := w.export(proof(w))
	_, c := files(f, good)
	certs, root := c["certificates.json"], cert.Fingerprint(public(key(20)))
	f.Add(uint16(0), uint16(0), []byte{})
	f.Add(uint16(40), uint16(4), []byte("AAAA"))
	f.Add(uint16(len(certs)-5), uint16(5), []byte("}"))
	f.Fuzz(func(t *testing.T, at, cut uint16, put []byte) {
		from := min(int(at), len(certs))
		changed := slices.Concat(certs[:from], put, certs[min(from+int(cut), len(certs)):])
		b := rewrite(t, good, func(f *forgery) { f.content["certificates.json"] = changed })
		if _, err := verify(b, archive.Options{Root: root}); err == nil && !bytes.Equal(changed, certs) {
			t.Fatalf("another certificates.json is believed: %q", changed)
		}
	})
}
