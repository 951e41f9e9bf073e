// Package smsorder is what the centre may tell a box by text message when there is no
// other way: to open its link, or which access point to use. The message is signed
// and counts for one box and once: numbers of senders can be forged, so they prove
// nothing, and what is not signed is nobody's order.
//
// The text is "CB1." and base64url of body and signature, at most 160 letters of the
// GSM alphabet: one message, which any telephone can also send. A signature takes 86 of
// them; the name of the box is signed and does not travel.
package smsorder

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// Kind says what is ordered.
type Kind byte

// The kinds. Numbers are frozen.
const (
	Wake Kind = 1 // open the link now
	APN  Kind = 2 // use this access point from now on, and open the link
)

// Order is one order.
type Order struct {
	Kind    Kind
	Counter uint64 // larger than that of every earlier order for the box; from 1
	// APN, User and Password are set for APN only; User and Password may be empty.
	APN, User, Password string
}

const (
	prefix  = "CB1."
	context = "clinicbox sms order v1"
	// MaxText is the longest text: one message in the GSM alphabet.
	MaxText = 160
	maxBody = (MaxText-len(prefix))*3/4 - ed25519.SignatureSize
)

var (
	// ErrNotOrder means that a text is no order at all: a stranger's message.
	ErrNotOrder = errors.New("smsorder: not an order")
	// ErrForged means that it was not signed for this box by a key that may order.
	ErrForged = errors.New("smsorder: signature is not one of the centre for this box")
	// ErrReplayed means that it, or a later one, was carried out before.
	ErrReplayed = errors.New("smsorder: carried out before")
	// ErrMalformed means that an order says what this program cannot do.
	ErrMalformed = errors.New("smsorder: malformed")
)

// Seal writes an order for the box.
func Seal(key crypto.Signer, box string, o Order) (string, error) {
	body, err := o.body()
	if err != nil {
		return "", err
	}
	sig, err := key.Sign(nil, signed(box, body), &ed25519.Options{Context: context})
	if err != nil {
		return "", err
	}
	return prefix + base64.RawURLEncoding.EncodeToString(append(body, sig...)), nil
}

// Open reads an order for the box. after is the counter of the last order that was
// carried out. The caller stores the new Counter durably before it acts, so that an
// order is carried out once at most. Blanks around and line breaks within are skipped.
func Open(text, box string, after uint64, keys []ed25519.PublicKey) (Order, error) {
	rest, ok := strings.CutPrefix(strings.Join(strings.Fields(text), ""), prefix)
	if !ok {
		return Order{}, ErrNotOrder
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if err != nil || len(raw) <= ed25519.SignatureSize || len(raw) > maxBody+ed25519.SignatureSize {
		return Order{}, ErrNotOrder
	}
	body, sig := raw[:len(raw)-ed25519.SignatureSize], raw[len(raw)-ed25519.SignatureSize:]
	if !ours(signed(box, body), sig, keys) {
		return Order{}, ErrForged
	}
	o, err := parse(body)
	if err == nil && o.Counter <= after {
		err = ErrReplayed
	}
	if err != nil {
		return Order{}, err
	}
	return o, nil
}

func ours(message, sig []byte, keys []ed25519.PublicKey) bool {
	for _, k := range keys {
		if len(k) == ed25519.PublicKeySize && ed25519.VerifyWithOptions(k, message, sig, &ed25519.Options{Context: context}) == nil {
			return true
		}
	}
	return false
}

// signed is what the signature covers: length and name of the box, and the body.
func signed(box string, body []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(len(box)))
	return append(append(b, box...), body...)
}

// body is kind(1) counter(uvarint), and for APN three strings with their lengths.
func (o Order) body() ([]byte, error) {
	if !o.right() {
		return nil, ErrMalformed
	}
	b := binary.AppendUvarint([]byte{byte(o.Kind)}, o.Counter)
	if o.Kind == APN {
		for _, s := range []string{o.APN, o.User, o.Password} {
			b = append(append(b, byte(len(s))), s...)
		}
	}
	if len(b) > maxBody {
		return nil, ErrMalformed
	}
	return b, nil
}

func parse(b []byte) (o Order, err error) {
	o.Kind = Kind(b[0])
	n := 0
	if o.Counter, n = binary.Uvarint(b[1:]); n <= 0 {
		return o, ErrMalformed
	}
	b = b[1+n:]
	if o.Kind == APN {
		for _, s := range []*string{&o.APN, &o.User, &o.Password} {
			if len(b) == 0 || len(b) < 1+int(b[0]) {
				return o, ErrMalformed
			}
			*s, b = string(b[1:1+b[0]]), b[1+b[0]:]
		}
	}
	if len(b) > 0 || !o.right() {
		return o, ErrMalformed
	}
	return o, nil
}

// right tells whether an order can be carried out. Its words end up in a command to
// the modem, between quotes.
func (o Order) right() bool {
	word := func(s string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' })
	}
	name := strings.Trim(o.APN, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == ""
	switch o.Kind {
	case Wake:
		return o.Counter > 0 && o.APN == "" && o.User == "" && o.Password == ""
	case APN:
		return o.Counter > 0 && o.APN != "" && name && word(o.User) && word(o.Password) && max(len(o.APN), len(o.User), len(o.Password)) <= maxBody
	}
	return false
}
