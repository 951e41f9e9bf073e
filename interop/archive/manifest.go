package archive

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
)

// manifestContext keeps a signature of a manifest from meaning anything else
// (Ed25519ctx, RFC 8032 section 5.1).
const manifestContext = "clinicbox export manifest v1"

// manifest is manifest.json.
type manifest struct {
	Form     int           `json:"form"`
	Program  string        `json:"program"`
	Exported string        `json:"exported"` // RFC 3339, by the box's clock
	Trusted  bool          `json:"trusted"`  // whether that clock was trusted
	Box      string        `json:"box"`
	Epoch    string        `json:"epoch"` // of the own journal, hexadecimal
	Key      []byte        `json:"key"`   // Ed25519, of the box
	Patient  string        `json:"patient,omitempty"`
	Record   string        `json:"record,omitempty"` // leaf hash of the entry that this proves
	Journals []journalPart `json:"journals"`         // own, in
	Files    []filePart    `json:"files"`            // in order; all but this one and its signature
}

// journalPart is one journal as it was, and how much of it is here.
type journalPart struct {
	Name    string `json:"name"`
	Origin  string `json:"origin"` // of its checkpoint
	Size    uint64 `json:"size"`
	Root    []byte `json:"root"`
	Entries uint64 `json:"entries"` // here, holes included
	Holes   uint64 `json:"holes"`
}

// holds reports whether the entry's proof leads to the root.
func (p *journalPart) holds(e *Entry) bool {
	return checkpoint.Checkpoint{Size: p.Size, Root: [32]byte(p.Root)}.Holds(e.Index, e.Leaf, e.Proof) == nil
}

// filePart is one file.
type filePart struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (m *manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", " ")
	return append(b, '\n'), err
}

// whole reports whether everything is here.
func (m *manifest) whole() bool { return m.Patient == "" && m.Record == "" }

func (m *manifest) part(j clinic.Journal) *journalPart { return &m.Journals[j-clinic.Own] }

// parseManifest reads manifest.json and verifies its signature by the key that it
// names. Whether that is the box's is for who knows the box's key.
func parseManifest(b, sig []byte) (*manifest, error) {
	m := new(manifest)
	if err := strict(b, m); err != nil {
		return nil, tampered("%s cannot be read", fileManifest)
	}
	if m.Form != Form {
		return nil, fmt.Errorf("%w: form %d, this program knows %d", ErrForm, m.Form, Form)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(string(sig), "\n"))
	if err != nil || len(m.Key) != ed25519.PublicKeySize ||
		ed25519.VerifyWithOptions(m.Key, b, raw, &ed25519.Options{Context: manifestContext}) != nil {
		return nil, tampered("signature of %s", fileManifest)
	}
	epoch, err := hex.DecodeString(m.Epoch)
	if err != nil || len(epoch) != 8 || len(m.Journals) != 2 || m.Journals[0].Name != "own" || m.Journals[1].Name != "in" {
		return nil, tampered("%s cannot be read", fileManifest)
	}
	if _, err := time.Parse(time.RFC3339, m.Exported); err != nil {
		return nil, tampered("time in %s", fileManifest)
	}
	if _, err := clinic.ParseID(m.Patient); m.Patient != "" && err != nil {
		return nil, tampered("patient in %s", fileManifest)
	}
	if m.Record != "" && (!digits(new(clinic.Leaf)[:], m.Record) || strings.ToLower(m.Record) != m.Record) {
		return nil, tampered("record in %s", fileManifest)
	}
	return m, nil
}

func signManifest(b []byte, key crypto.Signer) ([]byte, error) {
	sig, err := key.Sign(rand.Reader, b, &ed25519.Options{Context: manifestContext})
	if err != nil {
		return nil, fmt.Errorf("archive: sign: %w", err)
	}
	return append(base64.StdEncoding.AppendEncode(nil, sig), '\n'), nil
}

// origin names a journal in its checkpoint. What was received has a log of its own.
func origin(box string, epoch [8]byte, j clinic.Journal) string {
	o := checkpoint.Origin(box, epoch)
	if j == clinic.In {
		o += "/in"
	}
	return o
}

// verifyCheckpoint verifies that a checkpoint says what the manifest says.
func (m *manifest) verifyCheckpoint(signed []byte, j clinic.Journal) error {
	p := m.part(j)
	epoch, _ := hex.DecodeString(m.Epoch)
	c, err := checkpoint.Open(signed, m.Key)
	if err != nil {
		return fmt.Errorf("%w: checkpoint of %s: %w", ErrTampered, p.Name, err)
	}
	if c.Origin != p.Origin || c.Origin != origin(m.Box, [8]byte(epoch), j) || c.Size != p.Size || string(c.Root[:]) != string(p.Root) {
		return tampered("checkpoint of %s says something else than %s", p.Name, fileManifest)
	}
	return nil
}
