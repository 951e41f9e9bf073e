package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"clinicbox/internal/durable"
)

// lock is the LOCK file of a data directory: flock keeps a second process out,
// the content tells whether the last one stopped cleanly.
type lock struct {
	f      *os.File
	clean  bool // the last stop was clean, or there was none
	frozen bool // the disk is read-only
}

func takeLock(dir string, frozen bool) (*lock, error) {
	path := filepath.Join(dir, "LOCK")
	flag := os.O_RDWR | os.O_CREATE
	if frozen {
		flag = os.O_RDONLY
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if errors.Is(err, unix.EROFS) && !frozen {
		return takeLock(dir, true)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := durable.Hold(f); err != nil {
		if errors.Is(err, durable.ErrHeld) {
			err = ErrLocked
		}
		return nil, errors.Join(err, f.Close())
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &lock{f, fi.Size() == 0, frozen}, nil
}

// mark notes that the store is open.
func (l *lock) mark() error {
	if l.frozen {
		return nil
	}
	if _, err := l.f.WriteAt([]byte("open\n"), 0); err != nil {
		return fmt.Errorf("store: LOCK: %w", err)
	}
	return l.f.Sync()
}

// release lets go; clean notes that nothing is left to recover.
func (l *lock) release(clean bool) error {
	var err error
	if clean && !l.frozen {
		err = errors.Join(l.f.Truncate(0), l.f.Sync())
	}
	return errors.Join(err, l.f.Close())
}

func freeBytes(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("store: free space: %w", err)
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
