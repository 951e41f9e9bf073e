package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/internal/entry"
)

// Known is an entry that is known from elsewhere by its leaf hash.
type Known struct {
	Salt  entry.Salt
	Bytes []byte
	More  bool // the next entry belongs to the same act
}

// ErrNoHelp tells that the sources hold nothing of what a segment lost.
var ErrNoHelp = errors.New("journal: nothing to mend with")

// With is what a segment is mended with. Only Local is needed.
type With struct {
	Local, Copy Source
	Known       map[clinic.Leaf]Known
	// ByIndex are entries that somebody else says stood at these indexes.
	ByIndex map[uint64]Known
	// Heads are tree heads that somebody else remembers: the views, a signed checkpoint.
	Heads []Head
}

// Head is the root of a journal's tree at a size.
type Head struct {
	Size uint64
	Root [32]byte
}

// Mended is a segment made whole as far as its sources reach, ready to be put in
// the place of the damaged one.
type Mended struct {
	n       int
	last    bool // the growing one
	image   []byte
	header  header
	block   []byte
	offsets []uint32
	leaves  []clinic.Leaf
	Refs    []uint64 // of the entries that are readable again
}

// Mend makes a segment from what can be read of it, from the copy of its file, and
// from entries that are known by their leaf hash. Nothing is changed: give the result
// to Put. It must not run beside a Batch when the segment is the growing one.
//
// A frame of a copy counts where it stands in the copy, opens there, and fits between
// the frames that are sound. When its leaf hash is not the one that is known of the
// hole, the hash may be what is damaged: then the tree over it must have a root that
// the next header or the caller knows. A known entry counts by its leaf hash, and by its
// index only where that hash is lost, too, and the tree has such a root; it is sealed
// anew for the same place.
func (j *Journal) Mend(n int, with With) (*Mended, error) {
	v, ok := j.view(n)
	if !ok {
		return nil, ErrRange
	}
	m := &mender{j: j, view: v, n: n, start: v.first, with: with, limit: j.after(n)}
	name := filepath.Base(v.path)
	if v.file != nil {
		data, err := with.Local(name)
		if err != nil {
			return nil, err
		}
		m.local = data[:min(int64(len(data)), v.end)]
	}
	if with.Copy != nil {
		m.copy, _ = with.Copy(name) // without it the known entries may still help
	}
	for _, m.strict = range []bool{false, true} {
		if err := m.head(); err != nil {
			return nil, err
		}
		m.fill()
		if m.strict || !m.unsure || m.proven() {
			break
		}
	}
	return m.done(n)
}

// after is the first index behind a segment.
func (j *Journal) after(n int) uint64 {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if n == len(j.segs)-1 {
		return j.size
	}
	return j.segs[n+1].first
}

// lostAfter tells that the next segment is lost, too.
func (j *Journal) lostAfter(n int) bool {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return n+1 < len(j.segs) && j.segs[n+1].file == nil
}

// mender is a segment being mended.
type mender struct {
	view
	j           *Journal
	with        With
	local, copy []byte
	n           int
	start       uint64 // where it was thought to begin
	limit       uint64 // the first index behind the segment
	strict      bool   // only what has the leaf hash that is known
	unsure      bool   // something was taken that has another, or nobody knows
	doubt       uint64 // the last such entry
	out         Mended
	damaged     bool // the header
	end         int64
}

// head finds the header: in memory, or in the copy when the segment lost it.
func (m *mender) head() error {
	m.out, m.unsure, m.doubt = Mended{header: m.view.header, block: m.block}, false, 0
	if m.file == nil {
		h, err := parseHeader(m.copy[:min(len(m.copy), headerSize)], m.j.keys)
		if err == nil && (h.kind != m.j.cfg.Kind || h.segment != uint32(m.n) || h.first < m.start || h.first > m.limit || h.first > 0 && m.n == 0) {
			err = ErrCorrupt
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNoHelp, err)
		}
		// What the segment before it lost at its end was taken for a part of this one.
		lost := *m.segment
		lost.header = h
		m.segment = &lost
		m.out.header, m.out.block = h, m.j.soundBlock(m.copy[:headerSize])
		if m.j.lostAfter(m.n) { // that took all of what several lost
			m.limit = min(m.limit, h.first+uint64(len(scan(m.copy, 0).offsets)))
		}
		m.offsets = make([]uint32, m.limit-h.first)
	}
	m.damaged = len(m.j.scrubHeader(view{segment: &segment{header: m.out.header, block: m.out.block}}, m.local)) > 0
	m.out.image = append(make([]byte, 0, len(m.local)), m.out.block...)
	return nil
}

