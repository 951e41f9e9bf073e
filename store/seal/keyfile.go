package seal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"clinicbox/internal/durable"
)

const keyFileHead = "clinicbox storage key, development only: "

// ErrKeyFile tells that a key file is there but is not one.
var ErrKeyFile = errors.New("seal: not a storage key file")

// LoadOrCreate reads the storage key from a file, or makes both when the file is
// missing. It is the development sealer: who has the file has the records, so
// pages say that it is in use. It returns whether the key was made now.
func LoadOrCreate(path string) (k Key, created bool, err error) {
	k, err = Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, false, err
	}
	k = NewKey()
	line := keyFileHead + hex.EncodeToString(k[:]) + "\n"
	if err := durable.WriteFile(path, []byte(line), 0o600); err != nil {
		return Key{}, false, fmt.Errorf("seal: key file: %w", err)
	}
	return k, true, nil
}

// Load reads the storage key from a file.
func Load(path string) (Key, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("seal: key file: %w", err)
	}
	digits, ok := strings.CutPrefix(strings.TrimSpace(string(b)), keyFileHead)
	var k Key
	if !ok || len(digits) != hex.EncodedLen(len(k)) {
		return Key{}, ErrKeyFile
	}
	if _, err := hex.Decode(k[:], []byte(digits)); err != nil {
		return Key{}, ErrKeyFile
	}
	return k, nil
}
