//go:build linux && (amd64 || arm64)

package powercut

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNotModelled tells that the process used a system call whose effect on the disk
// this package does not know. The recording would be worth nothing, so it ends.
var ErrNotModelled = errors.New("powercut: system call is not modelled")

// Supported tells whether this machine can record.
func Supported() bool { return true }

// recorder is the tracer of one process.
type recorder struct {
	root    string
	leader  int
	trace   *Trace
	ids     map[uint64]int // inode → file
	files   int            // how many there were
	names   map[string]int // path below root → file; 0 for a folder
	threads map[int]*thread
	err     error // the first thing that makes the recording useless
}

// thread is one thread of the process.
type thread struct {
	event  int // the one that it makes, +1; 0 for none
	finish func(ret int64)
}

// Record runs a command to its end and returns what it did below root, an absolute
// path of a folder that is there. Its Stdin and Stderr are used when they are files; its
// standard output is recorded. The process must not start others. Its status is the
// error, when it is not 0.
func Record(root string, c *exec.Cmd) (*Trace, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	r := &recorder{root: root, trace: &Trace{}, names: map[string]int{}, threads: map[int]*thread{}}
	if r.trace.Start, r.ids, err = existing(root); err != nil {
		return nil, err
	}
	for _, e := range r.trace.Start {
		if e.Name != "" {
			r.names[e.Name] = e.File
		}
	}
	r.files = len(r.ids)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the tracer is a thread; it ends with this one
		done <- r.run(c)
	}()
	err = <-done
	return r.trace, err
}

const traceOptions = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_EXITKILL | unix.PTRACE_O_TRACECLONE |
	unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC

