package courier

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"clinicbox/internal/durable"
)

// Medium is the file system of a stick. Names are relative to its root, with slashes,
// and never lead outside. Its file layer may fail at any call: somebody pulled it out.
type Medium interface {
	durable.FS
	// Mkdir makes a folder; one that is there is no error.
	Mkdir(name string) error
	// List returns at most so many names of a folder, in any order.
	List(dir string, most int) ([]fs.DirEntry, error)
	// Free returns the bytes that are free.
	Free() (int64, error)
}

// Stick is a mounted stick, or any folder. Close it: an open file keeps a stick from
// being taken off.
type Stick struct{ root *os.Root }

var _ Medium = (*Stick)(nil)

// Open takes the folder where a stick is mounted.
func Open(dir string) (*Stick, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGone, err)
	}
	return &Stick{r}, nil
}

// Close lets go of the stick.
func (s *Stick) Close() error { return s.root.Close() }

// OpenFile implements durable.FS. What is read comes from the medium, not from the
// kernel's memory; neither links nor pipes are followed.
func (s *Stick) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	f, err := s.root.OpenFile(name, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, perm)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s is no file", ErrForm, name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		durable.Forget(f)
	}
	return stickFile{f}, nil
}

// Rename implements durable.FS.
func (s *Stick) Rename(from, to string) error { return s.root.Rename(from, to) }

// Remove implements durable.FS.
func (s *Stick) Remove(name string) error {
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// SyncDir implements durable.FS.
func (s *Stick) SyncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Mkdir implements Medium.
func (s *Stick) Mkdir(name string) error {
	if err := s.root.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// List implements Medium.
func (s *Stick) List(dir string, most int) ([]fs.DirEntry, error) {
	d, err := s.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	es, err := d.ReadDir(most)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return es, err
}

// Free implements Medium.
func (s *Stick) Free() (int64, error) {
	d, err := s.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(d.Fd()), &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

type stickFile struct{ *os.File }

func (f stickFile) Size() (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

// cause gives an error of the file system its name.
func cause(err error) error {
	for _, c := range []struct{ is, as error }{
		{syscall.ENOSPC, ErrFull},
		{syscall.EDQUOT, ErrFull},
		{syscall.EROFS, ErrReadOnly},
		{fs.ErrPermission, ErrReadOnly},
		{syscall.EIO, ErrGone},
		{syscall.ENODEV, ErrGone},
		{syscall.ENXIO, ErrGone},
		{syscall.ENOTCONN, ErrGone},
		{syscall.ESTALE, ErrGone},
	} {
		if errors.Is(err, c.is) && !errors.Is(err, c.as) {
			return errors.Join(c.as, err)
		}
	}
	return err
}

// read returns a file of at most MaxPiece bytes.
func read(m Medium, name string) ([]byte, error) {
	f, err := m.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > MaxPiece {
		return nil, ErrForm
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	} else if n < len(b) {
		return nil, ErrTorn
	}
	return b, nil
}
