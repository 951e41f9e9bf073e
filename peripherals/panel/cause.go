package panel

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"
)

// Cause tells, as a message key, why a part works or does not.
type Cause string

// The states of a part.
const (
	Off    Cause = "panel.off"    // not configured
	There  Cause = "panel.there"  // it works
	Absent Cause = "panel.absent" // the files are not there, or went away
	Denied Cause = "panel.denied" // the program may not use them
	Failed Cause = "panel.failed" // they are there and do not do what they should
)

// Codes lists every message key of this package, for the catalogues' test.
func Codes() []string {
	codes := []string{string(Off), string(There), string(Absent), string(Denied), string(Failed)}
	slices.Sort(codes)
	return codes
}

// ErrGarbage is returned for a file whose text is not what the kernel documents.
var ErrGarbage = errors.New("panel: file has no usable value")

// causeOf says what an error of a file means for its part. A stream that ends
// belongs to a device that was pulled out.
func causeOf(err error) Cause {
	gone := []error{fs.ErrNotExist, io.EOF, syscall.ENODEV, syscall.ENXIO, syscall.ENOTDIR}
	switch {
	case err == nil:
		return There
	case slices.ContainsFunc(gone, func(e error) bool { return errors.Is(err, e) }):
		return Absent
	case errors.Is(err, fs.ErrPermission):
		return Denied
	}
	return Failed
}
