package cert

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
)

// ErrHistory: the history of operators was changed, cut or forked.
var ErrHistory = errors.New("cert: the history was tampered with")

// Head names a state of the history: how many entries, and the digest of the last.
// Boxes and revocation lists carry heads away, so that whoever cuts the end off is
// contradicted.
type Head struct {
	Seq  uint64 `cbor:"1,keyasint"`
	Hash Digest `cbor:"2,keyasint"`
}

// History is one thing that an operator did at the centre. No patient data.
type History struct {
	Issuer   KeyID  `cbor:"1,keyasint"`
	Seq      uint64 `cbor:"2,keyasint"` // from 1
	Prev     Digest `cbor:"3,keyasint"` // of the entry before, as signed; zero at first
	Operator string `cbor:"4,keyasint"`
	Action   string `cbor:"5,keyasint"`           // a word of a small set
	Object   string `cbor:"6,keyasint"`           // box, serial, facility …
	Detail   string `cbor:"7,keyasint,omitempty"` // reason as given
	Time     int64  `cbor:"8,keyasint"`           // Unix milliseconds
	Key      []byte `cbor:"9,keyasint,omitempty"` // an Issuer statement: from here this key signs
}

// Kind implements Body.
func (History) Kind() Kind { return KindHistory }

func (v History) check() error {
	return form(isSeq(v.Seq), isText(v.Operator), isText(v.Action), len(v.Object) <= maxText, len(v.Detail) <= maxText)
}

// VerifyHistory reads a whole history from its first entry, given only the root's
// public key, and returns its head. The heads are those that others hold: each
// must lie on the chain.
func VerifyHistory(root ed25519.PublicKey, entries iter.Seq2[[]byte, error], heads ...Head) (Head, error) {
	trust := NewTrust(root)
	var head Head
	var issuer KeyID
	at := map[uint64]Digest{}
	for raw, err := range entries {
		if err != nil {
			return head, err
		}
		v, err := read[History](raw)
		if err != nil || v.Seq != head.Seq+1 || v.Prev != head.Hash {
			return head, fmt.Errorf("%w: entry %d does not follow", ErrHistory, head.Seq+1)
		}
		if v.Key != nil {
			if issuer, err = takeKey(trust, v.Key); err != nil {
				return head, fmt.Errorf("%w: entry %d names a key that the root did not", ErrHistory, v.Seq)
			}
		}
		if v.Issuer != issuer || trust.issued(issuer, raw) != nil {
			return head, fmt.Errorf("%w: entry %d is not signed by the issuing key", ErrHistory, v.Seq)
		}
		head = Head{v.Seq, DigestOf(raw)}
		at[v.Seq] = head.Hash
	}
	for _, h := range heads {
		if h.Seq > 0 && at[h.Seq] != h.Hash {
			return head, fmt.Errorf("%w: somebody holds another entry %d", ErrHistory, h.Seq)
		}
	}
	return head, nil
}

func takeKey(t *Trust, raw []byte) (KeyID, error) {
	if err := t.addIssuer(raw); err != nil {
		return KeyID{}, err
	}
	v, err := read[Issuer](raw)
	return IDOf(v.Key), err
}
