package sealer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"clinicbox/internal/durable"
)

// The slots file has a second copy beside it: one unreadable sector must not cost
// all records. Beside them lie what a cut write left, and the mark of an erase.
const (
	copySuffix  = ".copy"
	eraseSuffix = ".erased"
)

// readFile reads a small file through the layer.
func readFile(l durable.FS, path string) ([]byte, error) {
	f, err := l.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("sealer: %w", err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("sealer: %w", err)
	}
	if size > maxFile {
		return nil, ErrDamaged
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("sealer: %w", err)
	}
	return b, nil
}

// copies returns the images that can be read, the newer first. Whether they are
// genuine shows only under the storage key. Without any, the error says why.
func (o *Options) copies() ([]*image, error) {
	var got []*image
	var raw [][]byte
	var bad error
	for _, path := range []string{o.Path, o.Path + copySuffix} {
		b, err := readFile(o.FS, path)
		var im *image
		if err == nil {
			im, err = parseImage(b)
		}
		if err != nil {
			bad = worse(bad, err)
			continue
		}
		got, raw = append(got, im), append(raw, b)
	}
	switch {
	case len(got) == 0:
		return nil, bad
	case errors.Is(bad, ErrVersion):
		return nil, ErrVersion // a newer program was here: what it wrote counts
	case len(got) == 2 && bytes.Equal(raw[0], raw[1]):
		return got[:1], nil
	case len(got) == 2 && got[1].Gen > got[0].Gen:
		got[0], got[1] = got[1], got[0]
	}
	return got, nil
}

// worse picks the error that says more: a missing copy says least.
func worse(a, b error) error {
	if a == nil || errors.Is(a, fs.ErrNotExist) && !errors.Is(b, fs.ErrNotExist) || errors.Is(b, ErrVersion) {
		return b
	}
	return a
}

// save writes the image as the next generation: main file, then copy. Cut between
// the two, the main file counts and the next right unlock repairs the copy.
func (o *Options) save(im *image, k *Key) error {
	im.Gen++
	return o.put(im.encode(k))
}

func (o *Options) put(b []byte) error {
	for _, path := range []string{o.Path, o.Path + copySuffix} {
		if err := durable.WriteFileFS(o.FS, path, b, 0o600); err != nil {
			return fmt.Errorf("sealer: key slots: %w", err)
		}
	}
	return nil
}

// mend makes both copies alike after one was lost or a write was cut. A failure
// is no reason to keep a clinic out; the next unlock tries again.
func (o *Options) mend(im *image, k *Key) {
	want := im.encode(k)
	for _, path := range []string{o.Path, o.Path + copySuffix} {
		if b, err := readFile(o.FS, path); err != nil || !bytes.Equal(b, want) {
			_ = durable.WriteFileFS(o.FS, path, want, 0o600)
		}
	}
}
