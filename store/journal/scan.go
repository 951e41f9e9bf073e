package journal

import (
	"bytes"
	"slices"
)

// span is a stretch of a segment that holds no readable frame though frames
// stand behind it, or are known to have stood in it.
type span struct {
	place, count uint32 // the entries lost in it
	from, to     int64  // its bytes
}

// scanned is what a segment's bytes hold.
type scanned struct {
	offsets []uint32 // of each place; 0 = not readable
	end     int64    // behind the last frame that counts
	bad     []span
	dropped int // readable frames behind end: an act that was not finished
}

// scanner collects what a segment's bytes hold.
type scanner struct {
	scanned
	acts  scanned // after the last whole act
	first int     // place where the batch in hand begins
	batch scanned // before that batch
	torn  bool    // frames of that batch are lost
}

// scan finds the frames of a segment. known is how many entries it is known to
// have had. The tail ends where no good frame follows, before an act that lacks
// its last frames, and before a last batch that lacks any: such were never answered.
func scan(data []byte, known uint32) scanned {
	var s scanner
	s.end = int64(headerSize)
	s.acts, s.batch = s.scanned, s.scanned
	for at := s.end; ; at = s.end {
		f, ok := frameAt(data, at)
		if !ok || int(f.place) != len(s.offsets) {
			next, found := findFrame(data, at, uint32(len(s.offsets)))
			if !found {
				break
			}
			f, _ = frameAt(data, next)
			s.gap(f, next)
			at = next
		} else if f.before == 0 {
			s.begin(f, at)
		}
		s.offsets = append(s.offsets, uint32(at))
		s.end = at + int64(f.len())
		if f.flags&flagMore == 0 || len(s.offsets) <= int(known) {
			s.acts = s.scanned
		}
	}
	out := s.acts
	if s.torn && s.first >= int(known) {
		out = s.batch
	}
	out.dropped = len(s.offsets) - len(out.offsets)
	out.keep(data, known)
	return out
}

// begin notes that a batch begins with a frame.
func (s *scanner) begin(f frame, at int64) {
	s.first, s.torn, s.batch = int(f.place)-int(f.before), f.before > 0, s.scanned
	if s.first > len(s.offsets) { // frames of batches before it are lost too
		s.batch.bad = slices.Clone(s.batch.bad)
		s.batch.lose(uint32(s.first), s.end, at)
		s.batch.end = at
	}
}

// gap notes that nothing can be read up to the frame at the given bytes.
func (s *scanner) gap(f frame, at int64) {
	if int(f.place)-int(f.before) >= len(s.offsets) {
		s.begin(f, at)
	} else {
		s.torn = true
	}
	s.lose(f.place, s.end, at)
}

// keep sees to it that what the views knew stays: bytes that are there stay,
// unread; when there are none, the disk lied and the entries are gone.
func (s *scanned) keep(data []byte, known uint32) {
	if len(s.offsets) >= int(known) {
		return
	}
	if rest := bytes.TrimRight(data[min(s.end, int64(len(data))):], "\x00"); len(rest) > 0 {
		s.lose(known, s.end, s.end+int64(len(rest)))
		s.end += int64(len(rest))
	}
}

// lose notes that the bytes hold nothing readable up to the given place.
func (s *scanned) lose(place uint32, from, to int64) {
	first := uint32(len(s.offsets))
	s.bad = append(s.bad, span{place: first, count: place - first, from: from, to: to})
	for range place - first {
		s.offsets = append(s.offsets, 0)
	}
}

func frameAt(data []byte, at int64) (frame, bool) {
	if at >= int64(len(data)) {
		return frame{}, false
	}
	f, _, ok := parseFrame(data[at:])
	return f, ok
}

// maxLost bounds how far a place may jump. A few damaged bytes may stand for many
// entries (a write that hardly began, of entries that the views knew), but never
// for more than a segment holds.
const maxLost = 1 << 17

// findFrame looks for a good frame of the place or a later one behind at.
func findFrame(data []byte, at int64, place uint32) (int64, bool) {
	for from := at; from < int64(len(data)); {
		i := bytes.Index(data[from:], []byte(frameMagic))
		if i < 0 {
			return 0, false
		}
		from += int64(i)
		f, ok := frameAt(data, from)
		if ok && f.place >= place && f.place-place <= maxLost && (from > at || f.place == place) {
			return from, true
		}
		from++
	}
	return 0, false
}
