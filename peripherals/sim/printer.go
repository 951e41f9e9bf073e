package sim

import (
	"fmt"
	"sync"
	"time"
)

// PrinterOpts describes a printer. The zero value is a printer for 58 mm paper
// that prints at once.
type PrinterOpts struct {
	Width         int // dots in a row; 0 = 384
	RowsPerSecond int // 0 = at once
	Buffer        int // bytes it receives ahead; 0 = 64 KiB
	Lossy         bool
	// ASB makes it tell every change of its state unasked.
	ASB bool
	// OnSlip is called for every piece of paper, from the printer's goroutine.
	OnSlip func(PrinterSlip)
}

// PrinterFault is what is wrong with a printer. Counts begin when it is set, for
// bytes with each connection.
type PrinterFault struct {
	PaperRows  int // the paper ends after so many rows
	NearEnd    bool
	Cover      bool // open
	CutterJam  bool // the next cut gets stuck
	Silent     bool // answers nothing
	NoQueue    bool // does not know GS r
	Half       bool // answers two questions, then half a byte
	StopAfter  int  // takes so many bytes, then no more
	ResetAfter int  // takes so many bytes, then ends the connection
}

// PrinterReport counts what a printer received.
type PrinterReport struct {
	Bytes      int
	Unknown    int // bytes of no command
	Lost       int // bytes that found no room
	Violations []string
}

// Printer is a receipt printer that draws what it receives. All methods may be
// called from several goroutines.
type Printer struct {
	opts PrinterOpts

	mu     sync.Mutex
	change *sync.Cond // of anything below
	closed bool
	buffer []byte
	epoch  int // of the buffer: it was cleared so many times
	in     interpreter
	line   *printerLine // that is served; the last to connect
	ends   []func()     // listeners and terminals to close

	fault   PrinterFault
	paper   bool
	jammed  bool
	rows    []byte // printed and not cut
	slips   []PrinterSlip
	report  PrinterReport
	working bool // a command is being carried out
	done    chan struct{}
}

// NewPrinter switches a printer on; Close switches it off.
func NewPrinter(opts PrinterOpts) *Printer {
	if opts.Width == 0 {
		opts.Width = 384
	}
	if opts.Buffer == 0 {
		opts.Buffer = 64 << 10
	}
	p := &Printer{opts: opts, paper: true, done: make(chan struct{})}
	p.change = sync.NewCond(&p.mu)
	p.in = interpreter{works: p}
	go p.work()
	return p
}

// Close switches the printer off.
func (p *Printer) Close() error {
	p.mu.Lock()
	p.closed = true
	ends, line := p.ends, p.line
	p.ends = nil
	p.change.Broadcast()
	p.mu.Unlock()
	for _, end := range ends {
		end()
	}
	if line != nil {
		_ = line.conn.Close()
	}
	<-p.done
	return nil
}

// SetFault makes something go wrong, or right again with the zero value.
func (p *Printer) SetFault(f PrinterFault) {
	p.mutate(func() {
		p.fault = f
		p.jammed = p.jammed && f.CutterJam
	})
}

// SetPaper takes the roll out or puts a new one in. With the new roll, what hung
// out of the printer is torn off.
func (p *Printer) SetPaper(in bool) {
	var torn func()
	p.mutate(func() {
		if in && !p.paper {
			torn = p.finishSlip(true)
		}
		p.paper = in
		p.fault.PaperRows = 0
	})
	if torn != nil {
		torn()
	}
}

// SetCover opens or shuts the cover.
func (p *Printer) SetCover(open bool) { p.mutate(func() { p.fault.Cover = open }) }

// Tear tears off what hangs out of the printer, or returns the last slip if
// nothing does; ok is false when there never was one.
func (p *Printer) Tear() (slip PrinterSlip, ok bool) {
	p.mu.Lock()
	tell := p.finishSlip(true)
	if n := len(p.slips); n > 0 {
		slip, ok = p.slips[n-1], true
	}
	p.mu.Unlock()
	if tell != nil {
		tell()
	}
	return slip, ok
}

// Slips returns all the slips so far.
func (p *Printer) Slips() []PrinterSlip {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]PrinterSlip(nil), p.slips...)
}

