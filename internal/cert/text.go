package cert

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Requests and answers also travel as text: on paper, in a chat, read out. Each
// line is
//
//	NNN XXXX XXXX … CC
//
// its number, up to 25 bytes in base 32 and two check characters over both, so
// that a mistyped line is named. The last four bytes of the whole are a digest.

const (
	lineBytes  = 25
	maxLines   = 999
	maxCarried = MaxStatement + macSize
	digestSize = 4
	heading    = "CLINICBOX"
)

// TextError names the lines that must be typed again.
type TextError struct {
	Wrong   []int // mistyped, by the number that stands there; 0 = unreadable number
	Missing []int
}

// Error implements error.
func (e *TextError) Error() string {
	return fmt.Sprintf("cert: lines mistyped %v, missing %v", e.Wrong, e.Missing)
}

// Unwrap makes it an ErrForm.
func (e *TextError) Unwrap() error { return ErrForm }

// Text writes a request or answer as lines to print, paste or read out.
func Text(raw []byte) (string, error) {
	kind, err := carried(raw)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	all := append(bytes.Clone(raw), sum[:digestSize]...)
	n := (len(all) + lineBytes - 1) / lineBytes
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d\n", heading, strings.ToUpper(kind.String()), n)
	for i := range n {
		part := all[i*lineBytes : min((i+1)*lineBytes, len(all))]
		number, data := fmt.Sprintf("%03d", i+1), encode32(part)
		symbols, _ := symbolsOf(number + data)
		c := crc10(symbols)
		fmt.Fprintf(&b, "%s %s %c%c\n", number, strings.ReplaceAll(grouped(data), "-", " "), alphabet[c>>5], alphabet[c&31])
	}
	return b.String(), nil
}

// ParseText reads what Text wrote: lines in any order, any case, any blanks. The
// error is a *TextError when typing again helps.
func ParseText(text string) ([]byte, error) {
	if len(text) > 8*maxCarried {
		return nil, ErrForm
	}
	total := 0
	parts := map[int][]byte{}
	var bad TextError
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if f := strings.Fields(strings.ToUpper(line)); f[0] == heading {
			if _, err := fmt.Sscanf(f[len(f)-1], "%d", &total); err != nil || total < 1 || total > maxLines {
				return nil, ErrForm
			}
			continue
		}
		n, part, ok := parseLine(line)
		if !ok {
			bad.Wrong = append(bad.Wrong, n)
		} else {
			parts[n] = part
		}
	}
	return joinLines(total, parts, &bad)
}

func joinLines(total int, parts map[int][]byte, bad *TextError) ([]byte, error) {
	var all []byte
	for i := 1; i <= total; i++ {
		part, ok := parts[i]
		if !ok && !slices.Contains(bad.Wrong, i) {
			bad.Missing = append(bad.Missing, i)
		}
		all = append(all, part...)
	}
	bad.Wrong = slices.DeleteFunc(bad.Wrong, func(n int) bool { return parts[n] != nil }) // typed again below
	if len(bad.Wrong)+len(bad.Missing) > 0 {
		return nil, bad
	}
	n := len(all) - digestSize
	if n <= 0 || len(parts) != total {
		return nil, ErrForm
	}
	if sum := sha256.Sum256(all[:n]); !bytes.Equal(sum[:digestSize], all[n:]) {
		return nil, ErrForm // lines of two texts mixed
	}
	_, err := carried(all[:n])
	return all[:n:n], err
}

func parseLine(line string) (n int, part []byte, ok bool) {
	symbols, ok := symbolsOf(line)
	for i, v := range symbols[:min(3, len(symbols))] {
		if v > 9 {
			return 0, nil, false
		}
		n += int(v) * []int{100, 10, 1}[i]
	}
	end := len(symbols) - 2
	if !ok || end < 4 || n == 0 {
		return n, nil, false
	}
	if c := crc10(symbols[:end]); symbols[end] != byte(c>>5) || symbols[end+1] != byte(c&31) {
		return n, nil, false
	}
	part, err := decode32(symbols[3:end])
	return n, part, err == nil && len(part) <= lineBytes
}

// carried reports the kind of what may travel by carrier.
func carried(raw []byte) (Kind, error) {
	k, err := KindOf(raw[:max(len(raw)-macSize, 0)])
	switch {
	case err != nil:
		return 0, err
	case k != KindRequest && k != KindAnswer:
		return 0, ErrKind
	}
	return k, nil
}

// crc10 is the CRC-10 of ITU-T I.610 (polynomial 0x233) over symbols of 5 bits:
// it notices every error within two neighbouring characters, swaps included.
func crc10(symbols []byte) (c uint) {
	for _, v := range symbols {
		c ^= uint(v) << 5
		for range 5 {
			if c <<= 1; c&0x400 != 0 {
				c ^= 0x633
			}
		}
	}
	return c & 0x3ff
}
