package sealer

import (
	"bytes"
	"context"
)

// Repair reads both copies of the slots again and makes them alike and sound. Where
// neither is, spare counts, an earlier copy from elsewhere that may be nil: it can
// have people who were taken away since. It returns whether something was wrong, and
// an error when it still is.
func (f *File) Repair(ctx context.Context, key *Key, spare []byte) (damaged bool, err error) {
	leave, err := f.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	ims, err := f.o.copies()
	im := truth(ims, key)
	if im == nil {
		if im, err = parseImage(spare); err != nil || !im.genuine(key) {
			return true, ErrDamaged
		}
	}
	if f.alike(im.encode(key)) {
		return false, nil
	}
	f.o.mend(im, key)
	if !f.alike(im.encode(key)) {
		return true, ErrDamaged
	}
	return true, nil
}

// alike tells whether both copies are these bytes.
func (f *File) alike(want []byte) bool {
	for _, path := range []string{f.o.Path, f.o.Path + copySuffix} {
		if b, err := readFile(f.o.FS, path); err != nil || !bytes.Equal(b, want) {
			return false
		}
	}
	return true
}

// Sound tells why the content of one of the files of the options, named by its path, is
// not what was written: ErrDamaged. nil for other files, of which nobody can tell.
func (f *File) Sound(key *Key, path string, content []byte) error {
	switch path {
	case f.o.Path, f.o.Path + copySuffix:
		im, err := parseImage(content)
		if err == nil && !im.genuine(key) {
			err = ErrDamaged
		}
		return err
	case f.o.Tries:
		_, err := parseTries(content)
		return err
	}
	return nil
}
