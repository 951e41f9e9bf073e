// Package periphtest records what a program and a device say to each other over a
// byte stream and plays it back: a recorded session replaces the device in tests,
// byte for byte, and must be used up. Faulty breaks any stream on purpose.
package periphtest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Op is one step of a session: bytes to the device or bytes from it.
type Op struct {
	Write bool
	Bytes []byte
}

// Session is a recorded conversation.
type Session []Op

// String writes one line an op, "> hex" to the device and "< hex" from it: the
// form of a recording's file.
func (s Session) String() string {
	var b strings.Builder
	for _, op := range s {
		mark := "<"
		if op.Write {
			mark = ">"
		}
		fmt.Fprintf(&b, "%s %x\n", mark, op.Bytes)
	}
	return b.String()
}

// ErrSession is returned by Parse for a line that is no op.
var ErrSession = errors.New("periphtest: not a recorded session")

// Parse reads the form written by String. Empty lines and lines that begin with #
// are for people.
func Parse(r io.Reader) (Session, error) {
	var s Session
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		data, err := hex.DecodeString(strings.ReplaceAll(line[1:], " ", ""))
		if err != nil || len(data) == 0 || line[0] != '<' && line[0] != '>' {
			return nil, fmt.Errorf("%w: line %d", ErrSession, n)
		}
		s = append(s, Op{Write: line[0] == '>', Bytes: data})
	}
	return s, sc.Err()
}

// Recorder passes everything through to a real device and keeps it.
type Recorder struct {
	rw io.ReadWriteCloser

	mu  sync.Mutex
	ops Session
}

// NewRecorder starts a recording.
func NewRecorder(rw io.ReadWriteCloser) *Recorder { return &Recorder{rw: rw} }

// Session returns what was said so far, neighbouring ops of one direction joined.
func (r *Recorder) Session() Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(Session, len(r.ops))
	for i, op := range r.ops {
		out[i] = Op{op.Write, bytes.Clone(op.Bytes)}
	}
	return out
}

// Read reads from the device.
func (r *Recorder) Read(b []byte) (int, error) {
	n, err := r.rw.Read(b)
	r.keep(false, b[:n])
	return n, err
}

// Write writes to the device.
func (r *Recorder) Write(b []byte) (int, error) {
	n, err := r.rw.Write(b)
	r.keep(true, b[:n])
	return n, err
}

// Close closes the device; the recording stays.
func (r *Recorder) Close() error { return r.rw.Close() }

func (r *Recorder) keep(write bool, b []byte) {
	if len(b) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := len(r.ops) - 1; last >= 0 && r.ops[last].Write == write {
		r.ops[last].Bytes = append(r.ops[last].Bytes, b...)
		return
	}
	r.ops = append(r.ops, Op{write, bytes.Clone(b)})
}
