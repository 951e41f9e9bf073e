package cert

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// ErrOtherSet: a part of another request or answer.
var ErrOtherSet = errors.New("cert: a QR code of another request or answer")

// A request or answer as QR codes: parts of at most MaxQR characters of the
// alphanumeric set, "CB1:kind:set:part:parts:data". The set is a digest of the
// whole, so that parts of two answers do not mix.

const (
	// MaxQR is the most characters of one part: a code that old cameras still read.
	MaxQR    = 1000
	qrBytes  = 600 // 960 characters, and 20 of the prefix
	maxParts = (maxCarried + qrBytes - 1) / qrBytes
)

// QR splits a request or answer into the contents of QR codes.
func QR(raw []byte) ([]string, error) {
	kind, err := carried(raw)
	if err != nil {
		return nil, err
	}
	n := (len(raw) + qrBytes - 1) / qrBytes
	out := make([]string, n)
	for i := range out {
		part := raw[i*qrBytes : min((i+1)*qrBytes, len(raw))]
		out[i] = fmt.Sprintf("CB1:%c:%s:%02d:%02d:%s", kindLetter(kind), setOf(raw), i+1, n, encode32(part))
	}
	return out, nil
}

// Parts collects scanned codes in any order. The zero value is ready.
type Parts struct {
	set   string
	total int
	have  map[int][]byte
}

// Add takes one code. A code of another set is ErrOtherSet and changes nothing.
func (p *Parts) Add(code string) error {
	f := strings.Split(strings.TrimSpace(code), ":")
	if len(f) != 6 || f[0] != "CB1" || len(f[1]) != 1 || len(f[2]) != 8 || len(code) > MaxQR+8 {
		return ErrForm
	}
	n, total := number(f[3]), number(f[4])
	symbols, ok := symbolsOf(f[5])
	part, err := decode32(symbols)
	if !ok || err != nil || n < 1 || total < n || total > maxParts || len(part) == 0 || len(part) > qrBytes {
		return ErrForm
	}
	set := f[1] + f[2] + f[4]
	if p.have != nil && p.set != set {
		return ErrOtherSet
	}
	if p.have == nil {
		p.set, p.total, p.have = set, total, map[int][]byte{}
	}
	p.have[n] = part
	return nil
}

// Missing lists the parts that are still to be scanned.
func (p *Parts) Missing() (out []int) {
	for i := 1; i <= p.total; i++ {
		if p.have[i] == nil {
			out = append(out, i)
		}
	}
	return out
}

// Bytes joins the parts when all are there and fit together.
func (p *Parts) Bytes() ([]byte, error) {
	if p.total == 0 || len(p.Missing()) > 0 {
		return nil, ErrForm
	}
	var all []byte
	for i := 1; i <= p.total; i++ {
		all = append(all, p.have[i]...)
	}
	kind, err := carried(all)
	if err != nil || p.set[1:9] != setOf(all) || p.set[0] != kindLetter(kind) {
		return nil, ErrForm
	}
	return all, nil
}

func setOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return encode32(sum[:5])
}

func kindLetter(k Kind) byte {
	if k == KindRequest {
		return 'Q'
	}
	return 'A'
}

// number reads two digits, -1 for anything else.
func number(s string) int {
	if len(s) != 2 || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	return int(s[0]-'0')*10 + int(s[1]-'0')
}
