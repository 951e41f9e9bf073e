package archive

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// bare is what a line cannot be written from words: the rest of it follows.
type bare struct {
	Journal string   `json:"journal"`
	Index   uint64   `json:"index"`
	Hole    bool     `json:"hole"`
	CBOR    string   `json:"cbor"`
	Salt    string   `json:"salt"`
	Leaf    string   `json:"leaf"`
	Proof   []string `json:"proof"`
}

// maxProof is the height of the largest tree.
const maxProof = 64

// parseLine reads what a line is made of. Whether the line is what that makes is for
// the caller: he writes it again.
func parseLine(line []byte) (e Entry, err error) {
	var b bare
	bad := tampered("a line that cannot be read")
	if json.Unmarshal(line, &b) != nil || b.Journal != "own" && b.Journal != "in" || len(b.Proof) > maxProof {
		return e, bad
	}
	if e.Journal = clinic.Own; b.Journal == "in" {
		e.Journal = clinic.In
	}
	if e.Index = b.Index; !digits(e.Leaf[:], b.Leaf) {
		return e, bad
	}
	if !b.Hole {
		e.Bytes, err = base64.StdEncoding.Strict().DecodeString(b.CBOR)
		if err != nil || len(e.Bytes) == 0 || len(e.Bytes) > entry.MaxSize || !digits(e.Salt[:], b.Salt) {
			return e, bad
		}
	}
	if b.Proof != nil {
		e.Proof = make([][32]byte, len(b.Proof))
		for i := range b.Proof {
			if !digits(e.Proof[i][:], b.Proof[i]) {
				return e, bad
			}
		}
	}
	return e, nil
}

// digits reads hexadecimal digits that fill b.
func digits(b []byte, s string) bool {
	n, err := hex.Decode(b, []byte(s[:min(len(s), 2*len(b))]))
	return err == nil && n == len(b) && len(s) == 2*len(b)
}
