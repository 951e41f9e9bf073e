package sealer

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"clinicbox/internal/durable"
)

// Erase destroys the key slots, so that nothing on the box opens its records any
// more: it overwrites both copies, what a cut write left and the counter, syncs,
// and removes them. More names further files that hold a key: the key file of the
// development sealer. A mark stays, so that Open answers ErrErased, and an
// interrupted erase goes on at the next Open. Erasing twice is no error.
//
// What it cannot promise: flash writes elsewhere than it reads, so an SD card may
// keep old blocks that a laboratory finds. There the records are as safe as the
// best method that wrapped them: with the board at hand a staff PIN is no secret
// then, a recovery code is. A TPM that is cleared as well makes its slots worthless.
func Erase(o Options, more ...string) error {
	o = o.filled()
	mark := []byte(strings.Join(more, "\x00")) // to go on with the same files
	if err := durable.WriteFileFS(o.FS, o.Path+eraseSuffix, mark, 0o600); err != nil {
		return fmt.Errorf("sealer: erase: %w", err)
	}
	return o.wipe(more...)
}

// erased finishes an erase that was begun.
func (o *Options) erased() error {
	mark, err := readFile(o.FS, o.Path+eraseSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	var more []string
	if len(mark) > 0 {
		more = strings.Split(string(mark), "\x00")
	}
	if err := o.wipe(more...); err != nil {
		return err
	}
	return ErrErased
}

// clean makes room for Create. The mark goes before anything new comes, or the
// next Open would erase that.
func (o *Options) clean() error {
	if err := o.erased(); err == nil || !errors.Is(err, ErrErased) {
		return err
	}
	if err := errors.Join(o.FS.Remove(o.Path+eraseSuffix), o.FS.SyncDir(filepath.Dir(o.Path))); err != nil {
		return fmt.Errorf("sealer: %w", err)
	}
	return nil
}

// wipe overwrites everything first: whoever pulls the plug early saves nothing
// that a later removal would still have taken.
func (o *Options) wipe(more ...string) error {
	var files []string
	for _, p := range append([]string{o.Path, o.Path + copySuffix, o.Tries}, more...) {
		files = append(files, p, p+durable.TempSuffix)
	}
	var errs []error
	for _, p := range files {
		errs = append(errs, overwrite(o.FS, p))
	}
	for _, p := range files {
		errs = append(errs, o.FS.Remove(p), o.FS.SyncDir(filepath.Dir(p)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sealer: erase: %w", err)
	}
	return nil
}

func overwrite(l durable.FS, path string) error {
	f, err := l.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err == nil {
		noise := make([]byte, min(size, 1<<20)) // none of ours is larger
		rand.Read(noise)
		_, err = f.WriteAt(noise, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
