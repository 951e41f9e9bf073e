package card

import (
	"bytes"
	"context"
	"crypto"
	"crypto/subtle"
	"encoding/asn1"
	"io"
	"math/big"

	_ "crypto/sha1" // of chips that were made to ISO 9796-2 with SHA-1

	"clinicbox/internal/ec"
)

// chip proves that this chip has the private key whose public half is signed with the
// data: by Active Authentication where there is DG15, else by Chip Authentication.
func (r *Reading) chip(ctx context.Context, l *line, o Opts) (Outcome, error) {
	random := o.Random
	if spki, ok := child(r.files[15], 0x6F); ok {
		return r.active(ctx, l, spki, random)
	}
	if infos, ok := child(r.files[14], 0x6E); ok {
		if c, ok := chooseChip(infos); ok {
			return l.chipAuthentication(ctx, c, random)
		}
	}
	if r.files[14] != nil || r.files[15] != nil {
		return UnknownKind, nil
	}
	return NothingThere, nil
}

// active is Active Authentication (9303-11 section 6.1): the chip signs a number.
func (r *Reading) active(ctx context.Context, l *line, spki []byte, random io.Reader) (Outcome, error) {
	const step = "active"
	key, ok := parseKey(spki)
	if !ok {
		return UnknownKind, nil
	}
	challenge := make([]byte, 8)
	if _, err := io.ReadFull(random, challenge); err != nil {
		return "", &Fault{Cause: Stopped, Step: step, Left: -1, Err: err}
	}
	c := command{ins: 0x88, data: challenge, le: shortLe}
	if l.long {
		c.le = extended
	}
	a, err := l.send(ctx, step, c)
	if err != nil {
		return "", err
	}
	if a.sw != swOK {
		return Declined, nil
	}
	if key.rsa != nil {
		return held(recovers(key.rsa.N, key.rsa.E, a.data, challenge)), nil
	}
	return held(r.plainSignature(key, a.data, challenge)), nil
}

// plainSignature verifies r and s side by side (BSI TR-03111 section 5.2.1), or in DER
// as some chips send them.
func (r *Reading) plainSignature(key publicKey, sig, challenge []byte) bool {
	var s ec.Signature
	n := (key.curve.N.BitLen() + 7) / 8
	if rest, err := asn1.Unmarshal(sig, &s); err != nil || len(rest) > 0 {
		if len(sig) != 2*n {
			return false
		}
		s = ec.Signature{R: new(big.Int).SetBytes(sig[:n]), S: new(big.Int).SetBytes(sig[n:])}
	}
	h := r.activeHash(key.curve).New()
	h.Write(challenge)
	return key.curve.Verify(key.point, h.Sum(nil), s)
}

// activeHash is what ActiveAuthenticationInfo in DG14 says, else what the size of the
// key suggests.
func (r *Reading) activeHash(c *ec.Curve) crypto.Hash {
	infos, _ := child(r.files[14], 0x6E)
	for _, i := range securityInfos(infos) {
		var oid asn1.ObjectIdentifier
		if !i.OID.Equal(asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}) {
			continue
		}
		if _, err := asn1.Unmarshal(i.Optional.FullBytes, &oid); err != nil || len(oid) == 0 {
			continue
		}
		h := map[int]crypto.Hash{1: crypto.SHA1, 2: crypto.SHA224, 3: crypto.SHA256, 4: crypto.SHA384, 5: crypto.SHA512}[oid[len(oid)-1]]
		if h != 0 {
			return h
		}
	}
	switch {
	case c.Size() > 48:
		return crypto.SHA512
	case c.Size() > 32:
		return crypto.SHA384
	}
	return crypto.SHA256
}

// recovers verifies ISO 9796-2 scheme 1 with partial recovery: 6A, M1, hash of M1 and
// the challenge, trailer.
func recovers(n *big.Int, e int, sig, challenge []byte) bool {
	s := new(big.Int).SetBytes(sig)
	if n.Bit(0) == 0 || s.Cmp(n) >= 0 {
		return false
	}
	m := s.Exp(s, big.NewInt(int64(e)), n)
	if new(big.Int).And(m, big.NewInt(15)).Int64() != 12 {
		m.Sub(n, m) // of a number and its complement, the one that ends in C
	}
	b := m.FillBytes(make([]byte, (n.BitLen()+7)/8))
	hash, b := trailer(b)
	if hash == 0 || len(b) < 1+hash.Size() || b[0] != 0x6A {
		return false
	}
	cut := len(b) - hash.Size()
	h := hash.New()
	h.Write(b[1:cut])
	h.Write(challenge)
	return subtle.ConstantTimeCompare(h.Sum(nil), b[cut:]) == 1
}

// trailer takes it off and says which hash it names.
func trailer(b []byte) (crypto.Hash, []byte) {
	for end, h := range map[string]crypto.Hash{
		"\x34\xCC": crypto.SHA256, "\x35\xCC": crypto.SHA512, "\x36\xCC": crypto.SHA384, "\x38\xCC": crypto.SHA224, "\xBC": crypto.SHA1,
	} {
		if bytes.HasSuffix(b, []byte(end)) {
			return h, b[:len(b)-len(end)]
		}
	}
	return 0, b
}
