package checkpoint

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// KeyLine writes the public key of a log as tools for signed notes take it (C2SP
// signed-note, "Verifier keys"): name, key ID and key, joined by plus signs. The name is
// the log's origin.
func KeyLine(origin string, key ed25519.PublicKey) string {
	line, err := note.NewEd25519VerifierKey(origin, key)
	if err != nil { // a key of another length
		return ""
	}
	return line
}

// ParseKeyLine reads what KeyLine wrote; ErrFormat.
func ParseKeyLine(line string) (origin string, key ed25519.PublicKey, err error) {
	part := strings.SplitN(strings.TrimSpace(line), "+", 3)
	if len(part) != 3 || !validName(part[0]) || len(part[1]) != 8 {
		return "", nil, fmt.Errorf("%w: key line", ErrFormat)
	}
	hash, err := strconv.ParseUint(part[1], 16, 32)
	b, err2 := base64.StdEncoding.Strict().DecodeString(part[2])
	if err != nil || err2 != nil || len(b) != 1+ed25519.PublicKeySize || b[0] != algEd25519 || uint32(hash) != keyHash(part[0], b[0], b[1:]) {
		return "", nil, fmt.Errorf("%w: key line", ErrFormat)
	}
	return part[0], b[1:], nil
}
