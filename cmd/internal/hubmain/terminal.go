package hubmain

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"clinicbox/internal/terminal"
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
		defer terminal.Hide(p.Stdin)()
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
