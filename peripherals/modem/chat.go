package modem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	// errSilent means that no answer came in time. What comes late would be taken for
	// the next answer, so the session ends.
	errSilent = errors.New("modem: no answer")
	// errGone means that the port ended.
	errGone = errors.New("modem: port is gone")
)

// atError is a refusal. It names the command without what was put into it.
type atError struct {
	command string
	sms     bool // the code is of TS 27.005 §3.2.5, else of TS 27.007 §9.2
	code    int  // -1 = plain ERROR
}

func (e *atError) Error() string {
	kind := "CME"
	if e.sms {
		kind = "CMS"
	}
	return fmt.Sprintf("modem: %s refused: %s %d", e.command, kind, e.code)
}

// codeOf is the CME code in an error, or -1.
func codeOf(err error) int {
	if e, ok := errors.AsType[*atError](err); ok && !e.sms {
		return e.code
	}
	return -1
}

// command is a command and what its answer looks like.
type command struct {
	text  string
	wait  time.Duration          // 0 = the usual time
	takes func(line string) bool // whether a line is of the answer; nil = it has none
	body  string                 // follows the prompt
	begun func()                 // called before the first byte of body goes out
}

// name is the command without what was put into it.
func (c command) name() string {
	if i := strings.IndexAny(c.text, "=?"); i >= 0 {
		return c.text[:i]
	}
	return c.text
}

// chat speaks with a modem over one connection. do is called by one goroutine.
type chat struct {
	port    io.ReadWriteCloser
	usual   time.Duration
	lines   chan string // closed when the port ended
	stop    chan struct{}
	once    sync.Once
	unasked func(line string)
}

// newChat begins to read. Close ends it; the port then ends its Read.
func newChat(port io.ReadWriteCloser, usual time.Duration, unasked func(string)) *chat {
	c := &chat{port: port, usual: usual, lines: make(chan string, 64), stop: make(chan struct{}), unasked: unasked}
	go c.read()
	return c
}

func (c *chat) read() {
	defer close(c.lines)
	var s splitter
	buf := make([]byte, 512)
	for {
		n, err := c.port.Read(buf)
		s.push(buf[:n], func(line string) {
			select {
			case c.lines <- line:
			case <-c.stop:
			}
		})
		if err != nil {
			return
		}
	}
}

// close ends the connection.
func (c *chat) close() {
	c.once.Do(func() { close(c.stop) })
	_ = c.port.Close()
}

// write sends bytes, no longer than the usual time.
func (c *chat) write(s string) error {
	if p, ok := c.port.(interface{ SetWriteDeadline(time.Time) error }); ok {
		if err := p.SetWriteDeadline(time.Now().Add(c.usual)); err != nil {
			return errGone
		}
	}
	if _, err := io.WriteString(c.port, s); err != nil {
		return errGone
	}
	return nil
}

// do sends a command and returns the lines of its answer. Lines of anything else that
// come meanwhile go to unasked.
func (c *chat) do(ctx context.Context, cmd command) (answer []string, err error) {
	if err := c.write(cmd.text + "\r"); err != nil {
		return nil, err
	}
	wait := cmd.wait
	if wait == 0 {
		wait = c.usual
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		var line string
		var ok bool
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, errSilent
		case line, ok = <-c.lines:
		}
		if !ok {
			return nil, errGone
		}
		if line == prompt && cmd.body != "" {
			cmd.begun()
			if err := c.write(cmd.body); err != nil {
				return nil, err
			}
			cmd.body = ""
			continue
		}
		if end, err := final(cmd, line); end {
			return answer, err
		}
		switch {
		case cmd.takes != nil && cmd.takes(line):
			answer = append(answer, line)
		case line == cmd.text || line == prompt: // echo, until it is off
		default:
			c.unasked(line)
		}
	}
}

// final tells whether a line ends an answer.
func final(cmd command, line string) (end bool, err error) {
	switch {
	case line == "OK":
		return true, nil
	case line == "ERROR":
		return true, &atError{command: cmd.name(), code: -1}
	case strings.HasPrefix(line, "+CME ERROR:"), strings.HasPrefix(line, "+CMS ERROR:"):
		code, err := strconv.Atoi(strings.TrimSpace(line[len("+CME ERROR:"):]))
		if err != nil {
			code = -1
		}
		return true, &atError{cmd.name(), line[3] == 'S', code}
	}
	return false, nil
}

// drain passes on what comes until it has been quiet for the time.
func (c *chat) drain(ctx context.Context, quiet time.Duration) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(quiet):
			return nil
		case line, ok := <-c.lines:
			if !ok {
				return errGone
			}
			c.unasked(line)
		}
	}
}

// meet finds a modem at the port: an escape ends a PDU that an earlier run of the
// program left half sent, and what is still under way is let pass.
func (c *chat) meet(ctx context.Context) error {
	if err := c.write("\x1b"); err != nil {
		return err
	}
	var err error
	quiet, rest := 300*time.Millisecond, 300*time.Millisecond
	for range 3 {
		if err = c.drain(ctx, quiet); err != nil {
			return err
		}
		if _, err = c.do(ctx, command{text: "AT"}); !errors.Is(err, errSilent) {
			break
		}
		quiet, rest = c.usual, 3*c.usual // a late answer must not pass for that of the next
	}
	if err != nil {
		if _, ok := errors.AsType[*atError](err); !ok {
			return err
		}
	}
	return c.drain(ctx, rest)
}
