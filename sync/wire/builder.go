package wire

// Estimates of the builder: what a frame, a run and an entry cost at most beside
// the entry's bytes.
const (
	frameCost = 3 + 8 + 10 + 16 + 2 + bucket + 106 + 67 // header, tag, inner head, padding, fields, checkpoint
	runCost   = 56
	entryCost = 4 + 16
	holeCost  = 1 + 34 + 16
)

// DataBuilder packs consecutive entries into one Data whose frame stays below a
// limit however badly it compresses; with a limit beyond MaxFrame Seal may refuse it.
// The first entry always fits.
type DataBuilder struct {
	data  Data
	limit int
	used  int
	next  uint64
	prev  Raw
}

// NewDataBuilder starts a frame at index first. The limit is in bytes of the
// outer frame if nothing were compressed, at most half of MaxInner.
func NewDataBuilder(epoch Epoch, first uint64, limit int) *DataBuilder {
	return &DataBuilder{
		data:  Data{Epoch: epoch, First: first},
		limit: min(limit, MaxInner/2), used: frameCost, next: first,
	}
}

// Add takes the entry, or reports false: it is not the next one, or the frame is
// full.
func (b *DataBuilder) Add(r Raw) bool {
	if r.Index != b.next || len(b.data.Runs) >= 1000 {
		return false
	}
	fresh := !b.continues(r)
	cost := entryCost + len(r.Bytes)
	if len(r.Bytes) == 0 {
		cost = holeCost
	}
	if fresh {
		cost += runCost
	}
	if b.Len() > 0 && b.used+cost > b.limit {
		return false
	}
	if fresh {
		b.open(r)
	}
	run := &b.data.Runs[len(b.data.Runs)-1]
	run.Entries = append(run.Entries, r.Bytes)
	if len(r.Bytes) == 0 {
		run.Entries[len(run.Entries)-1] = []byte{}
		run.Leaves = append(run.Leaves, Hash(r.Leaf))
	}
	if r.Explicit {
		run.Salts = append(run.Salts, r.Salt[:]...)
	}
	b.used += cost
	b.next++
	b.prev = r
	return true
}

// continues reports whether the entry's salt comes from where the last one's did.
func (b *DataBuilder) continues(r Raw) bool {
	if b.Len() == 0 || r.Explicit != b.prev.Explicit {
		return false
	}
	return r.Explicit || r.Seed == b.prev.Seed && r.Place == b.prev.Place+1
}

func (b *DataBuilder) open(r Raw) {
	run := Run{}
	if !r.Explicit {
		run.Seed, run.Place = append([]byte(nil), r.Seed[:]...), r.Place
	}
	b.data.Runs = append(b.data.Runs, run)
}

// Len returns the number of entries taken.
func (b *DataBuilder) Len() int { return int(b.next - b.data.First) }

// Bytes returns what the frame has at most without compression.
func (b *DataBuilder) Bytes() int { return b.used }

// Next returns the index of the entry that Add takes next: the size of the tree
// whose root Data wants.
func (b *DataBuilder) Next() uint64 { return b.next }

// Data returns the message. Root is the tree's at size Next; total is the size of
// the whole log, of which more may follow.
func (b *DataBuilder) Data(root Hash, total uint64) *Data {
	d := b.data
	d.Size, d.Root = b.next, root
	if total > d.Size {
		d.Total = total
	}
	return &d
}
