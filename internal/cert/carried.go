package cert

import (
	"bytes"
	"fmt"
	"strings"
)

// MissingError names the QR codes that are still to be scanned.
type MissingError struct{ Parts []int }

// Error implements error.
func (e *MissingError) Error() string { return fmt.Sprintf("cert: QR codes are missing: %v", e.Parts) }

// Unwrap makes it an ErrForm.
func (e *MissingError) Unwrap() error { return ErrForm }

// Carried reads a request or an answer in whichever form it was carried: bytes, lines
// of text (*TextError), or the contents of QR codes, one a line (*MissingError).
func Carried(b []byte) ([]byte, error) {
	if _, err := KindOf(b); err == nil {
		return b, nil
	}
	if !bytes.Contains(b, []byte("CB1:")) {
		return ParseText(string(b))
	}
	var parts Parts
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := parts.Add(line); err != nil {
			return nil, err
		}
	}
	if m := parts.Missing(); len(m) > 0 {
		return nil, &MissingError{m}
	}
	return parts.Bytes()
}
