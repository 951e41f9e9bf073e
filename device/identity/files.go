package identity

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"

	"clinicbox/internal/durable"
)

// Sentinels for callers that decide on them. None carries key material.
var (
	ErrDamaged  = errors.New("identity: a file of the keys folder is damaged")
	ErrKey      = errors.New("identity: the closed keys are sealed under another storage key")
	ErrVersion  = errors.New("identity: written by a newer program")
	ErrEnrolled = errors.New("identity: the box is enrolled already")
	ErrStranger = errors.New("identity: the box is not enrolled yet")
	ErrPending  = errors.New("identity: no request is waiting for an answer")
	ErrChanged  = errors.New("identity: the copy of the enrolment is not the sealed one: somebody wrote on the card")
)

const (
	version = 1
	maxFile = 512 << 10

	fileOpen      = "open"
	fileClosed    = "closed"
	fileEnrolment = "enrolment"
	fileTrust     = "trust"
	fileOrders    = "orders"
)

// Files lists the files of the folder, for erasing and for the documentation.
func Files() []string { return []string{fileOpen, fileClosed, fileEnrolment, fileTrust, fileOrders} }

// folder reads and writes the files. Every write is durable when it returns nil,
// whole or not at all.
type folder struct {
	dir string
	l   durable.FS
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f folder) read(name string) ([]byte, error) {
	info, err := os.Stat(f.path(name))
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxFile) {
		return nil, fmt.Errorf("%w: %s", ErrDamaged, name)
	}
	b, err := os.ReadFile(f.path(name))
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return b, nil
}

func (f folder) write(name string, b []byte) error {
	if err := durable.WriteFileFS(f.l, f.path(name), b, 0o600); err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	return nil
}

// head is in every file, so that an older program tells a newer file from a
// damaged one.
type head struct {
	V int `json:"v"`
}

// parse reads a file's text; nothing that this program does not know is dropped
// unseen, for it may be a key.
func parse(name string, b []byte, v any) error {
	var h head
	if json.Unmarshal(b, &h) != nil || h.V < 1 {
		return fmt.Errorf("%w: %s", ErrDamaged, name) // the cause may quote a key
	}
	if h.V > version {
		return fmt.Errorf("%w: %s", ErrVersion, name)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return fmt.Errorf("%w: %s", ErrDamaged, name)
	}
	return nil
}

// load reads a file into v and reports whether it was there.
func (f folder) load(name string, v any) (bool, error) {
	b, err := f.read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, parse(name, b, v)
}

func (f folder) save(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("identity: %s: cannot be written", name)
	}
	defer clear(b)
	return f.write(name, append(b, '\n'))
}

// seal closes plain under the key; the name of the file is bound in.
func seal(key [32]byte, name string, plain []byte) ([]byte, error) {
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	nonce := make([]byte, a.NonceSize(), a.NonceSize()+len(plain)+a.Overhead())
	rand.Read(nonce)
	return a.Seal(nonce, nonce, plain, []byte(name)), nil
}

func unseal(key [32]byte, name string, b []byte) ([]byte, error) {
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil || len(b) < a.NonceSize() {
		return nil, ErrKey
	}
	plain, err := a.Open(nil, b[:a.NonceSize()], b[a.NonceSize():], []byte(name))
	if err != nil {
		return nil, ErrKey
	}
	return plain, nil
}
