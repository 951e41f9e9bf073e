package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// lpGetStatus is LPGETSTATUS of <linux/lp.h>: the IEEE 1284 status lines, which
// the USB printer class has kept (USB Printing Devices 1.1, GET_PORT_STATUS).
const (
	lpGetStatus = 0x060b
	lpPaperOut  = 0x20
	lpSelected  = 0x10
)

// NewUSB is a printer of the USB printer class, /dev/usb/lp0.
func NewUSB(path string, opts Opts) *Dev {
	opts.Chunk = min(opts.Chunk, 1024)
	return New(path, func(context.Context) (Conn, error) { return openLP(path) }, opts)
}

// openLP opens the device without blocking: a write to a printer without paper
// waits for ever otherwise, and nothing can end it.
func openLP(path string) (Conn, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if err := f.SetWriteDeadline(time.Time{}); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s is not a device that can be waited for: %w", path, err)
	}
	return &lpConn{File: f, closed: make(chan struct{})}, nil
}

// lpConn is an open /dev/usb/lp*.
type lpConn struct {
	*os.File
	once   sync.Once
	closed chan struct{}
}

// lpIdle is the pause after an empty read: some printers send empty packets all
// the time, which read as the end of a file.
const lpIdle = 100 * time.Millisecond

// Read waits through empty packets.
func (c *lpConn) Read(b []byte) (int, error) {
	for {
		n, err := c.File.Read(b)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		timer := time.NewTimer(lpIdle)
		select {
		case <-timer.C:
		case <-c.closed:
			timer.Stop()
			return 0, os.ErrClosed
		}
	}
}

// Close ends a waiting Read and Write.
func (c *lpConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.File.Close()
}

// PaperOut asks the port. Many printers answer nonsense: only "selected and out of
// paper" is believed.
func (c *lpConn) PaperOut() (out, known bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false, false
	}
	var bits int
	if cerr := raw.Control(func(fd uintptr) { bits, err = unix.IoctlGetInt(int(fd), lpGetStatus) }); cerr != nil || err != nil {
		return false, false
	}
	return bits&lpPaperOut != 0, bits&lpSelected != 0
}
