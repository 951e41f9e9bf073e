package sim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/text/unicode/norm"
)

// ErrUnplugged is returned by Scan while the scanner is not plugged in.
var ErrUnplugged = errors.New("sim: scanner is unplugged")

// Shape says how a scanner is set up and how well a scan goes. The zero Shape sends
// the payload alone in one piece.
type Shape struct {
	Prefix string        // AIM identifier such as "]Q1"
	Suffix string        // "\r", "\n", "\r\n", "\t" or nothing
	NFD    bool          // decomposed letters
	Cut    int           // send no more than so many bytes of the payload; 0 = all
	Chunk  int           // bytes in a piece; 0 = all at once
	Pause  time.Duration // between pieces
}

// Scanner is a barcode scanner in serial mode. Its path stays the same across
// unplugging, as one under /dev/serial/by-id does. All methods may be called from
// several goroutines.
type Scanner struct {
	path    string
	timeout time.Duration // of a scan that nobody reads

	mu     sync.Mutex
	master *os.File // nil while unplugged
}

// NewScanner plugs a scanner in. Its path is dir/scanner, a link to the slave side
// of a pseudo-terminal.
func NewScanner(dir string) (*Scanner, error) {
	s := &Scanner{path: filepath.Join(dir, "scanner"), timeout: 2 * time.Second}
	if err := s.Plug(); err != nil {
		return nil, err
	}
	return s, nil
}

// Path is the device for the driver's configuration.
func (s *Scanner) Path() string { return s.path }

// Plugged reports whether the scanner is plugged in.
func (s *Scanner) Plugged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.master != nil
}

// Plug connects the scanner; it does nothing when it is connected.
func (s *Scanner) Plug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master != nil {
		return nil
	}
	blocking, slave, err := pty.Open()
	if err != nil {
		return fmt.Errorf("sim: open a pseudo-terminal: %w", err)
	}
	defer slave.Close()
	master, err := polled(blocking)
	if err != nil {
		return fmt.Errorf("sim: open a pseudo-terminal: %w", err)
	}
	if err := errors.Join(raw(slave), link(slave.Name(), s.path)); err != nil {
		master.Close()
		return fmt.Errorf("sim: plug the scanner: %w", err)
	}
	s.master = master
	return nil
}

// polled gives the file to the runtime's poller, so that deadlines work: package
// pty leaves it in blocking mode. It closes f.
func polled(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// Unplug pulls the cable: the path vanishes and an open port reports a hang-up.
func (s *Scanner) Unplug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return nil
	}
	err := errors.Join(os.Remove(s.path), s.master.Close())
	s.master = nil
	return err
}

// Close unplugs the scanner for good.
func (s *Scanner) Close() error { return s.Unplug() }

// Scan sends a code with CR at its end, as scanners do out of the box.
func (s *Scanner) Scan(payload string) error { return s.ScanAs(payload, Shape{Suffix: "\r"}) }

// ScanAs sends a code in the given shape.
func (s *Scanner) ScanAs(payload string, as Shape) error {
	for i, piece := range as.pieces(payload) {
		if i > 0 && as.Pause > 0 {
			time.Sleep(as.Pause)
		}
		if err := s.write(piece); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scanner) write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return ErrUnplugged
	}
	// A terminal whose reader is away holds 4 KB and then blocks its writer.
	if err := s.master.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	_, err := s.master.Write(b)
	return err
}

func (as Shape) pieces(payload string) [][]byte {
	if as.NFD {
		payload = norm.NFD.String(payload)
	}
	if as.Cut > 0 {
		payload = payload[:min(as.Cut, len(payload))]
	}
	all := []byte(as.Prefix + payload + as.Suffix)
	if as.Chunk <= 0 {
		return [][]byte{all}
	}
	var out [][]byte
	for len(all) > 0 {
		n := min(as.Chunk, len(all))
		out, all = append(out, all[:n]), all[n:]
	}
	return out
}

// raw turns off echo and line editing, which a real serial device does not have:
// codes may arrive before the driver has opened the port.
func raw(f *os.File) error {
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t)
}

// link makes or replaces the link in one step.
func link(target, path string) error {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
