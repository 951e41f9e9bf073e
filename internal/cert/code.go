package cert

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

// alphabet is Crockford's base 32: no I, L, O and U, and upper case letters and
// digits only, which QR codes pack tightly.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const codeData = 15 // characters of 5 bits

// Code is a one-time code: 75 random bits, enough that who has heard a request
// cannot try them all while the code lives. The box and the centre prove to each
// other that they know it.
type Code struct{ bits [codeData]byte } // each below 32

// NewCode makes a fresh code.
func NewCode() (c Code) {
	rand.Read(c.bits[:]) // never fails since Go 1.24
	for i := range c.bits {
		c.bits[i] &= 31
	}
	return c
}

// String returns four groups of four characters, the last being the check
// character. It is a secret: show it once, log it never.
func (c Code) String() string {
	var b strings.Builder
	for _, v := range c.bits {
		b.WriteByte(alphabet[v])
	}
	b.WriteByte(alphabet[checkSymbol(c.bits[:])])
	return grouped(b.String())
}

// GoString hides the code from %#v; LogValue would not reach there.
func (c Code) GoString() string { return "cert.Code(hidden)" }

// ParseCode reads a code as people type it: any case, any blanks and hyphens, O
// for 0, I and L for 1. One mistyped or two swapped characters are noticed.
func ParseCode(s string) (c Code, err error) {
	symbols, ok := symbolsOf(s)
	if !ok || len(symbols) != codeData+1 || checkSymbol(symbols[:codeData]) != symbols[codeData] {
		return Code{}, ErrCodeForm
	}
	copy(c.bits[:], symbols)
	return c, nil
}

// Secret is what the centre keeps of a code: it does not tell the code itself, so
// that nobody reads codes in a copy of the database.
type Secret struct {
	ID  [8]byte  `cbor:"1,keyasint"` // finds the code in a table; travels in requests
	Key [32]byte `cbor:"2,keyasint"`
}

// Secret derives it.
func (c Code) Secret() (s Secret) {
	copy(s.ID[:], derive(c.bits[:], nil, "clinicbox code id v1", len(s.ID)))
	copy(s.Key[:], derive(c.bits[:], nil, "clinicbox code key v1", len(s.Key)))
	return s
}

// String hides the secret.
func (s Secret) String() string { return "cert.Secret(hidden)" }

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// mac binds bytes to the code, the purpose and the request.
func (s Secret) mac(purpose string, request Nonce, b []byte) []byte {
	m := hmac.New(sha256.New, derive(s.Key[:], request[:], purpose, 32))
	m.Write(b)
	return m.Sum(nil)
}

func derive(secret, salt []byte, info string, n int) []byte {
	b, err := hkdf.Key(sha256.New, secret, salt, info, n)
	if err != nil {
		panic(err) // constant lengths: cannot fail
	}
	return b
}

// checkSymbol is the sum over GF(32) of each symbol times a power of x that grows
// by one: all single errors and all swaps of neighbours change it.
func checkSymbol(symbols []byte) (sum byte) {
	for _, v := range symbols {
		sum = times2(sum ^ v)
	}
	return sum
}

// times2 multiplies by x in GF(2)[x]/(x^5+x^2+1).
func times2(v byte) byte {
	if v <<= 1; v&32 != 0 {
		v ^= 0x25
	}
	return v
}

// symbolsOf reads base 32 as people type it, up to the first character that is
// none.
func symbolsOf(s string) (out []byte, ok bool) {
	for _, r := range strings.ToUpper(s) {
		switch r {
		case ' ', '-', '\t', '\u00a0':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		i := strings.IndexRune(alphabet, r)
		if i < 0 {
			return out, false
		}
		out = append(out, byte(i))
	}
	return out, true
}

func grouped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// encode32 writes bits in groups of five, the last filled with zeros.
func encode32(b []byte) string {
	var out strings.Builder
	acc, n := uint(0), 0
	for _, c := range b {
		acc, n = acc<<8|uint(c), n+8
		for ; n >= 5; n -= 5 {
			out.WriteByte(alphabet[acc>>(n-5)&31])
		}
	}
	if n > 0 {
		out.WriteByte(alphabet[acc<<(5-n)&31])
	}
	return out.String()
}

// decode32 reads symbols; bits that fill the last one must be zero.
func decode32(symbols []byte) ([]byte, error) {
	var out []byte
	acc, n := uint(0), 0
	for _, v := range symbols {
		acc, n = (acc<<5|uint(v))&0xfff, n+5
		if n >= 8 {
			out = append(out, byte(acc>>(n-8)))
			n -= 8
		}
	}
	if n >= 5 || acc&(1<<n-1) != 0 {
		return nil, ErrForm
	}
	return out, nil
}
