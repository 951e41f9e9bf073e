package ingest

import (
	"slices"
	"time"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

const (
	earlyOfBox = 1 << 20  // bytes of early entries in memory of one box: its window of 64 KiB, unpacked, with all overhead
	earlyOfAll = 64 << 20 // of all boxes together
)

// early are the frames of a box that came before one that stands in front of them: a
// link that loses one frame does not cost those behind it. They are in memory only, and
// no receipt covers them. in.mu guards it.
type early struct {
	epoch  hub.Epoch
	frames []*wire.Data // by First, none inside another
	bytes  int
	at     time.Time // of the latest
}

// weight is what a frame counts for in memory.
func weight(d *wire.Data) (n int) {
	for i := range d.Runs {
		for _, e := range d.Runs[i].Entries {
			n += len(e) + 160 // slices, and what the allocator rounds up
		}
	}
	return n
}

// hold keeps an early frame. Without room it is dropped: the box sends it again.
func (in *Ingest) hold(b *box, d *wire.Data) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := weight(d)
	if n > earlyOfBox {
		return
	}
	e := in.early[b.name]
	if e == nil || e.epoch != hub.Epoch(d.Epoch) {
		in.dropEarly(b.name)
		e = &early{epoch: hub.Epoch(d.Epoch)}
		in.early[b.name] = e // with a frame in it: there is room for this one
	}
	at, there := slices.BinarySearchFunc(e.frames, d, func(a, b *wire.Data) int {
		return int(int64(a.First - b.First))
	})
	if there && e.frames[at].Size >= d.Size || e.bytes+n > earlyOfBox {
		return
	}
	e.frames = slices.Insert(e.frames, at, d)
	e.bytes, e.at = e.bytes+n, in.Now()
	in.earlyBytes += n
	for in.earlyBytes > earlyOfAll && in.dropOldest(b.name) {
	}
}

// dropOldest makes room: a box that went away leaves frames that nobody asks for.
func (in *Ingest) dropOldest(but string) bool {
	oldest := ""
	for name, e := range in.early {
		if name != but && (oldest == "" || e.at.Before(in.early[oldest].at)) {
			oldest = name
		}
	}
	in.dropEarly(oldest)
	return oldest != ""
}

// dropEarly forgets what is held of a box. in.mu is held.
func (in *Ingest) dropEarly(name string) {
	if e := in.early[name]; e != nil {
		in.earlyBytes -= e.bytes
		delete(in.early, name)
	}
}

// due returns the next held frame of a stream that is no longer early at size, nil when
// there is none.
func (in *Ingest) due(name string, epoch hub.Epoch, size uint64) *wire.Data {
	in.mu.Lock()
	defer in.mu.Unlock()
	e := in.early[name]
	if e == nil || e.epoch != epoch || len(e.frames) == 0 || e.frames[0].First > size {
		return nil
	}
	d := e.frames[0]
	if e.frames = e.frames[1:]; len(e.frames) == 0 {
		in.dropEarly(name)
		return d
	}
	n := weight(d)
	e.bytes -= n
	in.earlyBytes -= n
	return d
}

// ahead lists what is held beyond a size.
func (in *Ingest) ahead(name string, epoch hub.Epoch, size uint64) (out []wire.Range) {
	in.mu.Lock()
	defer in.mu.Unlock()
	e := in.early[name]
	if e == nil || e.epoch != epoch {
		return nil
	}
	for _, d := range e.frames {
		switch n := len(out); {
		case d.First <= size: // due, or another stream's
		case n > 0 && d.First <= out[n-1].To:
			out[n-1].To = max(out[n-1].To, d.Size)
		default:
			out = append(out, wire.Range{From: d.First, To: d.Size})
		}
	}
	return out
}
