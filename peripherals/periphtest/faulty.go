package periphtest

import (
	"errors"
	"io"
	"sync"
)

// ErrFault is what a Faulty stream fails with.
var ErrFault = errors.New("periphtest: fault")

// Plan says how a Faulty stream breaks. Counts are of bytes since the start; a
// negative count never comes.
type Plan struct {
	ReadFail  int // Read fails once so many bytes were read
	WriteFail int // Write fails once so many bytes were written
	// Applied makes the failing write reach the device whole, though the program is
	// told that it failed; otherwise the device gets only the bytes before the fault.
	Applied bool
	Flip    int  // the byte read at this place has its lowest bit turned
	Short   bool // Read gives one byte at a time
	Once    bool // the stream works again after a fault
	Err     error
}

// Sound is the plan of a stream that does not break.
func Sound() Plan { return Plan{ReadFail: -1, WriteFail: -1, Flip: -1} }

// Faulty is a stream that breaks according to its plan.
type Faulty struct {
	rw io.ReadWriteCloser

	mu    sync.Mutex
	plan  Plan
	read  int
	wrote int
}

// NewFaulty breaks rw by the plan. A plan without Err fails with ErrFault.
func NewFaulty(rw io.ReadWriteCloser, plan Plan) *Faulty {
	if plan.Err == nil {
		plan.Err = ErrFault
	}
	return &Faulty{rw: rw, plan: plan}
}

// Read reads through the faults.
func (f *Faulty) Read(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at := f.plan.ReadFail; at >= 0 {
		if f.read >= at {
			if f.plan.Once {
				f.plan.ReadFail = -1
			}
			return 0, f.plan.Err
		}
		b = b[:min(len(b), at-f.read)]
	}
	if f.plan.Short {
		b = b[:min(len(b), 1)]
	}
	n, err := f.rw.Read(b)
	if i := f.plan.Flip - f.read; f.plan.Flip >= 0 && i >= 0 && i < n {
		b[i] ^= 1
	}
	f.read += n
	return n, err
}

// Write writes through the faults.
func (f *Faulty) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.plan.WriteFail
	if at < 0 || f.wrote+len(b) <= at {
		n, err := f.rw.Write(b)
		f.wrote += n
		return n, err
	}
	if f.plan.Once {
		f.plan.WriteFail = -1
	}
	told := max(at-f.wrote, 0)
	sent := told
	if f.plan.Applied {
		sent = len(b)
	}
	n, err := f.rw.Write(b[:sent])
	f.wrote += n
	return min(told, n), errors.Join(f.plan.Err, err)
}

// Close closes the stream.
func (f *Faulty) Close() error { return f.rw.Close() }
