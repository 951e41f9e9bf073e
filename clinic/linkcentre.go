package clinic

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// CentreLink tells that the centre says whether two patients are one person, for it has
// the records of all boxes.
type CentreLink struct {
	By   CentreBy `cbor:"1,keyasint"`
	Rule int      `cbor:"2,keyasint,omitempty"` // version of the rule
	Who  string   `cbor:"3,keyasint,omitempty"` // the operator's name
	// Open: what was said is taken back, and nothing is said in its place.
	Open bool   `cbor:"4,keyasint,omitempty"`
	Key  []byte `cbor:"5,keyasint"` // KeyIDOf the centre's key, 16 bytes
	Sig  []byte `cbor:"6,keyasint"` // Ed25519ctx over subject and body, 64 bytes
}

// CentreBy tells who decided at the centre. Values are frozen.
type CentreBy uint8

// Who decides at the centre.
const (
	CentreRule     CentreBy = 1
	CentreOperator CentreBy = 2
)

// centreContext keeps the centre's signature of a link from meaning anything else
// (Ed25519ctx, RFC 8032 section 5.1).
const centreContext = "clinicbox centre link v1"

// centreMessage is what the centre signs: subject and other (16 bytes each), what is
// said, who decided, the event's Unix seconds, what is replaced (numbers big endian), and
// the operator's name.
func (l *Link) centreMessage(subject ID, event time.Time, corrects Leaf) []byte {
	flags := byte(0)
	if l.Same {
		flags |= 1
	}
	if l.Centre.Open {
		flags |= 2
	}
	m := slices.Concat(subject[:], l.Other, []byte{flags, byte(l.Centre.By)})
	m = binary.BigEndian.AppendUint32(m, uint32(l.Centre.Rule))
	m = binary.BigEndian.AppendUint64(m, uint64(event.Unix()))
	m = binary.BigEndian.AppendUint32(append(m, corrects[:]...), uint32(len(l.Merges)))
	return append(append(m, slices.Concat(l.Merges...)...), l.Centre.Who...)
}

// SignCentre signs the link of the draft with the centre's Ed25519 key. Nothing of the
// draft may change afterwards.
func (d *Draft) SignCentre(key crypto.Signer) error {
	l, ok := d.Body.(*Link)
	public, is := key.Public().(ed25519.PublicKey)
	if !ok || l.Centre == nil || !is || !l.wellFormed() {
		return fmt.Errorf("clinic: sign a link: %T with a key of type %T", d.Body, key.Public())
	}
	sig, err := key.Sign(rand.Reader, l.centreMessage(d.Subject, d.Event, d.Corrects), &ed25519.Options{Context: centreContext})
	if err != nil {
		return fmt.Errorf("clinic: sign a link: %w", err)
	}
	l.Centre.Key, l.Centre.Sig = KeyIDOf(public), sig
	return nil
}

// CentreSigned reports whether the record is a link that the centre with this key signed.
func (r *Record) CentreSigned(key ed25519.PublicKey) bool {
	l, ok := r.Body.(*Link)
	return ok && l.Centre != nil && l.wellFormed() && len(key) == ed25519.PublicKeySize && slices.Equal(l.Centre.Key, KeyIDOf(key)) &&
		ed25519.VerifyWithOptions(key, l.centreMessage(r.Subject, r.Event, r.Corrects), l.Centre.Sig, &ed25519.Options{Context: centreContext}) == nil
}

// wellFormed keeps parts of the message apart: lengths are not in it.
func (l *Link) wellFormed() bool {
	return len(l.Other) == len(ID{}) && !slices.ContainsFunc(l.Merges, func(m []byte) bool { return len(m) != len(Leaf{}) })
}
