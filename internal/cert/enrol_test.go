package cert

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"clinicbox/clinic"
)

func TestAnswerRefusals(t *testing.T) {
	good := newEnrolment(t)
	sealed := good.seal(t)
	if got, err := OpenAnswer(sealed, good.expect()); err != nil || !bytes.Equal(got.Answer.Chain[0], good.answer.Chain[0]) {
		t.Fatal(err)
	}
	other := newEnrolment(t)
	der := must[[]byte](t)
	id := IDOf(pub(issuerKey))
	box := must[Box](t)(Unverified[Box](good.answer.Box))
	thief := must[[]byte](t)(Sign(key(thiefKey), Issuer{Name: "x", Key: pub(issuerKey), Seq: 1}))
	tests := []struct {
		name   string
		change func(*enrolment)
		expect func(*Expect)
		want   error
	}{
		{"nothing changed", nil, nil, nil},
		{"pinned root", nil, func(e *Expect) { e.Root = pub(rootKey) }, nil},
		{"another root than pinned", nil, func(e *Expect) { e.Root = pub(thiefKey) }, ErrRoot},
		{"another code typed", nil, func(e *Expect) { e.Code = NewCode() }, ErrCode},
		{"a wrong hub that does not know the code", func(e *enrolment) { e.code = NewCode() }, nil, ErrCode},
		{"answer to an earlier request", func(e *enrolment) { e.answer.Request = Nonce{2} }, nil, ErrOtherRequest},
		{"answer to other keys", func(e *enrolment) { e.answer.Digest = DigestOf(other.request) }, nil, ErrOtherRequest},
		{"issuer of another root", func(e *enrolment) { e.answer.Chain = [][]byte{thief} }, nil, ErrRoot},
		{"certificate for another box", func(e *enrolment) {
			v := box
			v.Identity = pub(thiefKey)
			e.answer.Box = der(Sign(key(issuerKey), v))
		}, nil, ErrOtherBox},
		{"certificate with another HPKE key", func(e *enrolment) {
			v := box
			v.HPKE = Digest{}
			e.answer.Box = der(Sign(key(issuerKey), v))
		}, nil, ErrOtherBox},
		{"certificate with another TLS key", func(e *enrolment) {
			v := box
			v.TLS = Digest{}
			e.answer.Box = der(Sign(key(issuerKey), v))
		}, nil, ErrOtherBox},
		{"certificate by a thief", func(e *enrolment) { e.answer.Box = der(Sign(key(thiefKey), box)) }, nil, ErrSignature},
		{"facility of another code", func(e *enrolment) { e.answer.Facility.Code = "00001" }, nil, ErrOtherFacility},
		{"facility of another box", func(e *enrolment) { e.answer.Facility.Box = "tram-02" }, nil, ErrOtherBox},
		{"revoked at once", func(e *enrolment) {
			e.answer.Lists = [][]byte{der(Sign(key(issuerKey), Revocations{Issuer: id, Facility: facility, Seq: 1, Items: []Revoked{{Serial: box.Serial}}}))}
		}, nil, ErrRevoked},
		{"another HPKE key of the hub", func(e *enrolment) { e.answer.HPKE = hpke(t, 10) }, nil, ErrForm},
		{"another link authority", func(e *enrolment) { e.answer.Link = other.answer.Link }, nil, ErrForm},
		{"client certificate of another box", func(e *enrolment) { e.answer.Client = other.answer.Client }, nil, ErrOtherBox},
		{"web authority of another box", func(e *enrolment) { e.answer.Web = other.answer.Web }, nil, ErrOtherBox},
		{"web chain of two fleets", func(e *enrolment) { e.answer.Web[1] = other.answer.Web[1] }, nil, ErrX509},
		{"no web chain", func(e *enrolment) { e.answer.Web = e.answer.Web[:1] }, nil, ErrX509},
		{"no hub", func(e *enrolment) { e.answer.Hub = e.answer.Chain[0] }, nil, ErrForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := *good
			e.answer.Web = append([][]byte(nil), good.answer.Web...)
			expect := e.expect()
			if tt.change != nil {
				tt.change(&e)
			}
			if tt.expect != nil {
				tt.expect(&expect)
			}
			if _, err := OpenAnswer(e.seal(t), expect); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAnswerTamperedAtEveryByte(t *testing.T) {
	e := newEnrolment(t)
	for what, raw := range map[string][]byte{"answer": e.seal(t), "request": e.request} {
		believed := func(b []byte) bool {
			if what == "answer" {
				_, err := OpenAnswer(b, e.expect())
				return err == nil
			}
			r, err := OpenRequest(b)
			return err == nil && r.Proves(b, e.code.Secret()) == nil
		}
		if !believed(raw) {
			t.Fatal(what)
		}
		for i := range raw {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << (i % 8)
			if believed(bad) {
				t.Fatalf("%s: byte %d changed is believed", what, i)
			}
		}
	}
}

func TestRequestForm(t *testing.T) {
	e := newEnrolment(t)
	r := must[Request](t)(OpenRequest(e.request))
	for name, change := range map[string]func(*Request){
		"a name with a slash": func(r *Request) { r.Name = "a/b" },
		"a short HPKE key":    func(r *Request) { r.HPKE = r.HPKE[1:] },
		"no TLS key":          func(r *Request) { r.TLS = nil },
		"no web key":          func(r *Request) { r.Web = []byte("x") },
		"too many facts":      func(r *Request) { r.Hardware = make([]Fact, 17) },
	} {
		bad := r
		change(&bad)
		if _, err := SealRequest(key(boxKey), bad, e.code); !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenRequest(must[[]byte](t)(SealRequest(key(thiefKey), r, e.code))); !errors.Is(err, ErrSignature) {
		t.Errorf("a request for somebody else's identity: %v", err)
	}
	if err := r.Proves(e.request, NewCode().Secret()); !errors.Is(err, ErrCode) {
		t.Errorf("another code proves: %v", err)
	}
}

// history of three entries, the last by another issuing key.
func sampleHistory(t *testing.T) [][]byte {
	t.Helper()
	sign := func(n byte, v Body) []byte { return must[[]byte](t)(Sign(key(n), v)) }
	first, second := IDOf(pub(issuerKey)), IDOf(pub(20))
	one := sign(rootKey, Issuer{Name: "a", Key: pub(issuerKey), Seq: 1})
	two := sign(rootKey, Issuer{Name: "b", Key: pub(20), Seq: 2})
	h := func(seq uint64, id KeyID, prev, k []byte) History {
		v := History{Issuer: id, Seq: seq, Operator: "Vận hành Mẫu", Action: "invite", Object: "tram-01", Time: time.Unix(9, 0).UnixMilli(), Key: k}
		if prev != nil {
			v.Prev = DigestOf(prev)
		}
		return v
	}
	a := sign(issuerKey, h(1, first, nil, one))
	b := sign(issuerKey, h(2, first, a, nil))
	c := sign(20, h(3, second, b, two))
	return [][]byte{a, b, c, sign(20, h(4, second, c, nil))}
}

func TestHistoryTampering(t *testing.T) {
	all := sampleHistory(t)
	verify := func(h [][]byte, heads ...Head) error {
		_, err := VerifyHistory(pub(rootKey), func(yield func([]byte, error) bool) {
			for _, e := range h {
				if !yield(e, nil) {
					return
				}
			}
		}, heads...)
		return err
	}
	last := Head{4, DigestOf(all[3])}
	if err := verify(all, last, Head{2, DigestOf(all[1])}, Head{}); err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(all[1])
	flipped[len(flipped)-2] ^= 1
	for name, h := range map[string][][]byte{
		"changed": {all[0], flipped, all[2], all[3]}, "one left out": {all[0], all[2], all[3]},
		"swapped": {all[0], all[2], all[1], all[3]}, "the first left out": all[1:], "twice": {all[0], all[0]},
		"end cut off": all[:3], "empty": nil,
	} {
		if err := verify(h, last); !errors.Is(err, ErrHistory) {
			t.Errorf("%s: %v", name, err)
		}
	}
	forged := must[[]byte](t)(Sign(key(issuerKey), History{Issuer: IDOf(pub(issuerKey)), Seq: 4, Prev: DigestOf(all[2]), Operator: "x", Action: "x"}))
	if err := verify([][]byte{all[0], all[1], all[2], forged}); !errors.Is(err, ErrHistory) {
		t.Errorf("an entry by the key before: %v", err)
	}
	stop := errors.New("stop")
	_, err := VerifyHistory(pub(rootKey), func(yield func([]byte, error) bool) { yield(nil, stop) })
	if !errors.Is(err, stop) {
		t.Errorf("a read error is lost: %v", err)
	}
}

func TestHeaviestAnswerFits(t *testing.T) {
	e := newEnrolment(t)
	e.answer.Facility = clinic.Facility{
		Code: facility, Box: "tram-01", Book: "a", Name: string(bytes.Repeat([]byte("ệ"), 60)), Address: string(bytes.Repeat([]byte("ệ"), 60)),
	}
	raw := e.seal(t)
	codes := must[[]string](t)(QR(raw))
	text := must[string](t)(Text(raw))
	t.Logf("answer %d bytes, %d QR codes, %d lines; request %d bytes, %d QR codes", len(raw), len(codes), bytes.Count([]byte(text), []byte("\n"))-1,
		len(e.request), len(must[[]string](t)(QR(e.request))))
	if len(raw) > 6<<10 {
		t.Errorf("an answer has %d bytes: too many QR codes for a technician", len(raw))
	}
}
