package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/internal/entry"
	"clinicbox/store/seal"
)

// Open opens a journal, or makes an empty one. It is recovery and the normal path
// in one: cut what was never finished, set aside what is damaged, bring the tree
// up to the segments.
func Open(cfg Config) (*Journal, error) {
	if cfg.FS == nil {
		cfg.FS = durable.OS{}
	}
	if cfg.SegmentSize <= 0 {
		cfg.SegmentSize = DefaultSegmentSize
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	j := &Journal{
		cfg: cfg, keys: newSealers(cfg.Keys), keyID: cfg.Keys.Newest().ID(),
		log: cfg.Log, grown: make(chan struct{}),
	}
	if err := j.open(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

func (j *Journal) open() error {
	if !j.cfg.ReadOnly {
		if err := durable.MkdirAll(j.cfg.Dir, 0o700); err != nil {
			return err
		}
	}
	nums, err := j.list()
	if err != nil {
		return err
	}
	if j.cfg.Tree && (len(nums) > 0 || !j.cfg.ReadOnly) {
		if j.tree, err = openTree(j.cfg.FS, j.cfg.Dir, j.cfg.ReadOnly); err != nil {
			return err
		}
	}
	if len(nums) == 0 {
		return j.first()
	}
	if err := j.openSegments(nums); err != nil {
		return err
	}
	if len(j.segs) == 0 {
		return j.first()
	}
	j.size = j.segs[len(j.segs)-1].next()
	if j.size < j.cfg.Known {
		j.lost = j.cfg.Known - j.size
		j.log.Error("journal lost entries that were saved", "kind", j.cfg.Kind, "size", j.size, "known", j.cfg.Known)
	}
	if j.cfg.ReadOnly {
		if j.cfg.Frozen && j.tree != nil {
			return j.repairTree()
		}
		return nil
	}
	if err := j.cutTail(); err != nil {
		return err
	}
	if j.tree != nil {
		if err := j.repairTree(); err != nil {
			return err
		}
	}
	if err := j.repairOffsets(); err != nil {
		return err
	}
	j.repairSpare()
	return j.turn()
}

// repairOffsets writes the offsets files that were missing or wrong, after the
// tree, whose leaves they copy. They only save work: a full disk stops nothing.
func (j *Journal) repairOffsets() error {
	for _, g := range j.segs {
		if !g.scanned || g.file == nil || g == j.segs[len(j.segs)-1] {
			continue
		}
		leaves := make([]clinic.Leaf, 0, len(g.offsets))
		err := g.each(func(place uint32, r Raw, ok bool) error {
			if !ok {
				r = j.hole(g, place)
			}
			leaves = append(leaves, r.Leaf)
			return nil
		})
		if err != nil {
			return err
		}
		if err := j.writeOffsets(g, leaves); err != nil {
			j.log.Warn("journal offsets not written", "kind", j.cfg.Kind, "segment", g.segment, "err", err)
		}
	}
	return nil
}

// repairSpare gives the growing segment back the copies of its header that a disk lost:
// beside it first, then in it. That only saves later damage: nothing is stopped by it.
func (j *Journal) repairSpare() {
	g := j.segs[len(j.segs)-1]
	if g.file == nil {
		return
	}
	v := view{segment: g, last: true}
	have, err := os.ReadFile(offsetsPath(j.cfg.Dir, g.segment))
	if err != nil || checkOffsets(g.segment)(have) != nil || !bytes.Equal(have[offsetsHead-headerSize:offsetsHead], g.block) {
		err = writeBeside(j, v, nil)
	}
	head := make([]byte, headerSize)
	if n, _ := g.file.ReadAt(head, 0); err == nil && !bytes.Equal(head[:n], g.block) {
		_, err = g.file.WriteAt(g.block, 0) // synced with the next commit
	}
	if err != nil {
		j.log.Warn("a copy of a segment's header is not mended", "kind", j.cfg.Kind, "segment", g.segment, "err", err)
	}
}

// list returns the numbers of the segment files and clears what a crash left.
func (j *Journal) list() ([]uint32, error) {
	es, err := os.ReadDir(j.cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) && j.cfg.ReadOnly {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var nums []uint32
	for _, e := range es {
		var n uint32
		if strings.HasSuffix(e.Name(), durable.TempSuffix) && !j.cfg.ReadOnly {
			if err := j.cfg.FS.Remove(filepath.Join(j.cfg.Dir, e.Name())); err != nil {
				return nil, err
			}
		}
		if _, err := fmt.Sscanf(e.Name(), "%08d.seg", &n); err == nil && segmentPath("", n) == e.Name() {
			nums = append(nums, n)
		}
	}
	slices.Sort(nums)
	return nums, nil
}

// first makes segment 0 of an empty journal.
func (j *Journal) first() error {
	if j.cfg.ReadOnly {
		return nil
	}
	if j.lost = j.cfg.Known; j.lost > 0 {
		j.log.Error("journal is gone though entries are known", "kind", j.cfg.Kind, "known", j.cfg.Known)
	}
	g, err := createSegment(j.cfg.FS, j.cfg.Dir, j.newHeader(0, 0))
	if err != nil {
		return full(err)
	}
	j.segs = []*segment{g}
	if j.tree != nil {
		return j.tree.cut(0)
	}
	return nil
}

func (j *Journal) newHeader(n uint32, first uint64) header {
	h := header{kind: j.cfg.Kind, segment: n, first: first, epoch: j.cfg.Epoch, keyID: j.keyID, seal: j.keys[j.keyID]}
	h.seed = entry.Seed(seal.NewKey())
	return h
}

// openSegments opens from the last to the first, because a damaged segment's
// length shows in the next one's first index.
func (j *Journal) openSegments(nums []uint32) error {
	last := nums[len(nums)-1]
	j.segs = make([]*segment, last+1)
	have := make(map[uint32]bool)
	for _, n := range nums {
		have[n] = true
	}
	known := j.cfg.Known
	for n := int(last); n >= 0; n-- {
		end := n == len(j.segs)-1
		g, err := j.openSegment(uint32(n), have[uint32(n)], end, known)
		if end && errors.Is(err, ErrCorrupt) {
			g, err = j.lostEnd(uint32(n), err)
		}
		if g == nil && err == nil {
			j.segs = j.segs[:n]
			continue
		}
		if err != nil {
			j.segs = j.segs[n+1:] // so that Close finds no nil
			return err
		}
		j.segs[n], known = g, g.first
	}
	j.placeLost()
	return nil
}

func (j *Journal) openSegment(n uint32, exists, last bool, known uint64) (*segment, error) {
	g := &segment{path: segmentPath(j.cfg.Dir, n)}
	g.segment, g.kind = n, j.cfg.Kind
	if !exists {
		j.log.Error("journal segment is missing", "kind", j.cfg.Kind, "segment", n)
		return g, nil
	}
	flag := os.O_RDWR
	if j.cfg.ReadOnly {
		flag = os.O_RDONLY
	}
	f, err := j.cfg.FS.OpenFile(g.path, flag, 0)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	g.file = f
	offsets, end, spare, oerr := loadOffsets(offsetsPath(j.cfg.Dir, n), n)
	if err := j.readHeader(g, spare); err != nil {
		if last || !errors.Is(err, ErrCorrupt) {
			return nil, errors.Join(fmt.Errorf("%s: %w", filepath.Base(g.path), err), f.Close())
		}
		j.log.Error("journal segment has lost its header", "kind", j.cfg.Kind, "segment", n)
		g.file = nil
		return g, f.Close()
	}
	if g.alloc, err = f.Size(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if oerr == nil && !last && g.first+uint64(len(offsets)) == known && end <= g.alloc {
		g.offsets, g.end = offsets, end
		g.noteBad()
		return g, nil
	}
	if err := j.scanSegment(g, known, last); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return g, nil
}

func (j *Journal) readHeader(g *segment, spare []byte) error {
	block := make([]byte, headerSize)
	n, rerr := g.file.ReadAt(block, 0)
	h, err := parseHeader(block[:n], j.keys)
	rescued := err != nil && spare != nil && errors.Is(err, ErrCorrupt)
	if rescued {
		block = spare
		h, err = parseHeader(spare, j.keys)
	}
	if err == nil && (h.kind != j.cfg.Kind || h.segment != g.segment) {
		err = fmt.Errorf("%w: it is segment %d of journal %d", ErrCorrupt, h.segment, h.kind)
	}
	if err != nil {
		if n < headerLen && rerr != nil {
			err = fmt.Errorf("%w (%d bytes read: %v)", err, n, rerr)
		}
		return err
	}
	g.header, g.block = h, j.soundBlock(block)
	if rescued {
		j.log.Error("journal segment's header was damaged, its copy serves", "kind", j.cfg.Kind, "segment", g.segment)
	}
	if rescued && !j.cfg.ReadOnly {
		// Synced with the next commit; the copy stays, and serves if this fails.
		if _, err := g.file.WriteAt(block, 0); err != nil {
			j.log.Warn("journal segment's header is not mended", "kind", j.cfg.Kind, "segment", g.segment, "err", err)
		}
	}
	return nil
}

// soundBlock is the header block as it was written: both copies alike.
func (j *Journal) soundBlock(block []byte) []byte {
	out := make([]byte, headerSize)
	for at := 0; at+headerLen <= len(block); at += headerCopy {
		if _, err := parseCopy(block[at:at+headerLen], j.keys); err == nil {
			copy(out, block[at:at+headerLen])
			copy(out[headerCopy:], block[at:at+headerLen])
			break
		}
	}
	return out
}

func (j *Journal) scanSegment(g *segment, known uint64, last bool) error {
	data, err := g.readAll()
	if err != nil {
		return err
	}
	var floor uint32
	if known > g.first {
		floor = uint32(known - g.first)
	}
	s := scan(data, floor)
	g.offsets, g.end, g.bad = s.offsets, s.end, s.bad
	if !last && len(g.offsets) < int(floor) {
		g.bad = append(g.bad, span{place: uint32(len(g.offsets)), count: floor - uint32(len(g.offsets)), from: s.end, to: s.end})
		g.offsets = append(g.offsets, make([]uint32, int(floor)-len(g.offsets))...)
	}
	if s.dropped > 0 {
		j.log.Warn("journal ends in an unfinished act", "kind", j.cfg.Kind, "entries", s.dropped)
	}
	for _, b := range g.bad {
		j.log.Error("journal entries set aside", "kind", j.cfg.Kind, "first", g.first+uint64(b.place), "count", b.count)
	}
	g.scanned = true
	return nil
}

// noteBad finds the holes in offsets that came from a file.
func (g *segment) noteBad() {
	for place := 0; place < len(g.offsets); place++ {
		first := place
		for place < len(g.offsets) && g.offsets[place] == 0 {
			place++
		}
		if place > first {
			g.bad = append(g.bad, span{place: uint32(first), count: uint32(place - first)})
		}
	}
}

func (j *Journal) writeOffsets(g *segment, leaves []clinic.Leaf) error {
	b := encodeOffsets(g, leaves)
	return full(durable.WriteFileFS(j.cfg.FS, offsetsPath(j.cfg.Dir, g.segment), b, 0o600))
}

// cutTail removes what stands behind the last frame that counts. Zeros are space
// made ready for the next frames and stay.
func (j *Journal) cutTail() error {
	g := j.segs[len(j.segs)-1]
	if g.file == nil {
		return nil
	}
	rest, err := g.readSome(g.end, max(g.alloc-g.end, 0))
	if err != nil || allZero(rest) {
		return err
	}
	j.log.Warn("journal's unfinished tail cut", "kind", j.cfg.Kind, "segment", g.segment, "bytes", g.alloc-g.end)
	if err := g.file.Truncate(g.end); err != nil {
		return fmt.Errorf("journal: cut tail: %w", err)
	}
	g.alloc = g.end
	if err := g.file.Sync(); err != nil {
		return fmt.Errorf("%w: %w", ErrFatal, err)
	}
	return nil
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// Epoch reads the epoch from the last segment that has a readable header; ok is
// false when there is no segment. A wrong key or a newer version is an error.
func Epoch(cfg Config) (epoch [8]byte, ok bool, err error) {
	cfg.ReadOnly, cfg.Tree, cfg.Known = true, false, 0
	j, err := Open(cfg)
	if err != nil {
		return epoch, false, err
	}
	for _, g := range j.segs {
		if g.file != nil {
			epoch, ok = g.epoch, true
		}
	}
	return epoch, ok, j.Close()
}