// fill puts a frame at every place for which there is a sound one.
func (m *mender) fill() {
	o := m.out.header.opener()
	there := scan(m.copy, 0).offsets
	m.out.offsets = make([]uint32, len(m.offsets))
	m.out.leaves = make([]clinic.Leaf, len(m.offsets))
	m.end = headerSize
	for place := range m.offsets {
		p := uint32(place)
		r, ok := o.at(m.local, m.offsets[place], p)
		switch {
		case ok:
			m.take(p, &r, m.offsets[place], m.local)
			continue
		case m.fromCopy(o, there, p), m.fromKnown(p):
			m.out.Refs = append(m.out.Refs, m.first+uint64(place))
			continue
		}
		m.out.leaves[place] = m.j.hole(m.segment, p).Leaf
	}
}

// take notes a sound frame of some bytes.
func (m *mender) take(place uint32, r *Raw, off uint32, data []byte) {
	f, _ := frameAt(data, int64(off))
	m.put(place, r.Leaf, off, data[off:int64(off)+int64(f.len())])
}

func (m *mender) put(place uint32, leaf clinic.Leaf, off uint32, frame []byte) {
	end := int64(off) + int64(len(frame))
	if grow := end - int64(len(m.out.image)); grow > 0 {
		m.out.image = append(m.out.image, make([]byte, grow)...)
	}
	copy(m.out.image[off:], frame)
	m.out.offsets[place], m.out.leaves[place], m.end = off, leaf, end
}

// room is how far a frame at a place may reach: to the next sound one.
func (m *mender) room(place uint32) int64 {
	for _, off := range m.offsets[place+1:] {
		if off == 0 {
			continue
		}
		if _, ok := frameAt(m.local, int64(off)); ok {
			return int64(off)
		}
	}
	return 1 << 32
}

// fits tells whether a frame may stand there and is, as far as is known, the entry
// that was there.
func (m *mender) fits(place uint32, leaf clinic.Leaf, off uint32, size int) bool {
	if int64(off) < m.end || int64(off)+int64(size) > m.room(place) {
		return false
	}
	want := m.j.hole(m.segment, place).Leaf
	lost := lostLeaf(m.j.cfg.Kind, m.out.header.epoch, m.first+uint64(place))
	if leaf == want || want == lost || m.file == nil {
		return true
	}
	if !m.strict {
		m.unsure, m.doubt = true, m.first+uint64(place)
	}
	return !m.strict
}

// proven tells whether the tree over the mended entries has a root that is known, at a
// size that covers what is unsure.
func (m *mender) proven() bool {
	if m.j.tree == nil {
		return false
	}
	heads := m.with.Heads
	if !m.last {
		m.j.mu.RLock()
		heads = append([]Head{{m.limit, m.j.segs[m.n+1].root}}, heads...)
		m.j.mu.RUnlock()
	}
	return slices.ContainsFunc(heads, m.has)
}

// has tells whether the tree over the mended entries has a head.
func (m *mender) has(h Head) bool {
	if h.Size <= m.doubt || h.Size > m.first+uint64(len(m.out.leaves)) {
		return false
	}
	m.j.treeMu.Lock()
	defer m.j.treeMu.Unlock()
	t := &tree{file: m.j.tree.file}
	t.begin(m.first)
	for i, leaf := range m.out.leaves[:h.Size-m.first] {
		if t.add(m.first+uint64(i), leaf) != nil {
			return false
		}
	}
	got, err := t.root(h.Size)
	return err == nil && got == h.Root
}

