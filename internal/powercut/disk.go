package powercut

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Cut says when and how the power goes.
type Cut struct {
	At     int    // everything that had begun by this moment may be on the disk
	Lies   int    // that many of the last flushes had no effect, though they said so
	Sector int    // how many bytes are written together or not at all: 512 or 4,096
	Seed   uint64 // draws what is lost
}

func (c Cut) String() string {
	return fmt.Sprintf("at=%d,lies=%d,sector=%d,seed=%d", c.At, c.Lies, c.Sector, c.Seed)
}

// ParseCut reads what String wrote.
func ParseCut(s string) (c Cut, err error) {
	_, err = fmt.Sscanf(s, "at=%d,lies=%d,sector=%d,seed=%d", &c.At, &c.Lies, &c.Sector, &c.Seed)
	return c, err
}

// node is what a name stands for.
type node struct {
	file int // 0 is a folder
}

// change is a change of names in one folder, all of it or nothing.
type change struct {
	event Event
	set   map[string]node
	gone  []string
}

// disk is what a cut leaves, while it is computed.
type disk struct {
	cut   Cut
	r     *rand.Rand
	files map[int][]Event // changes of content
	names map[string][]change
	done  map[int]int    // by file: what ended before that moment is safe
	listd map[string]int // by folder: the same
}

