package hubmain

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ErrPassphrases: what was typed twice differs, or is too short to protect anything.
var ErrPassphrases = errors.New("hub: the two passphrases differ, or have fewer than 10 characters")

const (
	minPassphrase = 10
	maxLine       = 4096
)

// ask prints a prompt and reads one line; hidden turns a terminal's echo off.
func (p *Program) ask(prompt string, hidden bool) ([]byte, error) {
	fmt.Fprint(p.Stderr, prompt+": ")
	if hidden {
		defer hideTyping(p.Stdin)()
	}
	if p.lines == nil {
		p.lines = bufio.NewReaderSize(p.Stdin, maxLine)
	}
	b, err := p.lines.ReadSlice('\n')
	if err != nil && (!errors.Is(err, io.EOF) || len(b) == 0) {
		return nil, fmt.Errorf("hub: input: %w", err)
	}
	return bytes.Clone(bytes.TrimRight(b, "\r\n")), nil
}

// passphrase asks for one; twice when it is new.
func (p *Program) passphrase(fresh bool) ([]byte, error) {
	first, err := p.ask("Mật khẩu của khóa gốc / passphrase of the root", true)
	if err != nil || !fresh {
		return first, err
	}
	again, err := p.ask("Nhập lại / again", true)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, again) || len(first) < minPassphrase {
		return nil, ErrPassphrases
	}
	return first, nil
}

// hideTyping turns the terminal's echo off until the returned function is called.
func hideTyping(in io.Reader) (show func()) {
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
