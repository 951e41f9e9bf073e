// Package medium keeps a verified copy of a data directory on a second medium, such
// as a USB stick, and puts it back on another board.
//
//	clinicbox-copy/manifest.a, .b   which files the copy is of; the higher count holds
//	clinicbox-copy/PATH.a, .b       a file of the data directory, sealed as it is there
//
// A manifest is one line of JSON and a keyed hash of it. Every file may stand there
// twice: what a valid manifest names is never written to, the next copy goes to the
// other place. So a stick that is pulled out at any byte holds the copy before, whole.
// Journals only grow: the next copy writes their new bytes, and each finished segment
// once. Everything that was written is synced and read back from the medium before a
// manifest names it.
//
// Who has the medium has sealed records, sizes and times; it opens with the recovery
// code, or with a PIN on the box's own board. Who can write to it can destroy the copy, or put an older one there.
package medium

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"clinicbox/internal/durable"
)

// Sentinels for callers that decide on them: what is wrong with the medium.
var (
	// ErrAbsent tells that the folder of the medium is not there.
	ErrAbsent = errors.New("medium: not there")
	// ErrSameDisk tells that the folder is on the disk of the records: a copy there
	// dies with it. Most often the stick is not mounted.
	ErrSameDisk = errors.New("medium: it is the disk of the records itself")
	// ErrFull tells that the copy does not fit. The one before is whole.
	ErrFull = errors.New("medium: full")
	// ErrReadOnly tells that nothing can be written: a switch, or a worn-out stick.
	ErrReadOnly = errors.New("medium: read-only")
	// ErrOther tells that another box's copy is there, or one that nobody recognises.
	// Nothing of it was touched.
	ErrOther = errors.New("medium: it holds the copy of another box")
	// ErrAhead tells that the copy holds records that this box does not have: it may
	// be the only place where they are. Nothing of it was touched.
	ErrAhead = errors.New("medium: it holds records that this box does not have")
	// ErrDamaged tells that the medium does not give back what was written.
	ErrDamaged = errors.New("medium: damaged")
	// ErrNewDisk tells that the disk that a copy is put back to does not give back what
	// was written. The copy is whole.
	ErrNewDisk = errors.New("medium: the disk to restore to does not read back")
	// ErrNone tells that there is no copy.
	ErrNone = errors.New("medium: no copy there")
	// ErrForged tells that the keyed hash of a copy is not of the box's key.
	ErrForged = errors.New("medium: the copy was not made by this box")
	// ErrInUse tells that a restore would overwrite something.
	ErrInUse = errors.New("medium: the folder to restore to is not empty")
	// ErrVersion tells that a newer program made the copy.
	ErrVersion = errors.New("medium: made by a newer program")
)

// Folder is the name of the copy's folder on the medium.
const Folder = "clinicbox-copy"

// names of the two places of a file.
const (
	slotA = "a"
	slotB = "b"
)

// manifestPath and placeOf are where the files of a copy stand.
func manifestPath(dir, slot string) string { return filepath.Join(dir, "manifest."+slot) }

func placeOf(dir string, f File) string {
	return filepath.Join(dir, filepath.FromSlash(f.Path)+"."+f.Slot)
}

func other(slot string) string {
	if slot == slotA {
		return slotB
	}
	return slotA
}

// cause gives an error of the file system its name.
func cause(err error) error {
	for _, c := range []struct{ is, as error }{
		{syscall.ENOSPC, ErrFull},
		{syscall.EDQUOT, ErrFull},
		{syscall.EROFS, ErrReadOnly},
		{fs.ErrPermission, ErrReadOnly},
		{syscall.EIO, ErrDamaged},
		{syscall.ENODEV, ErrAbsent},
		{syscall.ENXIO, ErrAbsent},
		{syscall.ESTALE, ErrAbsent},
	} {
		if errors.Is(err, c.is) {
			return errors.Join(c.as, err)
		}
	}
	return err
}

// layer is the file layer, the real one unless a test gives another.
func layer(l durable.FS) durable.FS {
	if l == nil {
		return durable.OS{}
	}
	return l
}
