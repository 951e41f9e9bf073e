package proof

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// line is a way to the centre that is as narrow as it is told, counts what passes,
// and leads elsewhere when the centre moved.
type line struct {
	ln       net.Listener
	target   atomic.Pointer[string]
	pace     atomic.Int64 // nanoseconds for a chunk; 0 = as fast as it goes
	up, down atomic.Int64 // bytes
	wg       sync.WaitGroup

	heard func([]byte) // what passes, in pieces; nil = nobody listens
}

const chunk = 1400 // bytes: a packet

func newLine(t testing.TB) *line {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{ln: ln}
	l.wg.Go(func() { l.accept(t) })
	t.Cleanup(func() {
		ln.Close()
		l.wg.Wait()
	})
	return l
}

func (l *line) addr() string        { return l.ln.Addr().String() }
func (l *line) lead(target string)  { l.target.Store(&target) }
func (l *line) slow(perChunk int64) { l.pace.Store(perChunk * int64(time.Millisecond)) }

func (l *line) accept(t testing.TB) {
	for {
		near, err := l.ln.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			return
		}
		far, err := net.Dial("tcp", *l.target.Load())
		if err != nil {
			near.Close() // nobody there
			continue
		}
		l.wg.Go(func() { l.pour(far, near, &l.up) })
		l.wg.Go(func() { l.pour(near, far, &l.down) })
	}
}

// pour copies a packet at a time until either end closes.
func (l *line) pour(dst, src net.Conn, count *atomic.Int64) {
	defer dst.Close()
	defer src.Close()
	buf := make([]byte, chunk)
	for {
		n, err := src.Read(buf)
		if pace := time.Duration(l.pace.Load()); pace > 0 {
			<-time.After(pace) // what passes is late; nothing waits for this to be over
		}
		count.Add(int64(n))
		if l.heard != nil {
			l.heard(buf[:n])
		}
		if _, werr := dst.Write(buf[:n]); err != nil || werr != nil {
			return // why does not matter: a cable has no errors
		}
	}
}
