package pcsc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"clinicbox/internal/testpeer"
)

const (
	realSocket = "/run/pcscd/pcscd.comm" // fixed when Debian builds it
	realDriver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
)

// realPCSC starts Debian's pcscd with a virtual reader and returns the port that
// its cards connect to, and a restart. Nothing else on the machine may use pcscd.
func realPCSC(t *testing.T) (port int, restart func()) {
	t.Helper()
	bin := testpeer.Need(t, "pcscd")
	if _, err := os.Stat(realDriver); err != nil {
		testpeer.Lacks(t, "vsmartcard-vpcd is missing; scripts/peers installs it")
	}
	if nc, err := net.Dial("unix", realSocket); err == nil {
		nc.Close()
		testpeer.Lacks(t, "a pcscd is running already")
	}
	if err := os.MkdirAll(filepath.Dir(realSocket), 0o755); err != nil {
		testpeer.Lacks(t, "pcscd needs its folder: "+err.Error())
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	conf := filepath.Join(t.TempDir(), "reader.conf")
	text := fmt.Sprintf("FRIENDLYNAME \"Test\"\nDEVICENAME /dev/null:%#x\nLIBPATH %s\nCHANNELID %#x\n", port, realDriver, port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var cmd *exec.Cmd
	start := func() {
		_ = os.Remove(realSocket)
		cmd = exec.Command(bin, "-f", "-c", conf)
		cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	stop := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = errors.Join(os.Remove(realSocket), os.Remove(filepath.Dir(realSocket)+"/pcscd.pid"))
	}
	start()
	t.Cleanup(func() { stop() })
	return port, func() { stop(); start() }
}

// lay puts a virtual card into the reader; it is pulled by closing it. answer
// returns nil to be pulled in the middle.
func lay(t *testing.T, port int, answer func(apdu []byte) []byte) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { nc.Close(); <-done })
	go func() {
		defer close(done)
		defer nc.Close()
		for {
			b, err := vpcdRead(nc.(*net.TCPConn))
			if err != nil {
				return
			}
			switch {
			case len(b) == 1 && b[0] == 4:
				b = realATR()
			case len(b) <= 1:
				continue
			default:
				b = answer(b)
			}
			if b == nil {
				return
			}
			if _, err := nc.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)); err != nil {
				return
			}
		}
	}()
	return nc
}

// vpcdRead reads one message. Without quick acknowledgements each costs 40 ms.
func vpcdRead(nc *net.TCPConn) ([]byte, error) {
	raw, err := nc.SyscallConn()
	if err != nil {
		return nil, err
	}
	quick := func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) }
	head := make([]byte, 2)
	if err := raw.Control(quick); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(nc, head); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint16(head))
	if err := raw.Control(quick); err != nil {
		return nil, err
	}
	_, err = io.ReadFull(nc, b)
	return b, err
}

func realATR() []byte {
	return []byte{0x3B, 0x88, 0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0x09}
}

// TestDebiansDaemon: readers, cards, long APDUs, a card pulled in the middle and a
// restart, through the real pcscd.
func TestDebiansDaemon(t *testing.T) {
	port, restart := realPCSC(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d := New(Opts{Busy: 100 * time.Millisecond, Retry: 50 * time.Millisecond, RetryMax: 200 * time.Millisecond})
	events, done := make(chan Event, 100), make(chan error, 1)
	go func() { done <- d.Run(ctx, func(e Event) { events <- e }) }()
	next := func(want Kind) Event {
		t.Helper()
		for {
			select {
			case e := <-events:
				t.Log(e.Kind, e.Reader, fmt.Sprintf("%x", e.ATR))
				if e.Kind == want {
					return e
				}
			case <-ctx.Done():
				t.Fatalf("no event %q; state %+v", want, d.State())
			}
		}
	}
	next(ReaderCame)
	var pulled atomic.Bool
	echo := func(apdu []byte) []byte {
		if pulled.Load() {
			return nil
		}
		return append(bytes.Clone(apdu), 0x90, 0x00)
	}
	lay(t, port, echo)
	in := next(CardIn)
	if !bytes.Equal(in.ATR, realATR()) {
		t.Errorf("ATR %x", in.ATR)
	}
	card, err := d.Open(ctx, in.Reader)
	if err != nil {
		t.Fatal(err)
	}
	defer card.Close()
	if !bytes.Equal(card.ATR(), realATR()) || card.Protocol() != T1 {
		t.Errorf("ATR %x, %v", card.ATR(), card.Protocol())
	}
	if _, err := d.Open(ctx, in.Reader); !errors.Is(err, ErrBusy) {
		t.Errorf("a second Open: %v", err)
	}
	begin := time.Now()
	const rounds = 50
	for range rounds {
		if a, err := card.Transmit(ctx, []byte{0, 0xA4, 4, 0}); err != nil || len(a) != 6 {
			t.Fatalf("%x, %v", a, err)
		}
	}
	t.Logf("%v per APDU", time.Since(begin)/rounds)
	long := append([]byte{0, 0xD6, 0, 0, 0, 0x40, 0}, make([]byte, 0x4000)...)
	if a, err := card.Transmit(ctx, long); err != nil || !bytes.Equal(a[:len(long)], long) {
		t.Errorf("a long APDU: %d bytes, %v", len(a), err)
	}
	pulled.Store(true)
	for range 2 {
		if a, err := card.Transmit(ctx, []byte{0, 0xB0, 0, 0, 0}); !errors.Is(err, ErrRemoved) {
			t.Errorf("pulled: %x, %v", a, err)
		}
	}
	if e := next(CardOut); e.Reader != in.Reader {
		t.Errorf("%+v", e)
	}
	if _, err := d.Open(ctx, in.Reader); !errors.Is(err, ErrNoCard) {
		t.Errorf("open without a card: %v", err)
	}
	if _, err := d.Open(ctx, "no such reader"); !errors.Is(err, ErrNoReader) {
		t.Errorf("open nothing: %v", err)
	}
	card.Close()
	pulled.Store(false)
	lay(t, port, echo)
	next(CardIn)
	card, err = d.Open(ctx, in.Reader)
	if err != nil {
		t.Fatal(err)
	}
	defer card.Close()
	restart()
	if _, err := card.Transmit(ctx, []byte{0, 0xB0, 0, 0, 0}); !errors.Is(err, ErrDaemon) {
		t.Errorf("after a restart: %v", err)
	}
	next(ReaderWent)
	next(ReaderCame)
	lay(t, port, echo)
	next(CardIn)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
