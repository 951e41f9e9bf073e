// Package keyfile makes and keeps the long-lived keys of a box or a hub: an
// Ed25519 identity that signs and an HPKE key (ML-KEM-768 with X25519) that opens
// sessions. The private half is one text file that only its owner may read; the
// public half is one line of text to pin in a configuration.
//
// No error of this package carries key material.
package keyfile

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"clinicbox/internal/durable"
)

// Sentinels for callers that decide on them.
var (
	ErrForm  = errors.New("keyfile: malformed")
	ErrName  = errors.New("keyfile: a name is 1 to 64 of a-z, 0-9 and -")
	ErrPerms = errors.New("keyfile: group or others may read it; chmod 600")
)

const (
	heading = "clinicbox key file 1"
	maxFile = 4 << 10
	maxName = 64
)

// Private holds both private keys of a box or a hub.
type Private struct {
	Name     string // box name as in topics, or the hub's
	Identity ed25519.PrivateKey
	HPKE     hpke.PrivateKey
}

// Public is what others pin of a Private.
type Public struct {
	Name     string
	Identity ed25519.PublicKey
	HPKE     hpke.PublicKey
}

// KEM is the one key encapsulation that key files hold.
func KEM() hpke.KEM { return hpke.MLKEM768X25519() }

// ValidName reports whether s may name a box or a hub: it stands in MQTT topics,
// so it has none of their separators and wildcards.
func ValidName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-'
}

// Generate makes fresh keys.
func Generate(name string) (*Private, error) {
	if !ValidName(name) {
		return nil, ErrName
	}
	_, identity, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("keyfile: generate identity: %w", err)
	}
	k, err := KEM().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("keyfile: generate HPKE key: %w", err)
	}
	return &Private{Name: name, Identity: identity, HPKE: k}, nil
}

// Public returns the half that others pin.
func (p *Private) Public() Public {
	return Public{
		Name:     p.Name,
		Identity: p.Identity.Public().(ed25519.PublicKey),
		HPKE:     p.HPKE.PublicKey(),
	}
}

// String names the keys without showing them, so that a log cannot leak them.
func (p *Private) String() string { return "private keys of " + p.Name }

// GoString is String: %#v must not show the keys either.
func (p *Private) GoString() string { return p.String() }

// Load reads what Save wrote. It refuses a file that group or others may read.
func Load(path string) (*Private, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keyfile: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("keyfile: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a file", ErrForm, path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s", ErrPerms, path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("keyfile: %w", err)
	}
	p, err := parsePrivate(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	return p, nil
}

// Save writes the keys to path, readable by the owner only, whole or not at all:
// after a power cut there is the old file or the new one.
func (p *Private) Save(path string) error {
	b, err := p.encode()
	if err != nil {
		return err
	}
	if err := durable.WriteFile(path, b, 0o600); err != nil {
		return fmt.Errorf("keyfile: %w", err)
	}
	return nil
}

func (p *Private) encode() ([]byte, error) {
	if !ValidName(p.Name) {
		return nil, ErrName
	}
	if len(p.Identity) != ed25519.PrivateKeySize || p.HPKE == nil || p.HPKE.KEM().ID() != KEM().ID() {
		return nil, fmt.Errorf("%w: incomplete keys", ErrForm)
	}
	k, err := p.HPKE.Bytes()
	if err != nil {
		return nil, fmt.Errorf("%w: HPKE key cannot be kept in a file", ErrForm)
	}
	var w bytes.Buffer
	fmt.Fprintln(&w, heading)
	fmt.Fprintln(&w, "name:", p.Name)
	fmt.Fprintln(&w, "identity:", base64.StdEncoding.EncodeToString(p.Identity.Seed()))
	fmt.Fprintln(&w, "hpke:", base64.StdEncoding.EncodeToString(k))
	return w.Bytes(), nil
}

func parsePrivate(b []byte) (*Private, error) {
	if len(b) > maxFile {
		return nil, ErrForm
	}
	s := bufio.NewScanner(bytes.NewReader(b))
	if !s.Scan() || s.Text() != heading {
		return nil, ErrForm
	}
	fields := map[string]string{}
	for s.Scan() {
		k, v, ok := strings.Cut(s.Text(), ": ")
		if _, again := fields[k]; !ok || again {
			return nil, ErrForm
		}
		fields[k] = v
	}
	p := &Private{Name: fields["name"]}
	seed, err := decode(fields["identity"])
	if !ValidName(p.Name) || err != nil || len(seed) != ed25519.SeedSize {
		return nil, ErrForm
	}
	p.Identity = ed25519.NewKeyFromSeed(seed)
	k, err := decode(fields["hpke"])
	if err != nil {
		return nil, ErrForm
	}
	if p.HPKE, err = KEM().NewPrivateKey(k); err != nil {
		return nil, ErrForm // the cause may quote the key
	}
	return p, nil
}

// ParsePublic reads the line that Public.String wrote.
func ParsePublic(line string) (Public, error) {
	parts := strings.Split(strings.TrimSpace(line), ":")
	if len(parts) != 3 || !ValidName(parts[0]) {
		return Public{}, fmt.Errorf("%w: want name:identity:hpke", ErrForm)
	}
	return NewPublic(parts[0], parts[1], parts[2])
}

// NewPublic reads the parts of a public line as configurations keep them: the
// name and both keys in base64.
func NewPublic(name, identity, key string) (Public, error) {
	if !ValidName(name) {
		return Public{}, ErrName
	}
	id, err := decode(identity)
	if err != nil || len(id) != ed25519.PublicKeySize {
		return Public{}, fmt.Errorf("%w: identity is not 32 bytes of base64", ErrForm)
	}
	k, err := decode(key)
	if err != nil {
		return Public{}, fmt.Errorf("%w: HPKE key is not base64", ErrForm)
	}
	pub, err := KEM().NewPublicKey(k)
	if err != nil {
		return Public{}, fmt.Errorf("%w: HPKE key", ErrForm)
	}
	return Public{Name: name, Identity: id, HPKE: pub}, nil
}

// String returns the one-line form: name:identity:hpke, keys in base64.
func (p Public) String() string {
	return p.Name + ":" + p.IdentityText() + ":" + p.HPKEText()
}

// IdentityText returns the identity in base64, as configurations keep it.
func (p Public) IdentityText() string { return base64.StdEncoding.EncodeToString(p.Identity) }

// HPKEText returns the HPKE key in base64, as configurations keep it.
func (p Public) HPKEText() string { return base64.StdEncoding.EncodeToString(p.HPKE.Bytes()) }

// Fingerprint returns 16 hexadecimal digits over name and both keys, for people
// who compare two lines by telephone.
func (p Public) Fingerprint() string {
	sum := sha256.Sum256([]byte(p.String()))
	return hex.EncodeToString(sum[:8])
}

// decode reads base64 in its one canonical form: the library skips line breaks.
func decode(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, ErrForm
	}
	return b, nil
}
