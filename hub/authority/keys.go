package authority

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"clinicbox/internal/durable"
)

// Sentinels of key files. No error carries key material.
var (
	ErrPassphrase = errors.New("authority: passphrase does not open the key")
	ErrKeyFile    = errors.New("authority: not a key file")
	ErrPerms      = errors.New("authority: group or others may read the key; chmod 600")
)

const (
	plainHeading  = "clinicbox authority key 1"
	sealedHeading = "clinicbox authority key 1 sealed"
	maxKeyFile    = 64 << 10
)

// cost of the passphrase, argon2id (RFC 9106 section 4, second recommendation).
// It stands in the file; what a file may ask is bounded.
type cost struct{ time, memory, threads uint32 }

func usualCost() cost { return cost{3, 64 << 10, 4} }

func (c cost) ok() bool {
	return c.time >= 1 && c.time <= 16 && c.memory >= 8<<10 && c.memory <= 256<<10 && c.threads >= 1 && c.threads <= 16
}

func (c cost) key(passphrase, salt []byte) []byte {
	return argon2.IDKey(passphrase, salt, c.time, c.memory, uint8(c.threads), chacha20poly1305.KeySize)
}

// SaveKey writes a private key (PKCS #8), readable by its owner only, sealed with
// XChaCha20-Poly1305 under the passphrase unless that is empty.
func SaveKey(path string, key crypto.Signer, passphrase []byte) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("%w: a token's key stays in the token", ErrKeyFile)
	}
	head, body := plainHeading+"\n", der
	if len(passphrase) > 0 {
		salt := make([]byte, 16)
		rand.Read(salt) // never fails since Go 1.24
		c := usualCost()
		head = fmt.Sprintf("%s\nargon2id: %d %d %d %s\n", sealedHeading, c.time, c.memory, c.threads, base64.StdEncoding.EncodeToString(salt))
		aead, err := chacha20poly1305.NewX(c.key(passphrase, salt))
		if err != nil {
			return fmt.Errorf("authority: seal: %w", err)
		}
		nonce := make([]byte, aead.NonceSize())
		rand.Read(nonce)
		body = aead.Seal(nonce, nonce, der, []byte(head))
	}
	text := head + base64.StdEncoding.EncodeToString(body) + "\n"
	if err := durable.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	return nil
}

// LoadKey reads what SaveKey wrote. It refuses a file that others may read.
func LoadKey(path string, passphrase []byte) (crypto.Signer, error) {
	b, err := readSmall(path, true)
	if err != nil {
		return nil, err
	}
	der, err := openKey(b, passphrase)
	if err != nil {
		return nil, err
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, ErrKeyFile // the cause may quote the key
	}
	s, ok := k.(crypto.Signer)
	if !ok {
		return nil, ErrKeyFile
	}
	return s, nil
}

func openKey(b, passphrase []byte) ([]byte, error) {
	lines := strings.SplitAfter(string(b), "\n")
	if len(lines) == 3 && lines[0] == plainHeading+"\n" {
		return base64Line(lines[1])
	}
	if len(lines) != 4 || lines[0] != sealedHeading+"\n" {
		return nil, ErrKeyFile
	}
	var c cost
	var text string
	if _, err := fmt.Sscanf(lines[1], "argon2id: %d %d %d %s\n", &c.time, &c.memory, &c.threads, &text); err != nil || !c.ok() {
		return nil, ErrKeyFile
	}
	salt, err := base64Line(text)
	if err != nil {
		return nil, err
	}
	body, err := base64Line(lines[2])
	if err != nil || len(body) < chacha20poly1305.NonceSizeX {
		return nil, ErrKeyFile
	}
	aead, err := chacha20poly1305.NewX(c.key(passphrase, salt))
	if err != nil {
		return nil, ErrKeyFile
	}
	n := chacha20poly1305.NonceSizeX
	der, err := aead.Open(nil, body[:n], body[n:], []byte(lines[0]+lines[1]))
	if err != nil {
		return nil, ErrPassphrase
	}
	return der, nil
}

func base64Line(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(s, "\n"))
	if err != nil || bytes.ContainsAny([]byte(strings.TrimSuffix(s, "\n")), "\r\n") {
		return nil, ErrKeyFile
	}
	return b, nil
}

// readSmall reads a file of at most 64 KiB; a secret one must be its owner's only.
func readSmall(path string, secret bool) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, ErrKeyFile
	}
	if secret && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s", ErrPerms, path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil || len(b) > maxKeyFile {
		return nil, ErrKeyFile
	}
	return b, nil
}
