package periphtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
)

var (
	// ErrDiffers is returned by Write when the program says something else than was
	// recorded, or says it at another time.
	ErrDiffers = errors.New("periphtest: the program departs from the recording")
	// ErrUnused is returned by Close when the recording was not used up.
	ErrUnused = errors.New("periphtest: the recording was not used up")
)

// Playback is the device of a recorded session. Writes must be the recorded bytes,
// in any pieces; Read gives what the device said next, and while the program has
// to speak first it gives (0, io.EOF) as an idle serial port does.
type Playback struct {
	mu   sync.Mutex
	ops  Session
	op   int // index of the present op
	at   int // bytes of it that are used
	fail error
}

// NewPlayback starts a playback.
func NewPlayback(s Session) *Playback { return &Playback{ops: s} }

// Read gives recorded bytes.
func (p *Playback) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return 0, p.fail
	}
	if p.op == len(p.ops) || p.ops[p.op].Write {
		return 0, io.EOF
	}
	n := copy(b, p.ops[p.op].Bytes[p.at:])
	p.use(n)
	return n, nil
}

// Write compares with the recording. A difference ends the playback: every later
// call and Close report it too.
func (p *Playback) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for done := 0; done < len(b) && p.fail == nil; {
		if p.op == len(p.ops) {
			p.fail = fmt.Errorf("%w: %d bytes after the end", ErrDiffers, len(b)-done)
			break
		}
		want := p.ops[p.op].Bytes[p.at:]
		if !p.ops[p.op].Write {
			p.fail = fmt.Errorf("%w: op %d: wrote before reading %d bytes", ErrDiffers, p.op, len(want))
			break
		}
		n := min(len(want), len(b)-done)
		if !bytes.Equal(want[:n], b[done:done+n]) {
			p.fail = fmt.Errorf("%w: op %d, byte %d", ErrDiffers, p.op, p.at+firstDiff(want[:n], b[done:done+n]))
			break
		}
		p.use(n)
		done += n
	}
	if p.fail != nil {
		return 0, p.fail
	}
	return len(b), nil
}

// Close reports a difference, or that the recording was not used up.
func (p *Playback) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail == nil && p.op < len(p.ops) {
		return fmt.Errorf("%w: %d of %d ops left", ErrUnused, len(p.ops)-p.op, len(p.ops))
	}
	return p.fail
}

func (p *Playback) use(n int) {
	if p.at += n; p.at == len(p.ops[p.op].Bytes) {
		p.op, p.at = p.op+1, 0
	}
}

func firstDiff(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}
