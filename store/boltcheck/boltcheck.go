// Package boltcheck reads a bbolt file without mapping it and tells whether bbolt
// can open and walk it. bbolt trusts its file: a damaged one makes it panic in a
// goroutine of its own, fault in mapped memory, run in circles or take all memory,
// none of which the process that opens it survives. Here every number is checked
// before it is used.
//
// The format is bbolt's version 2 (go.etcd.io/bbolt v1.5.0, internal/common: page,
// meta, bucket), in the byte order of the processors we build for (little-endian).
package boltcheck

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// ErrDamaged tells that bbolt must not open the file.
var ErrDamaged = errors.New("boltcheck: damaged")

const (
	magic      = 0xED0CDAED
	version    = 2
	pageHead   = 16
	element    = 16
	metaLen    = 64
	noFreelist = ^uint64(0)

	flagBranch = 1
	flagLeaf   = 2
	flagMeta   = 4
	flagBucket = 1 // of a leaf element

	minPage, maxPage = 1 << 10, 64 << 10
	maxDepth         = 64
	maxNested        = 4 // buckets in buckets
)

type checker struct {
	r        io.ReaderAt
	pageSize uint64
	pages    uint64 // high-water mark
	seen     []uint64
	row      func(bucket, key, value []byte) // may be nil
}

// Check walks the file of the given size. Files with a freelist are refused: ours
// have none. row, when it is not nil, is told every value with the name of the bucket
// that it stands in; what it is given dies with the call.
func Check(r io.ReaderAt, size int64, row func(bucket, key, value []byte)) error {
	c := &checker{r: r, row: row}
	root, err := c.meta(size)
	if err != nil {
		return err
	}
	if size < 0 || c.pages < 2 || uint64(size)/c.pageSize < c.pages {
		return damaged("shorter than its pages")
	}
	warm(r, int64(c.pages*c.pageSize))
	c.seen = make([]uint64, c.pages/64+1)
	c.mark(0)
	c.mark(1)
	return c.tree(root, place{})
}

