// Package spoken writes random secrets as groups of characters that people read
// aloud, write down and type. No two characters look alike in print, a Vietnamese
// keyboard turns none of them into another (there is no vowel to put a mark on,
// no D and no W), and each group ends in a check character, so that a typing
// error is told with the group it is in.
package spoken

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// alphabet has 23 characters: over a prime, a weighted sum catches every single
// wrong character and every swap of two within a group.
const alphabet = "23456789CFGHJKLMNPQRTVX"

const (
	// GroupLen is how many characters a group has, the check character included.
	GroupLen = 6
	payload  = GroupLen - 1
	maxText  = 1 << 10
)

// ErrCode is what every *Error is.
var ErrCode = errors.New("spoken: mistyped")

// Error says which groups are mistyped. It quotes nothing of what was typed.
type Error struct {
	Groups     []int // counted from 1; empty when the length alone is wrong
	Have, Want int   // groups typed and asked for
}

// Error names the wrong groups, or the wrong length.
func (e *Error) Error() string {
	switch len(e.Groups) {
	case 0:
		return fmt.Sprintf("spoken: the code has %d groups of %d characters; %d were typed", e.Want, GroupLen, e.Have)
	case 1:
		return fmt.Sprintf("spoken: group %d is wrong", e.Groups[0])
	}
	return "spoken: groups " + strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Groups), " ", ", "), "[]") + " are wrong"
}

// Is makes every Error an ErrCode.
func (e *Error) Is(target error) bool { return target == ErrCode }

// Code is a secret in this form. It prints as [code]; Reveal is the way out. It
// points to its characters because fmt reads unexported fields without methods.
type Code struct{ p *string }

// New returns a random code. A group carries 22.6 bits: six of them 135.
func New(groups int) Code {
	c, err := read(rand.Reader, groups)
	if err != nil {
		panic(err) // the system's randomness does not fail
	}
	return c
}

// Derive returns the code that belongs to a secret and a purpose.
func Derive(secret []byte, purpose string, groups int) Code {
	b, err := hkdf.Key(sha256.New, secret, nil, "clinicbox/1/spoken "+purpose, 1<<10)
	if err != nil {
		panic(err) // only for lengths above 8160
	}
	defer clear(b)
	c, err := read(bytes.NewReader(b), groups)
	if err != nil {
		panic(err) // 1,024 bytes for at most 100 characters of which 3 in 4 are taken
	}
	return c
}

// Prefixed returns a code whose first character stands for a public number, so
// that an answer of an earlier round is told from a wrong one.
func (c Code) Prefixed(n uint32) Code {
	s := string(alphabet[n%uint32(len(alphabet))]) + c.symbols()[1:]
	return Code{&s}
}

// HasPrefix reports whether the first character stands for the number.
func (c Code) HasPrefix(n uint32) bool {
	s := c.symbols()
	return s != "" && s[0] == alphabet[n%uint32(len(alphabet))]
}

func read(r io.Reader, groups int) (Code, error) {
	var out strings.Builder
	var b [1]byte
	for out.Len() < groups*payload {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return Code{}, err
		}
		if n := int(b[0] & 31); n < len(alphabet) { // each character equally likely
			out.WriteByte(alphabet[n])
		}
	}
	s := out.String()
	return Code{&s}, nil
}

// Parse reads a code as people type it: small letters, blanks, dashes or nothing
// between the groups. What is mistyped is told by an *Error.
func Parse(text string, groups int) (Code, error) {
	if len(text) > maxText {
		return Code{}, &Error{Have: maxText / GroupLen, Want: groups}
	}
	parts := split(text, groups)
	var bad []int
	var out strings.Builder
	for i, g := range parts {
		if len(g) != GroupLen || strings.Trim(g, alphabet) != "" || check(g[:payload], i) != g[payload] {
			bad = append(bad, i+1)
			continue
		}
		out.WriteString(g[:payload])
	}
	if len(parts) != groups {
		return Code{}, &Error{Have: len(parts), Want: groups}
	}
	if bad != nil {
		return Code{}, &Error{Groups: bad, Have: len(parts), Want: groups}
	}
	s := out.String()
	return Code{&s}, nil
}

// split follows the typist's own gaps where their number is right, so that a
// forgotten character spoils one group only; otherwise it counts.
func split(text string, groups int) []string {
	text = strings.ToUpper(text)
	parts := strings.FieldsFunc(text, func(r rune) bool {
		return strings.ContainsRune(" \t\r\n-–—_.,;/", r)
	})
	if len(parts) == groups {
		return parts
	}
	all := strings.Join(parts, "")
	parts = parts[:0]
	for len(all) > GroupLen {
		parts, all = append(parts, all[:GroupLen]), all[GroupLen:]
	}
	if all != "" {
		parts = append(parts, all)
	}
	return parts
}

// check is the character c with Σ (i+1)·v(i) + 7·(group+1) = c (mod 23): weights
// that differ from each other catch swaps, the group's number catches groups in
// the wrong order.
func check(symbols string, group int) byte {
	sum := 7 * (group + 1)
	for i := range len(symbols) {
		sum += (i + 1) * strings.IndexByte(alphabet, symbols[i])
	}
	return alphabet[sum%len(alphabet)]
}

// Reveal returns the text to print or to read aloud: groups joined by dashes.
// What it returns must not reach a log or an error.
func (c Code) Reveal() string {
	s := c.symbols()
	var groups []string
	for i := 0; i+payload <= len(s); i += payload {
		g := s[i : i+payload]
		groups = append(groups, g+string(check(g, i/payload)))
	}
	return strings.Join(groups, "-")
}

// Secret returns the bytes to derive keys from. The caller clears them.
func (c Code) Secret() []byte { return []byte(c.symbols()) }

// IsZero reports whether there is no code.
func (c Code) IsZero() bool { return c.p == nil }

func (c Code) symbols() string {
	if c.p == nil {
		return ""
	}
	return *c.p
}

// String hides the code.
func (Code) String() string { return "[code]" }

// GoString hides the code from %#v.
func (Code) GoString() string { return "[code]" }

// Format hides the code from every verb.
func (Code) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[code]") }

// LogValue hides the code from logs.
func (Code) LogValue() slog.Value { return slog.StringValue("[code]") }