func (r *recorder) run(c *exec.Cmd) error {
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	go discard(out)
	stdin, ok := c.Stdin.(*os.File)
	if !ok {
		if stdin, err = os.Open(os.DevNull); err != nil {
			return err
		}
		defer stdin.Close()
	}
	stderr := os.Stderr
	if f, ok := c.Stderr.(*os.File); ok {
		stderr = f
	}
	p, err := os.StartProcess(c.Path, c.Args, &os.ProcAttr{
		Dir: c.Dir, Env: c.Environ(), Files: []*os.File{stdin, in, stderr}, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	in.Close()
	if err != nil {
		return err
	}
	r.leader = p.Pid
	_ = p.Release() // wait is ours
	var ws unix.WaitStatus
	if _, err := unix.Wait4(r.leader, &ws, unix.WALL, nil); err != nil || !ws.Stopped() {
		return fmt.Errorf("powercut: the process does not start: %v, %v", ws, err)
	}
	r.threads[r.leader] = &thread{}
	err = errors.Join(unix.PtraceSetOptions(r.leader, traceOptions), unix.PtraceSyscall(r.leader, 0))
	if err != nil {
		_ = unix.Kill(r.leader, unix.SIGKILL)
	}
	return errors.Join(err, r.loop())
}

func discard(f *os.File) {
	b := make([]byte, 4096)
	for {
		if _, err := f.Read(b); err != nil {
			return
		}
	}
}

// loop follows the threads until the last is gone.
func (r *recorder) loop() error {
	var end error
	for {
		var ws unix.WaitStatus
		// Other children of this program are not waited for: they have other parents
		// among its threads.
		pid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.ECHILD:
			return errors.Join(r.err, end)
		case err != nil:
			return err
		case ws.Exited() || ws.Signaled():
			delete(r.threads, pid)
			if pid == r.leader && (ws.ExitStatus() != 0 || ws.Signaled()) {
				end = fmt.Errorf("powercut: the process ended with status %d, signal %d", ws.ExitStatus(), ws.Signal())
			}
		case ws.Stopped():
			r.stopped(pid, ws)
		}
		if r.err != nil {
			_ = unix.Kill(r.leader, unix.SIGKILL)
		}
	}
}

// stopped looks at a thread that stopped and lets it go on. A thread that is gone by
// then is waited for next.
func (r *recorder) stopped(pid int, ws unix.WaitStatus) {
	t, known := r.threads[pid]
	if !known {
		t = &thread{}
		r.threads[pid] = t
	}
	signal := 0
	switch s := ws.StopSignal(); {
	case s == unix.SIGTRAP|0x80:
		r.call(pid, t)
	case s == unix.SIGTRAP && ws.TrapCause() > 0:
		if c := ws.TrapCause(); c == unix.PTRACE_EVENT_FORK || c == unix.PTRACE_EVENT_VFORK {
			r.fail(fmt.Errorf("%w: the process starts another", ErrNotModelled))
		}
	case s == unix.SIGSTOP && !known: // how a new thread begins
	default:
		signal = int(s)
	}
	_ = unix.PtraceSyscall(pid, signal)
}

func (r *recorder) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// callInfo is struct ptrace_syscall_info of the kernel (ptrace(2)).
type callInfo struct {
	op   uint8
	_    [3]byte
	arch uint32
	ip   uint64
	sp   uint64
	nr   uint64 // at the exit: what it returns
	args [6]uint64
	_    uint64
}

const (
	getSyscallInfo = 0x420e // PTRACE_GET_SYSCALL_INFO
	infoEntry      = 1
	infoExit       = 2
)

// call handles the beginning or the end of a system call.
func (r *recorder) call(pid int, t *thread) {
	var info callInfo
	_, _, e := unix.Syscall6(unix.SYS_PTRACE, getSyscallInfo, uintptr(pid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if e != 0 {
		if e != unix.ESRCH {
			r.fail(fmt.Errorf("powercut: %w", e))
		}
		return
	}
	switch info.op {
	case infoEntry:
		t.event, t.finish = 0, nil
		if err := r.begin(&call{pid: pid, nr: info.nr, args: info.args, t: t}); err != nil {
			r.fail(err)
		}
	case infoExit:
		r.end(t, int64(info.nr))
	}
}

// note adds an event that begins now.
func (r *recorder) note(t *thread, e Event) {
	r.trace.Moment++
	e.Begin = r.trace.Moment
	r.trace.Events = append(r.trace.Events, e)
	t.event = len(r.trace.Events)
}

// end finishes the event of a thread.
func (r *recorder) end(t *thread, ret int64) {
	if t.event > 0 {
		e := &r.trace.Events[t.event-1]
		r.trace.Moment++
		switch {
		case ret < 0:
			*e = Event{Begin: e.Begin, End: r.trace.Moment} // it did nothing
		case e.Op == OpWrite || e.Op == OpSay:
			e.End, e.Data = r.trace.Moment, e.Data[:min(int(ret), len(e.Data))]
		default:
			e.End = r.trace.Moment
		}
	}
	if t.finish != nil {
		t.finish(ret)
	}
	t.event, t.finish = 0, nil
}

// call is a system call that begins.
type call struct {
	pid  int
	nr   uint64
	args [6]uint64
	t    *thread
}

func (c *call) fd(i int) int { return int(int32(c.args[i])) }

func (c *call) bytes(addr, n uint64) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	b := make([]byte, n)
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(len(b))
	m, err := unix.ProcessVMReadv(c.pid, local, []unix.RemoteIovec{{Base: uintptr(addr), Len: int(n)}}, 0)
	if err != nil || m != len(b) {
		return nil, fmt.Errorf("powercut: memory of the process: %d of %d bytes: %v", m, n, err)
	}
	return b, nil
}

func (c *call) text(addr uint64) (string, error) {
	var out []byte
	for { // never over the end of a page, behind which may be nothing
		b, err := c.bytes(addr, 256-addr%256)
		if err != nil {
			return "", err
		}
		if n := strings.IndexByte(string(b), 0); n >= 0 {
			return string(append(out, b[:n]...)), nil
		}
		out, addr = append(out, b...), addr+uint64(len(b))
	}
}

// vector reads the buffers of writev and its like.
func (c *call) vector(addr, n uint64) (data []byte, err error) {
	head, err := c.bytes(addr, 16*n)
	for i := 0; err == nil && i < len(head); i += 16 {
		var b []byte
		b, err = c.bytes(*(*uint64)(unsafe.Pointer(&head[i])), *(*uint64)(unsafe.Pointer(&head[i+8])))
		data = append(data, b...)
	}
	return data, err
}

// open returns where an open file is, and its inode.
func (c *call) open(fd int) (path string, inode uint64, err error) {
	link := fmt.Sprintf("/proc/%d/fd/%d", c.pid, fd)
	if path, err = os.Readlink(link); err != nil {
		return "", 0, err
	}
	var st unix.Stat_t
	if err := unix.Stat(link, &st); err != nil {
		return "", 0, err
	}
	return path, st.Ino, nil
}

// below makes a path relative to the root; ok is false for one that is elsewhere.
func (r *recorder) below(path string) (name string, ok bool) {
	if path == r.root {
		return ".", true
	}
	name, ok = strings.CutPrefix(path, r.root+"/")
	return filepath.Clean(name), ok
}

// path reads a path argument that stands beside a folder's descriptor.
func (r *recorder) path(c *call, dir int, addr uint64) (name string, ok bool, err error) {
	p, err := c.text(addr)
	if err != nil {
		return "", false, err
	}
	if !filepath.IsAbs(p) {
		at := fmt.Sprintf("/proc/%d/cwd", c.pid)
		if dir != unix.AT_FDCWD {
			at = fmt.Sprintf("/proc/%d/fd/%d", c.pid, dir)
		}
		base, err := os.Readlink(at)
		if err != nil {
			return "", false, nil // the call fails too
		}
		p = filepath.Join(base, p)
	}
	name, ok = r.below(filepath.Clean(p))
	return name, ok, nil
}

// file returns the number of an open file below the root; 0 is a folder.
func (r *recorder) file(c *call, fd int) (name string, id int, ok bool, err error) {
	path, ino, err := c.open(fd)
	if err != nil {
		return "", 0, false, nil // the call fails too
	}
	name, ok = r.below(path)
	if !ok {
		return "", 0, false, nil
	}
	var st unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d/fd/%d", c.pid, fd), &st); err != nil || st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return name, 0, true, err
	}
	id, known := r.ids[ino]
	if !known {
		return "", 0, false, fmt.Errorf("powercut: %s was opened unseen", name)
	}
	return name, id, true, nil
}

func inode(path string) (uint64, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return st.Ino, err
}
