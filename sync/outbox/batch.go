package outbox

import (
	"time"

	"clinicbox/sync/wire"
)

const (
	smallest = 2 << 10  // bytes of a frame over a link that loses them
	rawMost  = 96 << 10 // bytes of entries in a frame, before compression
	packMost = 16       // entries' bytes for one of a frame, at most
)

// batch chooses how much goes into one frame: by how the link takes frames, and by how
// far the last ones were compressed.
type batch struct {
	wire  int     // bytes of a frame on the link; 0 = as large as the options let it
	ratio float64 // bytes of entries for one of these, as the last frames had it
}

// lost makes the frames to come smaller: a reset, or silence, took one.
func (b *batch) lost(most int) { b.wire = max(b.limit(most)/2, min(smallest, most)) }

// arrived makes them larger again.
func (b *batch) arrived(most int) { b.wire = min(2*b.limit(most), most) }

func (b *batch) limit(most int) int {
	if b.wire == 0 {
		return most
	}
	return min(b.wire, most)
}

// raw is how many bytes of entries make about a frame of limit bytes.
func (b *batch) raw(limit int) int {
	return min(int(float64(limit)*max(b.ratio, 1)), rawMost)
}

// learn takes note of a frame.
func (b *batch) learn(raw, frame int) {
	b.ratio = min(max(0.9*float64(raw)/float64(frame), 1), packMost)
}

// missed is called when no receipt came for what is in flight.
func (r *runner) missed() {
	if len(r.flight) > 0 {
		r.batch.lost(r.opts.Frame)
		r.window = 0
	}
}

const (
	swift = 2 * time.Second // a link that has a frame receipted in it takes more at once
	wider = 4               // times the window, at most
)

// widen lets more be in flight once frames are receipted soon, as far as a link of a few
// megabits needs. A slow one keeps what its own queue would hold for half a ping timeout.
func (r *runner) widen(f *flown) {
	if f.bytes == 0 || f.at.IsZero() {
		return
	}
	w := max(r.window, r.opts.Window)
	switch took := time.Since(f.at); {
	case took <= swift:
		w += f.bytes
	case took > 2*swift:
		w = 0
	}
	r.window = min(w, wider*r.opts.Window)
}

// pack seals the entries from sent on into a frame of at most limit bytes, unless the
// first one alone is larger. A frame that is not sent after all wastes a counter of the
// session and nothing else.
func (r *runner) pack(limit int) (frame []byte, next uint64, err error) {
	for raw := r.batch.raw(limit); ; {
		b, err := r.gather(raw)
		if err != nil {
			return nil, 0, err
		}
		root, err := r.opts.Log.Root(b.Next())
		if err != nil {
			return nil, 0, err
		}
		d := b.Data(root, r.opts.Log.Size())
		if err := d.Sign(r.opts.Box, r.opts.Identity); err != nil {
			return nil, 0, err
		}
		r.packed = d
		if frame, err = r.sealer.Seal(d); err != nil && b.Len() == 1 {
			return nil, 0, err
		}
		if err == nil {
			r.batch.learn(b.Bytes(), len(frame))
		}
		if err == nil && len(frame) <= limit || b.Len() == 1 {
			return frame, b.Next(), nil
		}
		was := min(raw, b.Bytes())
		raw = was / 2
		if err == nil { // it fits next time
			raw = max(raw, int(0.9*float64(was)*float64(limit)/float64(len(frame))))
		}
	}
}

// gather takes about so many bytes of entries from sent on.
func (r *runner) gather(raw int) (*wire.DataBuilder, error) {
	raws, err := r.opts.Log.Read(r.sent, 1024, raw)
	if err != nil {
		return nil, err
	}
	b := wire.NewDataBuilder(r.opts.Epoch, r.sent, raw)
	end := r.gapEnd()
	for _, e := range raws {
		if e.Index >= end || !b.Add(e) {
			break
		}
	}
	return b, nil
}