func (m *mender) fromCopy(o *opener, there []uint32, place uint32) bool {
	if int(place) >= len(there) {
		return false
	}
	off := there[place]
	r, ok := o.at(m.copy, off, place)
	if !ok {
		return false
	}
	f, _ := frameAt(m.copy, int64(off))
	if !m.fits(place, r.Leaf, off, f.len()) {
		return false
	}
	m.take(place, &r, off, m.copy)
	return true
}

// fromKnown seals an entry anew for its place: behind the frame before it, or where
// the offsets say.
func (m *mender) fromKnown(place uint32) bool {
	want, index := m.j.hole(m.segment, place).Leaf, m.first+uint64(place)
	k, ok := m.with.Known[want]
	switch {
	case ok && entry.LeafHash(k.Salt, k.Bytes) == want:
	case want == lostLeaf(m.j.cfg.Kind, m.out.header.epoch, index) && !m.strict && m.with.ByIndex[index].Bytes != nil:
		k, m.unsure, m.doubt = m.with.ByIndex[index], true, index
	default:
		return false
	}
	off := m.offsets[place]
	if off == 0 {
		if place > 0 && m.out.offsets[place-1] == 0 {
			return false // who knows how much of the gap is its
		}
		off = uint32(m.end)
	}
	r := Raw{Place: place, Salt: k.Salt, Bytes: k.Bytes, more: k.More}
	r.Explicit = k.Salt != m.out.header.seed.Salt(place)
	frame := m.out.header.sealFrame(nil, &r, 0)
	leaf := entry.LeafHash(k.Salt, k.Bytes)
	if !m.fits(place, leaf, off, len(frame)) {
		return false
	}
	m.put(place, leaf, off, frame)
	return true
}

// done verifies the image as the next open would read it.
func (m *mender) done(n int) (*Mended, error) {
	if len(m.out.Refs) == 0 && !m.damaged {
		return nil, ErrNoHelp
	}
	o := m.out.header.opener()
	for place, off := range m.out.offsets {
		if off == 0 {
			continue
		}
		if r, ok := o.at(m.out.image, off, uint32(place)); !ok || r.Leaf != m.out.leaves[place] {
			return nil, fmt.Errorf("%w: mended segment %d does not read back", ErrCorrupt, n)
		}
	}
	if m.file != nil && int64(len(m.out.image)) < m.view.end { // bytes set aside stay
		m.out.image = append(m.out.image, make([]byte, m.view.end-int64(len(m.out.image)))...)
	}
	m.keepAside()
	m.out.n, m.out.last = n, m.last
	return &m.out, nil
}

// keepAside leaves in the image what stands where no sound frame does: another
// medium may help later, and somebody may want to look at it.
func (m *mender) keepAside() {
	at := int64(headerSize)
	for place, off := range append(m.out.offsets, uint32(len(m.out.image))) {
		if off == 0 {
			continue
		}
		if int64(off) > at && at < int64(len(m.local)) {
			copy(m.out.image[at:off], m.local[at:])
		}
		if f, ok := frameAt(m.out.image, int64(off)); ok && place < len(m.out.offsets) {
			at = int64(off) + int64(f.len())
		}
	}
}

