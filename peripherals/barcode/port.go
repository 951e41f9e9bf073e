package barcode

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/tarm/serial"
)

// OpenFunc opens a port whose Read returns what is there, waiting for the first
// byte no longer than about wait. Silence is (0, nil) or (0, io.EOF) after that
// time; an EOF well before it means that the device is gone.
type OpenFunc func(device string, baud int, wait time.Duration) (io.ReadWriteCloser, error)

// openSerial opens a serial port 8N1. tarm's Read without a timeout can never be
// ended, not even by Close, so wait must not be 0 (facts: peripherals, serial).
func openSerial(device string, baud int, wait time.Duration) (io.ReadWriteCloser, error) {
	return serial.OpenPort(&serial.Config{Name: device, Baud: baud, ReadTimeout: wait})
}

// nodeGone reports whether the device's path has vanished.
func nodeGone(device string) bool {
	_, err := os.Stat(device)
	return errors.Is(err, fs.ErrNotExist)
}

// causeOf says why opening failed.
func causeOf(err error) Cause {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV):
		return CauseNoDevice
	case errors.Is(err, fs.ErrPermission):
		return CausePermission
	case errors.Is(err, syscall.EBUSY):
		return CauseBusy
	}
	return CauseNotSerial
}
