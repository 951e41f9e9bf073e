package panel

import (
	"context"
	"encoding/binary"
	"io"
	"math/bits"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Of linux/input-event-codes.h and linux/input.h.
const (
	evSyn      = 0
	evKey      = 1
	synDropped = 3
	keyUp      = 0
	keyDown    = 1          // 2 is the keyboard's repeat: still down
	eviocgrab  = 0x40044590 // _IOW('E', 0x90, int)
)

// record is the size of struct input_event: two words of time, then type, code
// and value. 24 bytes; 16 for a program of 32 bits.
const record = 2*bits.UintSize/8 + 8

// event is an input_event without its time, which follows the wall clock and so
// may jump in the middle of a press.
type event struct {
	kind, code uint16
	value      int32
}

// events cuts a stream into records, wherever a read ends.
type events struct {
	rest [record]byte
	n    int // bytes of rest in use
}

func (e *events) push(b []byte, each func(event)) {
	for len(b) > 0 {
		n := copy(e.rest[e.n:], b)
		b = b[n:]
		if e.n += n; e.n < record {
			return
		}
		e.n = 0
		tail := e.rest[record-8:]
		each(event{
			kind:  binary.NativeEndian.Uint16(tail),
			code:  binary.NativeEndian.Uint16(tail[2:]),
			value: int32(binary.NativeEndian.Uint32(tail[4:])),
		})
	}
}

// edge is what an event says about the key; 0 stands for every key.
func (ev event) edge(key uint16) (e Edge, ok bool) {
	switch {
	case ev.kind == evSyn && ev.code == synDropped:
		return Dropped, true
	case ev.kind != evKey || (key != 0 && ev.code != key):
		return 0, false
	case ev.value == keyDown:
		return Down, true
	case ev.value == keyUp:
		return Up, true
	}
	return 0, false
}

// Events is a button at /dev/input/…, best by its name under by-path.
type Events struct {
	Path string
	Key  uint16 // code such as 116 (power); 0 = every key of the device
	// Open returns the stream; its Close must end a Read. nil opens the device and
	// keeps its events from everybody else.
	Open func(path string) (io.ReadCloser, error)
}

var _ Source = (*Events)(nil)

// Watch implements Source. The end of the stream is io.EOF, a device that was
// pulled out ENODEV.
func (s *Events) Watch(ctx context.Context, tell func(Edge)) error {
	open := s.Open
	if open == nil {
		open = openEvents
	}
	f, err := open(s.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	defer context.AfterFunc(ctx, func() { _ = f.Close() })()
	tell(Opened)
	var cut events
	buf := make([]byte, 64*record)
	for {
		n, err := f.Read(buf)
		cut.push(buf[:n], func(ev event) {
			if e, ok := ev.edge(s.Key); ok {
				tell(e)
			}
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case n == 0:
			return io.ErrNoProgress
		}
	}
}

// openEvents opens without waiting, so that Close ends a Read and a FIFO without a
// writer does not hang. Nobody else shall act on the key: a desktop would switch
// the box off. What cannot be grabbed (a FIFO) is read all the same.
func openEvents(path string) (io.ReadCloser, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if c, err := f.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _ = unix.IoctlSetInt(int(fd), eviocgrab, 1) })
	}
	return f, nil
}
