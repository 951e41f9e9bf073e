package outbox

import (
	"context"
	"slices"
	"time"

	"clinicbox/sync/wire"
)

// healGap is between two looks at holes: what could not be mended now cannot be soon.
const healGap = time.Hour

// healing mends holes both ways while nothing else is to be sent: entries that rotted
// here come back from the hub, and those that went up as holes and were mended since go
// up again.
type healing struct {
	at    time.Time // of the last look
	nonce wire.Nonce
	lacks []uint64               // still to be asked for
	found map[uint64]wire.Salted // came, and is not given back yet
	bytes int                    // of them
}

// healBytes of entries are given back at once: each time a segment is written anew.
const healBytes = 1 << 20

// heal looks for holes, at most once in healGap.
func (r *runner) heal() {
	if r.opts.Line == nil || !r.does.Has(wire.FeatureAlign) || r.phase != live || len(r.flight) > 0 ||
		!r.healing.at.IsZero() && time.Since(r.healing.at) < healGap {
		return
	}
	r.healing = healing{at: time.Now()}
	if r.fillHoles() {
		r.query() // its answer tells what is still a hole
		return
	}
	rec, _ := r.Receipt()
	for _, i := range r.opts.Line.Lacks() {
		if i < r.size && !within(rec.Holes, i) && !r.unmended[i] {
			r.healing.lacks = append(r.healing.lacks, i)
		}
	}
	r.askLacks()
}

// within reports whether the index is in one of the ranges: the hub lacks it, too.
func within(rs []wire.Range, i uint64) bool {
	return slices.ContainsFunc(rs, func(r wire.Range) bool { return i >= r.From && i < r.To })
}

// fillHoles sends the entries that the hub has as holes and that can be read here.
func (r *runner) fillHoles() (sent bool) {
	rec, ok := r.Receipt()
	if !ok {
		return false
	}
	room := r.opts.Window
	lacks := map[uint64]bool{}
	for _, i := range r.opts.Line.Lacks() {
		lacks[i] = true
	}
	for _, hole := range rec.Holes {
		for from := hole.From; from < min(hole.To, r.size) && room > 0; {
			if lacks[from] {
				from++
				continue
			}
			frame, next, err := r.packHole(from, hole.To)
			if err != nil {
				r.log.Error("journal not read", "from", from, "error", err)
				return sent
			}
			if frame != nil {
				r.publish(frame)
				room -= len(frame)
				sent = true
			}
			from = next
		}
	}
	return sent
}

// packHole makes a frame of the readable entries at from, nil when the first is a hole
// here, too.
func (r *runner) packHole(from, to uint64) (frame []byte, next uint64, err error) {
	raws, err := r.opts.Log.Read(from, int(min(to-from, 128)), r.opts.Frame)
	if err != nil || len(raws) == 0 || raws[0].Bytes == nil {
		return nil, from + 1, err
	}
	b := wire.NewDataBuilder(r.opts.Epoch, from, r.opts.Frame)
	for _, raw := range raws {
		if raw.Bytes == nil || raw.Index >= to || !b.Add(raw) {
			break
		}
	}
	root, err := r.opts.Log.Root(b.Next())
	if err != nil {
		return nil, 0, err
	}
	d := b.Data(root, r.opts.Log.Size())
	if err := d.Sign(r.opts.Box, r.opts.Identity); err != nil {
		return nil, 0, err
	}
	frame, err = r.sealer.Seal(d)
	return frame, b.Next(), err
}

// askLacks asks for the next entry that is lost here. No answer is no harm: the next
// look asks again.
func (r *runner) askLacks() {
	h := &r.healing
	if len(h.lacks) == 0 {
		h.nonce = wire.Nonce{}
		return
	}
	most := 1
	for most < len(h.lacks) && h.lacks[most] == h.lacks[0]+uint64(most) {
		most++
	}
	h.nonce = wire.NewNonce()
	r.seal(wire.Align{Epoch: r.opts.Epoch, Nonce: h.nonce, From: h.lacks[0], Most: uint64(most)})
}

// healed takes the hub's entries from the one that was asked for on.
func (r *runner) healed(ctx context.Context, m wire.Aligned) {
	h := &r.healing
	if h.nonce == (wire.Nonce{}) || m.Nonce != h.nonce || m.Epoch != r.opts.Epoch {
		return
	}
	if h.found == nil {
		h.found = map[uint64]wire.Salted{}
	}
	end := m.First + uint64(len(m.Back))
	for _, i := range h.lacks {
		if i >= m.First && i < end && m.Back[i-m.First].Bytes != nil {
			h.found[i] = wire.Salted{Salt: m.Back[i-m.First].Salt, Bytes: m.Back[i-m.First].Bytes}
			h.bytes += len(m.Back[i-m.First].Bytes)
		}
	}
	end = max(end, h.lacks[0]+1) // also when the hub has nothing of it
	h.lacks = slices.DeleteFunc(h.lacks, func(i uint64) bool { return i < end })
	if h.bytes >= healBytes || len(h.lacks) == 0 {
		r.giveBack(ctx)
	}
	r.askLacks()
}

// giveBack mends with what came. What it does not mend is not asked for again in this
// run: it would come each hour for ever.
func (r *runner) giveBack(ctx context.Context) {
	h := &r.healing
	if len(h.found) == 0 {
		return
	}
	if err := r.opts.Line.GiveBack(ctx, h.found); err != nil {
		r.log.Error("entries handed back are not stored", "error", err)
	}
	for _, i := range r.opts.Line.Lacks() {
		if _, ok := h.found[i]; ok {
			if r.unmended == nil {
				r.unmended = map[uint64]bool{}
			}
			r.unmended[i] = true
		}
	}
	h.found, h.bytes = nil, 0
}
