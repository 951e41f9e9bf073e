package panel

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
)

// Limits on what is read of the kernel's files.
const (
	maxText    = 4096 // bytes of a file: sysfs gives one page
	maxEntries = 64   // devices of a class
)

// Files is how the panel meets the kernel's files. Methods may be called by
// several goroutines and return the system's errors, so that fs.ErrNotExist means
// that a device is not there.
type Files interface {
	// Read returns at most the first 4096 bytes.
	Read(path string) ([]byte, error)
	// Write replaces the text of a file that exists; it never makes one.
	Write(path, text string) error
	// List returns the names in a folder, sorted.
	List(dir string) ([]string, error)
}

// Sys is the system's files.
type Sys struct{}

var _ Files = Sys{}

// Read implements Files.
func (Sys) Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxText))
}

// Write implements Files. Text that is cut short is an error of the system.
func (Sys) Write(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// List implements Files.
func (Sys) List(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(maxEntries)
	if err != nil && err != io.EOF { // an empty class is no device, not an end
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}

// number parses a file's text as one decimal between low and high.
func number(text []byte, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%w: no number between %d and %d", ErrGarbage, low, high)
	}
	return n, nil
}

// word parses a file's text as one short line of printable ASCII; anything else is "".
func word(text []byte) string {
	text = bytes.TrimSpace(text)
	if len(text) > 64 || bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return string(text)
}

// chosen returns the entry in brackets of a list such as "none [mmc0] timer", ""
// when there is none.
func chosen(text []byte) string {
	_, rest, found := bytes.Cut(text, []byte("["))
	name, _, ends := bytes.Cut(rest, []byte("]"))
	if !found || !ends {
		return ""
	}
	return word(name)
}

// kernel reads single values; a value that cannot be read is not there.
type kernel struct{ Files }

func (k kernel) number(path string, low, high int64) (int64, error) {
	text, err := k.Read(path)
	if err != nil {
		return 0, err
	}
	return number(text, low, high)
}

func (k kernel) word(path string) string {
	text, err := k.Read(path)
	if err != nil {
		return ""
	}
	return word(text)
}