// Rebuild makes the disk of a cut in dir, an empty folder.
func (t *Trace) Rebuild(c Cut, dir string) error {
	d := &disk{
		cut: c, r: rand.New(rand.NewPCG(c.Seed, uint64(c.At))), files: map[int][]Event{}, names: map[string][]change{},
		done: map[int]int{}, listd: map[string]int{},
	}
	for _, e := range t.Start {
		e.Begin, e.End = -2, -2
		d.take(e)
	}
	for _, e := range t.Events {
		if e.Begin <= c.At {
			d.take(e)
		}
	}
	d.flush(t.Events)
	names := d.survivors()
	for _, path := range slices.Sorted(maps.Keys(names)) { // folders come before what is in them
		var err error
		switch n := names[path]; {
		case !d.reachable(names, path):
		case n.file == 0:
			err = os.Mkdir(filepath.Join(dir, path), 0o700)
		default:
			err = os.WriteFile(filepath.Join(dir, path), d.content(n.file), 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) take(e Event) {
	c := change{event: e}
	switch e.Op {
	case OpCreate, OpLink, OpMkdir:
		c.set = map[string]node{e.Name: {e.File}}
	case OpRename:
		c.set, c.gone = map[string]node{e.To: {e.File}}, []string{e.Name}
	case OpRemove:
		c.gone = []string{e.Name}
	case OpWrite, OpGrow, OpResize:
		d.files[e.File] = append(d.files[e.File], e)
		return
	default:
		return
	}
	folder := filepath.Dir(e.Name)
	d.names[folder] = append(d.names[folder], c)
}

// flush finds what the flushes that were honest made safe.
func (d *disk) flush(events []Event) {
	var done []Event
	for _, e := range events {
		if (e.Op == OpSync || e.Op == OpSyncDir) && e.End > 0 && e.End <= d.cut.At {
			done = append(done, e)
		}
	}
	slices.SortFunc(done, func(a, b Event) int { return a.End - b.End })
	for _, e := range done[:max(len(done)-d.cut.Lies, 0)] {
		if e.Op == OpSync {
			d.done[e.File] = max(d.done[e.File], e.Begin)
		} else {
			d.listd[e.Name] = max(d.listd[e.Name], e.Begin)
		}
	}
}

func safe(e Event, before int) bool { return e.End != 0 && e.End < before }

// survivors draws which changes of names are on the disk.
func (d *disk) survivors() map[string]node {
	names := map[string]node{}
	for _, folder := range slices.Sorted(maps.Keys(d.names)) {
		keep := d.some(len(d.names[folder]))
		loose := 0
		for _, c := range d.names[folder] {
			if !safe(c.event, d.listd[folder]) {
				if loose++; !keep(loose - 1) {
					continue
				}
			}
			for _, name := range c.gone {
				delete(names, name)
			}
			maps.Copy(names, c.set)
		}
	}
	return names
}

// some draws which of n changes, in their order, are kept: all, none, a first part as
// a file system with a journal leaves it, or any.
func (d *disk) some(n int) func(i int) bool {
	switch d.r.IntN(5) {
	case 0:
		return func(int) bool { return true }
	case 1:
		return func(int) bool { return false }
	case 2:
		first := d.r.IntN(min(n, 8) + 1)
		return func(i int) bool { return i < first }
	}
	return func(int) bool { return d.r.IntN(2) == 0 }
}

func (d *disk) reachable(names map[string]node, path string) bool {
	for p := filepath.Dir(path); p != "."; p = filepath.Dir(p) {
		if n, ok := names[p]; !ok || n.file != 0 {
			return false
		}
	}
	return true
}

// content draws what a file holds.
func (d *disk) content(file int) []byte {
	var f image
	events := d.files[file]
	n := 0
	for n < len(events) && safe(events[n], d.done[file]) {
		f.apply(events[n])
		n++
	}
	// What is behind the first loose change may be safe too: two calls at the same time.
	loose := events[n:]
	if len(loose) == 0 {
		return f.data
	}
	return d.tear(f.data, loose, d.done[file])
}

// tear draws a size among those that the file had, and for each sector one of the
// contents that it had.
func (d *disk) tear(base []byte, loose []Event, done int) []byte {
	sized := d.upTo(loose, done)
	final := image{data: slices.Clone(base)}
	for i, e := range loose {
		if i < sized {
			final.apply(e)
		}
	}
	size := len(final.data)
	out := make([]byte, size)
	pick := d.sectors(loose, done)
	touched := d.touched(loose)
	for at := 0; at < size; at += d.cut.Sector {
		end := min(at+d.cut.Sector, size)
		if at < len(base) {
			copy(out[at:end], base[at:])
		}
		if !touched[at/d.cut.Sector] {
			continue
		}
		kept := pick()
		for i, e := range loose {
			if e.Op == OpWrite && i < kept || e.Op == OpResize && i < sized {
				patch(out[at:end], at, e)
			}
		}
	}
	return out
}

// touched tells which sectors any of the changes concerns.
func (d *disk) touched(loose []Event) map[int]bool {
	touched := map[int]bool{}
	last := 0
	for _, e := range loose {
		last = max(last, int(e.Off)+len(e.Data))
	}
	for _, e := range loose {
		from, to := int(e.Off), int(e.Off)+len(e.Data)
		if e.Op == OpResize {
			to = last + 1
		}
		for s := from / d.cut.Sector; s*d.cut.Sector < to; s++ {
			touched[s] = true
		}
	}
	return touched
}

// upTo draws how many of the changes, in their order, count. What is safe does.
func (d *disk) upTo(loose []Event, done int) int {
	least := least(loose, done)
	switch d.r.IntN(4) {
	case 0:
		return len(loose)
	case 1:
		return least
	}
	return least + d.r.IntN(len(loose)-least+1)
}

func least(loose []Event, done int) (n int) {
	for i, e := range loose {
		if safe(e, done) {
			n = i + 1
		}
	}
	return n
}

// sectors returns a function that draws, for one sector after the other, how many of
// the changes reached it.
func (d *disk) sectors(loose []Event, done int) func() int {
	least, most := least(loose, done), len(loose)
	lost := []int{0, 5, 50, 95, 100}[d.r.IntN(5)] // sectors of a hundred
	return func() int {
		switch {
		case d.r.IntN(100) >= lost:
			return most
		case d.r.IntN(2) == 0:
			return least
		}
		return least + d.r.IntN(most-least+1)
	}
}

// patch puts what an event says of the bytes from at on into b.
func patch(b []byte, at int, e Event) {
	from := int(e.Off) - at
	if e.Op == OpResize {
		if from < len(b) {
			clear(b[max(from, 0):])
		}
		return
	}
	if from < len(b) && from+len(e.Data) > 0 {
		copy(b[max(from, 0):], e.Data[max(-from, 0):])
	}
}

// image is a file's content.
type image struct{ data []byte }

func (f *image) apply(e Event) {
	end := int(e.Off) + len(e.Data)
	if e.Op == OpResize && len(f.data) > end {
		f.data = f.data[:end:end]
		return
	}
	if n := end - len(f.data); n > 0 && (e.Op != OpWrite || len(e.Data) > 0) {
		f.data = append(f.data, make([]byte, n)...)
	}
	if e.Op == OpWrite {
		copy(f.data[e.Off:], e.Data)
	}
}

// Flushes returns the moments at which flushes ended, in order.
func (t *Trace) Flushes() (ends []int) {
	for _, e := range t.Events {
		if (e.Op == OpSync || e.Op == OpSyncDir) && e.End > 0 {
			ends = append(ends, e.End)
		}
	}
	slices.Sort(ends)
	return ends
}

// Summary counts the events of each kind.
func (t *Trace) Summary() string {
	n := map[Op]int{}
	for _, e := range t.Events {
		n[e.Op]++
	}
	var out []string
	for _, op := range slices.Sorted(maps.Keys(n)) {
		out = append(out, fmt.Sprintf("%d %v", n[op], op))
	}
	return strings.Join(out, ", ")
}