// Pending is the number of rows that hang out of the printer.
func (p *Printer) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.rows) / p.stride()
}

// Report returns the counts so far.
func (p *Printer) Report() PrinterReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.report
	r.Violations = append([]string(nil), r.Violations...)
	return r
}

// mutate changes the state of the machine and tells it.
func (p *Printer) mutate(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.state()
	f()
	p.told(was)
	p.change.Broadcast()
}

func (p *Printer) stride() int { return p.opts.Width / 8 }

// work carries out commands from the buffer, one byte at a time.
func (p *Printer) work() {
	defer close(p.done)
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for !p.closed && (len(p.buffer) == 0 || p.state().offline()) {
			p.change.Wait()
		}
		if p.closed {
			return
		}
		b := p.buffer[0]
		p.buffer = p.buffer[1:]
		p.change.Broadcast() // room for more
		p.working = true
		p.in.feed(b)
		p.working = false
	}
}

// row moves the paper by one row and reports whether the job is still alive.
func (p *Printer) row(dots []byte) bool {
	epoch := p.epoch
	for !p.closed && epoch == p.epoch && p.state().offline() {
		p.change.Wait()
	}
	if p.closed || epoch != p.epoch {
		return false
	}
	p.rows = append(p.rows, dots...)
	if p.fault.PaperRows > 0 {
		if p.fault.PaperRows--; p.fault.PaperRows == 0 {
			was := p.state()
			p.paper = false
			p.told(was)
		}
	}
	return true
}

// pace lets the time of the rows pass.
func (p *Printer) pace(rows int) {
	if p.opts.RowsPerSecond <= 0 {
		return
	}
	p.mu.Unlock()
	time.Sleep(time.Duration(rows) * time.Second / time.Duration(p.opts.RowsPerSecond))
	p.mu.Lock()
}

// initialise is ESC @.
func (p *Printer) initialise() {}

// raster is GS v 0.
func (p *Printer) raster(stride int, data []byte) {
	if stride != p.stride() {
		p.violation(fmt.Sprintf("picture of %d dots on paper of %d", stride*8, p.opts.Width))
	}
	if rows := len(data) / stride; rows > 128 {
		p.violation(fmt.Sprintf("band of %d rows", rows))
	}
	if len(data) > p.opts.Buffer {
		p.violation(fmt.Sprintf("band of %d bytes, buffer of %d", len(data), p.opts.Buffer))
	}
	for len(data) > 0 {
		dots := make([]byte, p.stride())
		copy(dots, data[:stride])
		p.pace(1) // first: no row is on paper in no time
		if !p.row(dots) {
			return
		}
		data = data[stride:]
	}
}

// feed is ESC J, ESC d and LF.
func (p *Printer) feed(rows int) {
	for range rows {
		if !p.row(make([]byte, p.stride())) {
			return
		}
	}
	p.pace(rows)
}

// cut is GS V.
func (p *Printer) cut() {
	if len(p.rows) == 0 {
		p.violation("cut without paper")
		return
	}
	if p.fault.CutterJam {
		was := p.state()
		p.jammed = true
		p.told(was)
		p.change.Broadcast()
		return
	}
	if tell := p.finishSlip(false); tell != nil {
		p.mu.Unlock()
		tell()
		p.mu.Lock()
	}
}

// finishSlip makes a slip of what hangs out; the caller calls what it returns
// without the lock.
func (p *Printer) finishSlip(torn bool) func() {
	if len(p.rows) == 0 {
		return nil
	}
	s := PrinterSlip{
		Number: len(p.slips) + 1, Torn: torn, Width: p.opts.Width,
		Height: len(p.rows) / p.stride(), Pix: p.rows,
	}
	p.rows = nil
	p.slips = append(p.slips, s)
	p.change.Broadcast()
	if p.opts.OnSlip == nil {
		return nil
	}
	return func() { p.opts.OnSlip(s) }
}

// violation notes a breach of the protocol.
func (p *Printer) violation(text string) {
	if len(p.report.Violations) < 100 {
		p.report.Violations = append(p.report.Violations, text)
	}
}

// unknown counts a byte of no command. On paper it would be a wrong letter.
func (p *Printer) unknown(byte) { p.report.Unknown++ }