// warm reads the file once from end to end: in that order it is fastest.
func warm(r io.ReaderAt, size int64) {
	_, _ = io.Copy(io.Discard, io.NewSectionReader(r, 0, size)) // an error shows again later
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// meta finds the page that bbolt would take: the later one of those that are sound.
func (c *checker) meta(size int64) (root uint64, err error) {
	var best []byte
	// bbolt looks for the second one at every page size when the first is lost.
	for at := int64(0); at < size && at <= maxPage; {
		b := make([]byte, pageHead+metaLen)
		if _, err := c.r.ReadAt(b, at); err != nil {
			break
		}
		if m := b[pageHead:]; binary.LittleEndian.Uint16(b[8:]) == flagMeta && soundMeta(m) {
			if best == nil || binary.LittleEndian.Uint64(m[48:]) > binary.LittleEndian.Uint64(best[48:]) {
				best = m
			}
		}
		switch {
		case at == 0 && best != nil:
			at = int64(binary.LittleEndian.Uint32(best[8:]))
		case at == 0:
			at = minPage
		case best != nil:
			at = size
		default:
			at *= 2
		}
	}
	if best == nil {
		return 0, damaged("no sound meta page")
	}
	c.pageSize = uint64(binary.LittleEndian.Uint32(best[8:]))
	c.pages = binary.LittleEndian.Uint64(best[40:])
	if binary.LittleEndian.Uint64(best[32:]) != noFreelist {
		return 0, damaged("it has a freelist")
	}
	return binary.LittleEndian.Uint64(best[16:]), nil
}

func soundMeta(m []byte) bool {
	if binary.LittleEndian.Uint32(m) != magic || binary.LittleEndian.Uint32(m[4:]) != version {
		return false
	}
	h := fnv.New64a()
	h.Write(m[:metaLen-8])
	ps := binary.LittleEndian.Uint32(m[8:])
	return h.Sum64() == binary.LittleEndian.Uint64(m[metaLen-8:]) && ps >= minPage && ps <= maxPage && ps&(ps-1) == 0
}

// mark notes a page as used; false means it was used before.
func (c *checker) mark(id uint64) bool {
	bit := uint64(1) << (id % 64)
	if c.seen[id/64]&bit != 0 {
		return false
	}
	c.seen[id/64] |= bit
	return true
}

// page reads a page with what overflows from it.
func (c *checker) page(id uint64) ([]byte, error) {
	if id < 2 || id >= c.pages {
		return nil, damaged("page %d of %d", id, c.pages)
	}
	b := make([]byte, c.pageSize)
	if _, err := c.r.ReadAt(b, int64(id*c.pageSize)); err != nil {
		return nil, damaged("page %d cannot be read", id)
	}
	if got := binary.LittleEndian.Uint64(b); got != id {
		return nil, damaged("page %d says it is %d", id, got)
	}
	over := uint64(binary.LittleEndian.Uint32(b[12:]))
	if over >= c.pages-id {
		return nil, damaged("page %d overflows the file", id)
	}
	for p := id; p <= id+over; p++ {
		if !c.mark(p) {
			return nil, damaged("page %d is used twice", p)
		}
	}
	if over > 0 {
		b = append(b, make([]byte, over*c.pageSize)...)
		if _, err := c.r.ReadAt(b[c.pageSize:], int64((id+1)*c.pageSize)); err != nil {
			return nil, damaged("page %d cannot be read", id)
		}
	}
	return b, nil
}

// place says where in the trees a page stands, and between which keys.
type place struct {
	depth, nested int
	from, to      []byte // from ≤ key < to; nil = open
	bucket        []byte // its name
}

func (c *checker) tree(id uint64, at place) error {
	if at.depth > maxDepth {
		return damaged("tree deeper than %d", maxDepth)
	}
	b, err := c.page(id)
	if err != nil {
		return err
	}
	return c.node(b, id, at)
}

// node checks the elements of a page, or of a bucket inside a page.
func (c *checker) node(b []byte, id uint64, at place) error {
	if len(b) < pageHead {
		return damaged("page %d is too short", id)
	}
	flags, count := binary.LittleEndian.Uint16(b[8:]), int(binary.LittleEndian.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf {
		return damaged("page %d has flags %#x", id, flags)
	}
	if pageHead+count*element > len(b) || flags == flagBranch && count == 0 {
		return damaged("page %d has %d elements", id, count)
	}
	keys := make([][]byte, count)
	for i := range keys {
		e := b[pageHead+i*element:]
		var ok bool
		if flags == flagBranch {
			keys[i], ok = cut(e, binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint32(e[4:]))
		} else {
			keys[i], ok = cut(e, binary.LittleEndian.Uint32(e[4:]), binary.LittleEndian.Uint32(e[8:]))
		}
		if !ok || i > 0 && bytes.Compare(keys[i-1], keys[i]) >= 0 || !at.holds(keys[i]) {
			return damaged("page %d: element %d", id, i)
		}
	}
	if flags == flagBranch {
		return c.branch(b, keys, at)
	}
	return c.leaf(b, id, keys, at)
}

func (p place) holds(key []byte) bool {
	return (p.from == nil || bytes.Compare(key, p.from) >= 0) && (p.to == nil || bytes.Compare(key, p.to) < 0)
}

func (c *checker) branch(b []byte, keys [][]byte, at place) error {
	for i := range keys {
		to := at.to
		if i+1 < len(keys) {
			to = keys[i+1]
		}
		child := binary.LittleEndian.Uint64(b[pageHead+i*element+8:])
		if err := c.tree(child, place{at.depth + 1, at.nested, keys[i], to, at.bucket}); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) leaf(b []byte, id uint64, keys [][]byte, at place) error {
	for i := range keys {
		e := b[pageHead+i*element:]
		pos, ks, vs := binary.LittleEndian.Uint32(e[4:]), binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
		value, ok := cut(e, pos, ks, vs)
		if !ok {
			return damaged("page %d: value %d", id, i)
		}
		if binary.LittleEndian.Uint32(e)&flagBucket == 0 {
			if c.row != nil {
				c.row(at.bucket, keys[i], value)
			}
			continue
		}
		if err := c.bucket(value, id, place{nested: at.nested + 1, bucket: keys[i]}); err != nil {
			return err
		}
	}
	return nil
}

// cut returns the last of the stretches that follow each other from pos on.
func cut(e []byte, pos uint32, lens ...uint32) ([]byte, bool) {
	at := uint64(pos)
	from := at
	for _, n := range lens {
		from, at = at, at+uint64(n)
	}
	if at > uint64(len(e)) {
		return nil, false
	}
	return e[from:at], true
}

// bucket checks a bucket's head and tree; a small one has its page in the value.
func (c *checker) bucket(v []byte, id uint64, at place) error {
	if len(v) < 16 || at.nested > maxNested {
		return damaged("page %d: bucket", id)
	}
	if root := binary.LittleEndian.Uint64(v); root != 0 {
		return c.tree(root, at)
	}
	if len(v) < 16+pageHead || binary.LittleEndian.Uint16(v[16+8:]) != flagLeaf {
		return damaged("page %d: inline bucket", id)
	}
	return c.node(v[16:], id, at)
}