// Put replaces the segment by its mended form: offsets, then the segment beside its old
// file, synced and renamed; then the tree's hashes, which a mark tells to be wrong
// meanwhile. A cut leaves the old file or
// the new one, and a tree that is computed anew. It must not run beside a Batch. After
// ErrFull, and after any error before a finished segment had its name, the journal goes
// on as it was. Afterwards an error is ErrFatal: the segment is another one then than
// the tree, or than the file that the next commits would go to.
func (j *Journal) Put(m *Mended) error {
	g := j.segs[m.n]
	path := segmentPath(j.cfg.Dir, m.header.segment)
	changed := false
	for place := range m.leaves {
		changed = changed || g.file == nil || g.first != m.header.first || j.hole(g, uint32(place)).Leaf != m.leaves[place]
	}
	if changed = changed && j.tree != nil; changed {
		if err := j.markHashes(); err != nil {
			return err
		}
	}
	next := &segment{
		header: m.header, path: path, block: m.block,
		offsets: m.offsets, end: int64(len(m.image)), alloc: int64(len(m.image)),
	}
	next.noteBad()
	// First the offsets: those of before would hide what comes back. With the old file
	// they name frames that cannot be read, which are holes as they were.
	v := view{segment: next, offsets: next.offsets, end: next.end, last: m.last}
	if err := full(writeBeside(j, v, m.leaves)); err != nil {
		return err
	}
	if err := durable.WriteFileFS(j.cfg.FS, path, m.image, 0o600); err != nil {
		if err = full(err); m.last {
			return j.rollFailed(err)
		}
		return err
	}
	f, err := j.cfg.FS.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return j.fatal(err)
	}
	next.file = f
	j.swap(m, next)
	if !changed {
		return nil
	}
	if err := j.rehash(next.first); err != nil {
		return j.fatal(err)
	}
	return nil
}

func (j *Journal) swap(m *Mended, next *segment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if old := j.segs[m.n].file; old != nil {
		_ = old.Close() // read only since the segment was finished
	}
	j.share(m.n, next)
	j.segs[m.n] = next
	for _, i := range m.Refs {
		j.rot.Delete(i)
	}
	j.log.Info("journal entries can be read again", "kind", j.cfg.Kind, "segment", next.segment, "entries", len(m.Refs))
}

// share gives the segments beside one that was lost what they lost themselves: while
// its header was gone nobody knew where they ended.
func (j *Journal) share(n int, next *segment) {
	if n > 0 {
		before := j.segs[n-1]
		at := len(before.offsets)
		if lost := int(next.first) - int(before.next()); lost > 0 {
			before.offsets = append(before.offsets[:at:at], make([]uint32, lost)...)
			before.bad = append(before.bad, span{place: uint32(at), count: uint32(lost)})
		}
	}
	if n+1 < len(j.segs) && j.segs[n+1].file == nil {
		after := j.segs[n+1]
		end := after.next()
		after.first = next.next()
		after.offsets = make([]uint32, end-after.first)
		after.bad = []span{{count: uint32(len(after.offsets))}}
	}
}

// rehash computes the tree's hashes anew from an entry on, from the entries that
// can be read and the leaf hashes of those that cannot. On a full disk they stay in
// memory until there is room, as after an open; after another error the tree is not
// what the entries say.
func (j *Journal) rehash(from uint64) error {
	j.treeMu.Lock()
	if j.tree.owed { // what the file lacks begins somewhere before
		from = 0
	}
	t := &tree{file: j.tree.file}
	t.begin(from)
	j.treeMu.Unlock()
	for i := from; i < j.Size(); i++ {
		r, err := j.Get(i)
		if err != nil {
			return err
		}
		j.treeMu.Lock()
		err = t.add(i, r.Leaf)
		j.treeMu.Unlock()
		if err != nil {
			return err
		}
	}
	j.treeMu.Lock()
	defer j.treeMu.Unlock()
	if err := full(t.write()); errors.Is(err, ErrFull) {
		j.log.Error("disk full: tree hashes stay in memory", "kind", j.cfg.Kind)
		j.tree.base, j.tree.pending, j.tree.owed = t.base, t.pending, true
		return nil
	} else if err != nil {
		return err
	}
	j.tree.owed = false
	j.tree.begin(j.size)
	if err := t.file.Sync(); err != nil {
		return err
	}
	j.hashesRight()
	return nil
}

// writeBeside writes the offsets file of a segment.
func writeBeside(j *Journal, v view, leaves []clinic.Leaf) error {
	b := v.encodeOffsets(leaves)
	return durable.WriteFileFS(j.cfg.FS, offsetsPath(j.cfg.Dir, v.segment.segment), bytes.Clone(b), 0o600)
}
