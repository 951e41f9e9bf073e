package wire

import (
	"crypto/ed25519"
	"math"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/entry"
)

// Data carries consecutive entries of the box's own log. Key numbers are frozen.
type Data struct {
	Epoch      Epoch  `cbor:"1,keyasint"`
	First      uint64 `cbor:"2,keyasint"` // index of the first entry
	Runs       []Run  `cbor:"3,keyasint"`
	Size       uint64 `cbor:"4,keyasint"`           // of the tree after the last entry
	Root       Hash   `cbor:"5,keyasint"`           // of that tree
	Checkpoint []byte `cbor:"6,keyasint,omitempty"` // the box's signature of that tree, see Sign; none from an older program
	Total      uint64 `cbor:"7,keyasint,omitempty"` // of the log when this was sent; not stated when it is Size
}

// head is the tree after the last entry, as a log's checkpoint.
func (d *Data) head(box string) checkpoint.Checkpoint {
	return checkpoint.Checkpoint{Origin: checkpoint.Origin(box, d.Epoch), Size: d.Size, Root: d.Root}
}

// Sign puts the box's signature of the tree into the message: that of its checkpoint
// (C2SP tlog-checkpoint), whose text follows from box, epoch, size and root.
func (d *Data) Sign(box string, key ed25519.PrivateKey) (err error) {
	d.Checkpoint, err = checkpoint.SignBare(d.head(box), key)
	return err
}

// Signed tells whether the box signed the tree.
func (d *Data) Signed(box string, key ed25519.PublicKey) bool {
	return checkpoint.VerifyBare(d.head(box), key, d.Checkpoint)
}

// Stated returns the size of the log that the frame tells of.
func (d *Data) Stated() uint64 { return max(d.Size, d.Total) }

// Run is a stretch of entries whose salts come from one place: derived from the
// seed of a journal segment, or given. An empty entry is a hole: the box can no
// longer read it and sends its leaf hash only.
type Run struct {
	Seed    []byte   `cbor:"1,keyasint,omitempty"` // 32 bytes; entry i has Seed.Salt(Place+i)
	Place   uint32   `cbor:"2,keyasint,omitempty"`
	Salts   []byte   `cbor:"3,keyasint,omitempty"` // 16 bytes an entry, holes included; without a seed
	Entries [][]byte `cbor:"4,keyasint"`
	Leaves  []Hash   `cbor:"5,keyasint,omitempty"` // of the holes, in order
}

// Raw is an entry as a store keeps it. A nil Bytes is a hole.
type Raw struct {
	Index    uint64
	Leaf     clinic.Leaf
	Segment  uint32
	Place    uint32
	Seed     entry.Seed
	Salt     entry.Salt
	Explicit bool // the salt is not derived from the seed
	Bytes    []byte
}

// Item is an entry as the receiver stores it. A nil Bytes is a hole, whose Leaf
// the sender claims; any other Leaf is computed from salt and bytes.
type Item struct {
	Index uint64
	Leaf  clinic.Leaf
	Salt  entry.Salt
	Bytes []byte
}

func (d *Data) kind() uint8 { return kindData }

func (d *Data) body() ([]byte, bool, error) {
	if d.count() == 0 {
		return nil, false, ErrEmpty
	}
	b, err := encMode.Marshal(d)
	return b, true, err
}

func (d *Data) count() (n uint64) {
	for i := range d.Runs {
		n += uint64(len(d.Runs[i].Entries))
	}
	return n
}

// Items returns the entries in order, each with its leaf hash. It does not check
// Root: only the receiver has the tree before First.
func (d *Data) Items() []Item {
	items := make([]Item, 0, d.count())
	for i := range d.Runs {
		items = d.Runs[i].items(d.First+uint64(len(items)), items)
	}
	return items
}

func (r *Run) items(first uint64, items []Item) []Item {
	hole := 0
	for i, b := range r.Entries {
		it := Item{Index: first + uint64(i)}
		if len(b) == 0 {
			it.Leaf = clinic.Leaf(r.Leaves[hole])
			hole++
		} else {
			it.Salt = r.salt(i)
			it.Bytes = b
			it.Leaf = entry.LeafHash(it.Salt, b)
		}
		items = append(items, it)
	}
	return items
}

func (r *Run) salt(i int) entry.Salt {
	if len(r.Salts) > 0 {
		return entry.Salt(r.Salts[16*i : 16*i+16])
	}
	return (*entry.Seed)(r.Seed).Salt(r.Place + uint32(i))
}

// maxItems bounds what one frame makes its receiver store, for a run of tiny entries is
// next to nothing once it is compressed. Builders are given 1,024 at most.
const maxItems = 4096

func decodeData(body []byte, most int) (*Data, error) {
	d := new(Data)
	if err := decMode.Unmarshal(body, d); err != nil {
		return nil, ErrForm
	}
	n := d.count()
	if len(d.Checkpoint) != 0 && len(d.Checkpoint) != ed25519.SignatureSize {
		return nil, ErrForm
	}
	if n == 0 || n > maxItems || d.First > math.MaxUint64-n || d.Size != d.First+n {
		return nil, ErrForm
	}
	for i := range d.Runs {
		if !d.Runs[i].valid(most) {
			return nil, ErrForm
		}
	}
	return d, nil
}

// valid reports whether items cannot fail on the run, whose entries have at most so many
// bytes.
func (r *Run) valid(most int) bool {
	n, holes := len(r.Entries), 0
	for _, b := range r.Entries {
		if len(b) == 0 {
			holes++
		}
		if len(b) > most {
			return false
		}
	}
	if n == 0 || holes != len(r.Leaves) || uint64(r.Place)+uint64(n) > math.MaxUint32 {
		return false
	}
	switch {
	case len(r.Salts) > 0:
		return len(r.Seed) == 0 && len(r.Salts) == 16*n
	case len(r.Seed) == 0:
		return holes == n
	}
	return len(r.Seed) == len(entry.Seed{})
}
