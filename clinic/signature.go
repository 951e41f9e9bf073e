package clinic

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// signedContext keeps a signature of documents from meaning anything else
// (Ed25519ctx, RFC 8032 section 5.1).
const signedContext = "clinicbox signed documents v1"

// SignatureState tells what a confirmation by PIN is worth.
type SignatureState uint8

// The states. Those from SignatureRevoked on confirm nothing.
const (
	SignatureUnchecked   SignatureState = 0 // nothing here can check it
	SignatureKeyless     SignatureState = 1 // from before people had keys: the box alone says who
	SignatureGood        SignatureState = 2 // by a key that the centre confirmed
	SignatureUnconfirmed SignatureState = 3 // it fits, the centre has not confirmed whose key it is
	SignatureRevoked     SignatureState = 4 // made after its key was revoked
	SignatureBroken      SignatureState = 5 // it does not fit documents, person, role or any key
	SignatureUnknown     SignatureState = 6 // it fits a key that came from elsewhere and nobody vouches for
)

// Counts tells whether a signature of the state makes a document signed.
func (s SignatureState) Counts() bool { return s < SignatureRevoked }

// KeyIDOf names a signing key: 16 bytes (internal/cert: IDOf).
func KeyIDOf(key ed25519.PublicKey) []byte {
	sum := sha256.Sum256(append([]byte("clinicbox key id\x00"), key...))
	return sum[:16]
}

// signedMessage is what a person signs: patient (16 bytes), visit (16), number of
// documents (4, big endian), their leaves (32 each).
func signedMessage(patient, visit ID, leaves [][]byte) []byte {
	m := slices.Concat(patient[:], visit[:])
	m = binary.BigEndian.AppendUint32(m, uint32(len(leaves)))
	return append(m, slices.Concat(leaves...)...)
}

// SignWith signs the documents that s names with the person's Ed25519 key.
func (s *Signed) SignWith(key crypto.Signer, patient, visit ID) error {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return fmt.Errorf("clinic: sign: a key of type %T", key.Public())
	}
	sig, err := key.Sign(rand.Reader, signedMessage(patient, visit, s.Leaves), &ed25519.Options{Context: signedContext})
	if err != nil {
		return fmt.Errorf("clinic: sign: %w", err)
	}
	s.Key, s.Sig = KeyIDOf(public), sig
	return nil
}

// Fits reports whether the signature is by the key, over these documents of this
// visit.
func (s *Signed) Fits(key ed25519.PublicKey, patient, visit ID) bool {
	for _, l := range s.Leaves {
		if len(l) != len(Leaf{}) {
			return false // lengths are not in the message
		}
	}
	return len(key) == ed25519.PublicKeySize && slices.Equal(s.Key, KeyIDOf(key)) &&
		ed25519.VerifyWithOptions(key, signedMessage(patient, visit, s.Leaves), s.Sig, &ed25519.Options{Context: signedContext}) == nil
}

// SignatureJudge tells what the confirmation of a KindSigned record is worth.
type SignatureJudge func(r *Record) SignatureState

// JudgeSignatures has every confirmation of the visit judged. One that does not count
// stays to be seen, among the visit's and as Void of its documents, and confirms
// nothing.
func (v *VisitFile) JudgeSignatures(judge SignatureJudge) {
	states := map[Leaf]SignatureState{}
	for i := range v.Signed {
		s := &v.Signed[i]
		s.State = judge(&s.Record)
		states[s.Record.Leaf] = s.State
	}
	for i := range v.Documents {
		v.Documents[i].judged(states)
	}
	v.State = v.state()
}

// SignedAlone returns the confirmations outside visits that name the entry: those that
// count, and the others.
func (p *PatientFile) SignedAlone(l Leaf) (good, void []Signature) {
	for _, s := range p.Signed {
		switch {
		case !s.names(l):
		case s.State.Counts():
			good = append(good, s)
		default:
			void = append(void, s)
		}
	}
	return good, void
}

// JudgeSignatures has the confirmations outside visits judged; visits have their own.
func (p *PatientFile) JudgeSignatures(judge SignatureJudge) {
	states := map[Leaf]SignatureState{}
	for i := range p.Signed {
		p.Signed[i].State = judge(&p.Signed[i].Record)
		states[p.Signed[i].Record.Leaf] = p.Signed[i].State
	}
	p.Lab.judged(states)
}

func (d *Document) judged(states map[Leaf]SignatureState) {
	for j := range d.Versions {
		d.Versions[j].judged(states)
	}
	d.State = d.state()
}

// judged parts the confirmations that count from those that do not.
func (ver *Version) judged(states map[Leaf]SignatureState) {
	all := slices.Concat(ver.Signed, ver.Void)
	ver.Signed, ver.Void = nil, nil
	for _, s := range all {
		s.State = states[s.Record.Leaf]
		if s.State.Counts() {
			ver.Signed = append(ver.Signed, s)
		} else {
			ver.Void = append(ver.Void, s)
		}
	}
}

// Voids returns the states of confirmations that do not count, each once, the lowest
// first: pages tell them aloud.
func (v *VisitFile) Voids() (out []SignatureState) {
	for _, s := range v.Signed {
		if !s.State.Counts() {
			out = append(out, s.State)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// state is what the versions' confirmations make of the document.
func (d *Document) state() DocState {
	switch {
	case len(d.Current().Signed) > 0:
		return DocSigned
	case slices.ContainsFunc(d.Versions, func(v Version) bool { return len(v.Signed) > 0 }):
		return DocAmended
	}
	return DocUnsigned
}
