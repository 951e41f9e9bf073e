package medium

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"clinicbox/store/seal"
)

const (
	version = 1
	// chunkSize is what one hash of a manifest is of.
	chunkSize   = 1 << 20
	maxManifest = 16 << 20
	macMark     = "\nmac "
)

// Head is a journal as it was copied.
type Head struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"` // RFC 6962, 32 bytes
}

// Manifest says what a copy is of.
type Manifest struct {
	Version int       `json:"v"`
	Box     string    `json:"box"`
	Count   uint64    `json:"count"` // of copies of this box on this medium
	Made    time.Time `json:"made"`
	Trusted bool      `json:"trusted"` // the clock, then
	Own     Head      `json:"own"`
	In      Head      `json:"in"`
	Newest  time.Time `json:"newest"` // when the newest own record was made; zero for none
	Files   []File    `json:"files"`

	raw []byte // as it stands there
}

// File is one file of a copy.
type File struct {
	Path   string   `json:"path"` // in the data directory, with slashes
	Slot   string   `json:"slot"` // a or b
	Size   int64    `json:"size"`
	Mod    int64    `json:"mod,omitempty"` // of the original, in Unix nanoseconds: final files only
	Chunks [][]byte `json:"sum"`           // SHA-256 of each MiB
}

// Bytes is the size of the copy.
func (m *Manifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// file finds a file by its path.
func (m *Manifest) file(p string) (File, bool) {
	if m == nil {
		return File{}, false
	}
	i := slices.IndexFunc(m.Files, func(f File) bool { return f.Path == p })
	if i < 0 {
		return File{}, false
	}
	return m.Files[i], true
}

// encode writes the manifest under the box's key.
func (m *Manifest) encode(key seal.Key) ([]byte, error) {
	m.Version = version
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("medium: manifest: %w", err)
	}
	mac := key.Mac(string(b))
	return append(b, macMark+hex.EncodeToString(mac[:])+"\n"...), nil
}

// parse reads a manifest. It says nothing of whose it is: see Genuine.
func parse(b []byte) (*Manifest, error) {
	body, mac, ok := bytes.Cut(b, []byte(macMark))
	var head struct {
		Version int `json:"v"`
	}
	if !ok || len(b) > maxManifest || len(mac) != 65 || json.Unmarshal(body, &head) != nil || head.Version < 1 {
		return nil, fmt.Errorf("%w: manifest", ErrDamaged)
	}
	if head.Version > version {
		return nil, ErrVersion
	}
	m := new(Manifest)
	if err := json.Unmarshal(body, m); err != nil {
		return nil, fmt.Errorf("%w: manifest", ErrDamaged)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	m.raw = b
	return m, nil
}

// check refuses what would lead out of the folder, or cannot be.
func (m *Manifest) check() error {
	seen := map[string]bool{}
	for _, f := range m.Files {
		chunks := (f.Size + chunkSize - 1) / chunkSize
		switch {
		case f.Path == "" || path.Clean("/"+f.Path) != "/"+f.Path || strings.ContainsAny(f.Path, "\\:\x00"),
			seen[f.Path], f.Slot != slotA && f.Slot != slotB, f.Size < 0, int64(len(f.Chunks)) != chunks:
			return fmt.Errorf("%w: manifest names %q", ErrDamaged, f.Path)
		}
		for _, c := range f.Chunks {
			if len(c) != sha256.Size {
				return fmt.Errorf("%w: manifest names %q", ErrDamaged, f.Path)
			}
		}
		seen[f.Path] = true
	}
	if len(m.Own.Root) != 32 || len(m.In.Root) != 32 {
		return fmt.Errorf("%w: manifest without roots", ErrDamaged)
	}
	return nil
}

// Genuine tells whether the box whose key it is made the manifest.
func (m *Manifest) Genuine(key seal.Key) bool {
	body, mac, _ := bytes.Cut(m.raw, []byte(macMark))
	want := key.Mac(string(body))
	got, err := hex.DecodeString(strings.TrimSpace(string(mac)))
	return err == nil && hmac.Equal(got, want[:])
}

// ID names the copy: the beginning of the manifest's SHA-256.
func (m *Manifest) ID() [16]byte {
	s := sha256.Sum256(m.raw)
	return [16]byte(s[:16])
}
