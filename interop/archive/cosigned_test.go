package archive_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
	"clinicbox/internal/checkpoint"
	"clinicbox/interop/archive"
)

// centreName is frozen in exports, and in scripts/verifyexport.
const centreName = "cb/centre"

// hub is a statement by the issuing key that names a key of the centre.
func hub(t testing.TB, issuing, receipt byte, seq uint64) []byte {
	t.Helper()
	raw, err := cert.Sign(key(issuing), cert.Hub{
		Issuer: cert.IDOf(public(key(issuing))), Name: "Trung tâm Mẫu", Seq: seq,
		Receipt: public(key(receipt)), Command: public(key(receipt + 1)), HPKE: cert.Digest{1}, Link: cert.Digest{2},
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// cosigned is a checkpoint of the first entries, with the centre's cosignature.
func (w *world) cosigned(size int, by byte) []byte {
	w.t.Helper()
	first := &world{t: w.t, entries: [2][]archive.Entry{w.entries[0][:size]}, hashes: w.hashes}
	c := checkpoint.Checkpoint{Origin: checkpoint.Origin("tram-01", w.head().Epoch), Size: uint64(size), Root: first.tree(clinic.Own).Root}
	note, err := checkpoint.Sign(c, boxKey())
	if err == nil {
		note, err = checkpoint.Cosign(note, centreName, key(by), at())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return note
}

// TestCosignature: the centre's cosignature is verified by the key of its certificate,
// also of one that it had before or came to have later, or by the one that somebody knows.
func TestCosignature(t *testing.T) {
	w := newWorld(t)
	w.add(clinic.Own, clinic.ID{}, clinic.Draft{Kind: clinic.KindStatement, Body: &clinic.Statement{Raw: hub(t, 21, 34, 2)}})
	outside := independent(t)
	certs := certificates(t, 20, 21, cert.Box{})
	certs.Statements = append(certs.Statements, hub(t, 21, 30, 1))
	strangers := certificates(t, 20, 21, cert.Box{})
	b64 := func(n byte) string { return base64.StdEncoding.EncodeToString(public(key(n))) }
	const fits, unknown, refused = "its signature fits", "keys are not known here", "REFUSED"
	for name, c := range map[string]struct {
		certs  *archive.Certificates
		size   int
		by     byte
		centre byte
		part   bool
		said   string
		holds  bool
	}{
		"by the certificate":           {certs, 10, 30, 0, false, fits, true},
		"all of it":                    {certs, 15, 30, 0, false, fits, true},
		"by a later certificate":       {certs, 15, 34, 0, false, fits, true},
		"of a part":                    {certs, 10, 30, 0, true, fits, false},
		"of a part, all of it":         {certs, 15, 30, 0, true, fits, true},
		"no certificate of the key":    {strangers, 10, 30, 0, false, unknown, false},
		"no certificates":              {nil, 10, 30, 0, false, unknown, false},
		"a key that somebody knows":    {nil, 10, 30, 30, false, fits, true},
		"another key than is known":    {nil, 10, 30, 31, false, refused, false},
		"certified, not that is known": {certs, 10, 30, 31, false, refused, false},
	} {
		h := w.head()
		h.Certs, h.Cosigned = c.certs, w.cosigned(c.size, c.by)
		if c.part {
			h.Scope = archive.Scope{Patient: patient()}
		}
		b, o, more := w.export(h), archive.Options{}, []string(nil)
		if c.centre > 0 {
			o.Centre, more = public(key(c.centre)), []string{"-centre", b64(c.centre)}
		}
		rep, err := verify(b, o)
		switch {
		case c.said == refused:
			if !errors.Is(err, archive.ErrKey) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.said == unknown:
			if rep.Cosigned != nil || !slices.Equal(rep.Witnesses, []string{centreName}) {
				t.Errorf("%s: %+v %v", name, rep.Cosigned, rep.Witnesses)
			}
		default:
			if x := rep.Cosigned; x == nil || x.Size != uint64(c.size) || !x.At.Equal(at()) || x.Holds != c.holds || len(rep.Witnesses) != 0 {
				t.Errorf("%s: %+v %v", name, x, rep.Witnesses)
			}
		}
		code, said := outside(b, more...)
		want := 0
		if c.said == refused {
			want = 3
		}
		if code != want || !strings.Contains(said, c.said) || c.said == fits && strings.Contains(said, "does not tell") == c.holds {
			t.Errorf("%s: the independent verifier says %d %s", name, code, said)
		}
	}
}

// TestBrokenCosignatures: what claims to be the centre's by a key that is known, and is
// not, is refused, and a part's that has another root at the same size.
func TestBrokenCosignatures(t *testing.T) {
	w := newWorld(t)
	outside := independent(t)
	certs := certificates(t, 20, 21, cert.Box{})
	certs.Statements = append(certs.Statements, hub(t, 21, 30, 1))
	good := w.cosigned(10, 30)
	change := func(at int) []byte {
		text, line := good[:strings.LastIndex(string(good), " ")+1], good[strings.LastIndex(string(good), " ")+1:]
		sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(line)))
		if err != nil {
			t.Fatal(err)
		}
		sig[at] ^= 1
		return append(append(slices.Clone(text), base64.StdEncoding.EncodeToString(sig)...), '\n')
	}
	longer := slices.Concat(good[:strings.LastIndex(string(good), " ")+1], []byte(base64.StdEncoding.EncodeToString(make([]byte, 80))), []byte("\n"))
	root := checkpoint.Checkpoint{Origin: checkpoint.Origin("tram-01", w.head().Epoch), Size: uint64(len(w.entries[0])), Root: [32]byte{1}}
	forked, err := checkpoint.Sign(root, boxKey())
	if err != nil {
		t.Fatal(err)
	}
	h := w.head()
	h.Certs = certs
	for name, note := range map[string][]byte{"time": change(11), "signature": change(40)} {
		h.Cosigned = note
		if _, err := verify(w.export(h), archive.Options{}); !errors.Is(err, archive.ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
		if code, said := outside(w.export(h)); code != 3 {
			t.Errorf("%s: the independent verifier says %d %s", name, code, said)
		}
	}
	h.Cosigned = longer // of no key that is known
	if rep, err := verify(w.export(h), archive.Options{}); err != nil || rep.Cosigned != nil {
		t.Errorf("by another key: %+v, %v", rep.Cosigned, err)
	}
	withdrawn := certificates(t, 20, 21, cert.Box{Name: "tram-01", Facility: "22736", Identity: public(boxKey()), Serial: cert.Serial{1}})
	next, err := cert.Sign(key(20), cert.Issuer{Name: "Trung tâm Mẫu", Key: public(key(22)), Seq: 2, Withdraws: []cert.KeyID{cert.IDOf(public(key(21)))}})
	if err != nil {
		t.Fatal(err)
	}
	again := certificates(t, 20, 22, cert.Box{})
	withdrawn.Statements = append(withdrawn.Statements, hub(t, 21, 30, 1), next)
	withdrawn.Box = again.Box
	h.Certs, h.Cosigned = withdrawn, good // a thief may have named a key of their own
	if rep, err := verify(w.export(h), archive.Options{}); err != nil || rep.Cosigned != nil {
		t.Errorf("named by a stolen key: %+v, %v", rep.Cosigned, err)
	}
	if code, said := outside(w.export(h)); code != 0 || !strings.Contains(said, "keys are not known here") {
		t.Errorf("named by a stolen key: the independent verifier says %d %s", code, said)
	}
	h.Scope, h.Cosigned = archive.Scope{Patient: patient()}, forked
	if _, err := verify(w.export(h), archive.Options{}); !errors.Is(err, archive.ErrTampered) {
		t.Errorf("another root: %v", err)
	}
	if code, said := outside(w.export(h)); code != 3 {
		t.Errorf("another root: the independent verifier says %d %s", code, said)
	}
	if _, err := verify(w.export(w.head()), archive.Options{Centre: public(key(30))}); !errors.Is(err, archive.ErrKey) {
		t.Errorf("nothing is cosigned: %v", err)
	}
}

// TestWithdrawnAmongEntries: an issuing key that the root takes back in an entry, after the
// certificates were made, vouches for nobody any more, neither a centre nor the box.
func TestWithdrawnAmongEntries(t *testing.T) {
	w := newWorld(t)
	outside := independent(t)
	issuer := func(seq uint64, withdraws ...cert.KeyID) []byte {
		raw, err := cert.Sign(key(20), cert.Issuer{Name: "Trung tâm Mẫu", Key: public(key(22)), Seq: seq, Withdraws: withdraws})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	w.add(clinic.Own, clinic.ID{}, clinic.Draft{Kind: clinic.KindStatement, Body: &clinic.Statement{Raw: issuer(3, cert.IDOf(public(key(21))))}})
	certs, next := certificates(t, 20, 21, cert.Box{}), certificates(t, 20, 22, cert.Box{})
	certs.Statements = append(certs.Statements, issuer(2), hub(t, 21, 30, 1))
	h := w.head()
	h.Certs, h.Cosigned = certs, w.cosigned(10, 30)
	if _, err := verify(w.export(h), archive.Options{}); !errors.Is(err, archive.ErrTampered) {
		t.Errorf("the box's certificate: %v", err)
	}
	if code, said := outside(w.export(h)); code != 3 {
		t.Errorf("the box's certificate: the independent verifier says %d %s", code, said)
	}
	certs.Box = next.Box
	if rep, err := verify(w.export(h), archive.Options{}); err != nil || rep.Cosigned != nil {
		t.Errorf("the centre's: %+v, %v", rep.Cosigned, err)
	}
	if code, said := outside(w.export(h)); code != 0 || !strings.Contains(said, "keys are not known here") {
		t.Errorf("the centre's: the independent verifier says %d %s", code, said)
	}
}
