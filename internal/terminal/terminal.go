// Package terminal keeps what people type in secret off the screen.
package terminal

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Hide turns the terminal's echo off until the returned function is called; the line's
// end still shows. It does nothing when the input is no terminal.
func Hide(in io.Reader) (show func()) {
	f, ok := in.(*os.File)
	if !ok {
		return func() {}
	}
	old, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return func() {}
	}
	quiet := *old
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ECHONL
	if unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, &quiet) != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, old) }
}
