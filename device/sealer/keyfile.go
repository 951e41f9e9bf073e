package sealer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
)

const keyFileHead = "clinicbox sealer key file 1, development only: "

type keyFile struct{ path string }

// NewKeyFile wraps by a key in a file, which Make creates. For development only:
// who has the file has the records, so pages say that it is in use. It stops
// nobody but a thief of a card that the file is not on.
func NewKeyFile(path string) Method { return keyFile{path} }

func (keyFile) Slot() (Kind, clinic.ID) { return KeyFile, clinic.ID{} }

// Make keeps a file that is there: an older slot may need it.
func (k keyFile) Make(ctx context.Context, at Place) (Sealed, error) {
	if _, err := os.Stat(k.path); errors.Is(err, fs.ErrNotExist) {
		fresh := NewKey()
		defer fresh.Wipe()
		line := []byte(keyFileHead + hex.EncodeToString(fresh[:]) + "\n")
		defer clear(line)
		if err := durable.WriteFile(k.path, line, 0o600); err != nil {
			return Sealed{}, fmt.Errorf("sealer: key file: %w", err)
		}
	}
	key, err := k.Open(ctx, at, nil)
	return Sealed{Key: key}, err
}

func (k keyFile) Open(_ context.Context, at Place, _ []byte) (*Key, error) {
	b, err := readSmall(k.path)
	if err != nil {
		return nil, ErrNoKeyFile
	}
	defer clear(b)
	digits, ok := strings.CutPrefix(strings.TrimSpace(string(b)), keyFileHead)
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != len(Key{}) {
		return nil, ErrNoKeyFile
	}
	defer clear(raw)
	return derive("key file", at, raw), nil
}

// readSmall reads at most 4 KiB: a device file may have no end.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, 4<<10)
	n, err := f.Read(b)
	return b[:n], err
}
