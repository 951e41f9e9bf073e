package card

import (
	"context"
	"fmt"
)

// The files that are no data groups, with their tags (9303-10 section 4).
const (
	fidAccess = 0x011C
	fidSOD    = 0x011D
	fidCOM    = 0x011E
	tagSOD    = 0x77
	tagCOM    = 0x60
	tagAccess = 0x31
	firstDG   = 0x0100
	near      = 0x7FFF   // the last offset that fits into P1 and P2
	maxFile   = 64 << 10 // photos are 15 to 40 KB
)

// groupTags are the tags of data groups 1 to 16.
func groupTags() []uint32 {
	return []uint32{0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70}
}

// State tells what came of a data group.
type State string

// The states of a data group.
const (
	StateRead       State = "read"
	StateMissing    State = "missing"    // listed, and not there
	StateRefused    State = "refused"    // for other readers: fingerprints
	StateUnreadable State = "unreadable" // another status, cut off, or not what it should be
)

// File is a data group, by its number from 1 to 16, and what came of it.
type File struct {
	Group  int
	State  State
	Status uint16 // the card's last status word
}

// contents is a file with its bytes, which name people: they stay inside the package.
type contents struct {
	File
	data []byte // nil unless read
}

type efile struct {
	name string
	fid  uint16
	tag  uint32
}

func group(n int) efile {
	return efile{fmt.Sprintf("dg%d", n), uint16(firstDG + n), groupTags()[n-1]}
}

// file reads a whole file. The error is a *Fault that ends the reading; a file that
// the card will not give is told in the File, whose group is not filled in.
func (l *line) file(ctx context.Context, f efile) (contents, error) {
	a, err := l.send(ctx, f.name, command{ins: 0xA4, p1: 2, p2: 0x0C, data: []byte{byte(f.fid >> 8), byte(f.fid)}})
	if err != nil || a.sw != swOK {
		return contents{File: File{State: stateOf(a.sw), Status: a.sw}}, err
	}
	data, sw, err := l.start(ctx, f.name)
	if err != nil {
		return contents{}, err
	}
	out := contents{File: File{State: stateOf(sw), Status: sw}}
	h, size, bad := header(data)
	total := h.len + size
	if bad != nil || h.tag != f.tag || total > maxFile {
		return out, nil
	}
	for len(data) < total {
		more, sw, err := l.read(ctx, f.name, len(data), l.most(len(data), total))
		if err != nil {
			return contents{}, err
		}
		if len(more) == 0 {
			out.Status = sw
			return out, nil
		}
		data = append(data, more...)
	}
	out.State, out.data = StateRead, data[:total:total]
	return out, nil
}

// start reads the first bytes. Cards differ in what they think of a read beyond the
// end of a short file: some warn, some refuse.
func (l *line) start(ctx context.Context, step string) ([]byte, uint16, error) {
	data, sw, err := l.read(ctx, step, 0, l.chunk())
	if err != nil || len(data) > 0 || stateOf(sw) == StateRefused {
		return data, sw, err
	}
	if sw == swLength && l.long {
		l.long = false // the reader can, the card cannot
	}
	return l.read(ctx, step, 0, 4)
}

// read is one READ BINARY.
func (l *line) read(ctx context.Context, step string, offset, n int) ([]byte, uint16, error) {
	c := command{ins: 0xB0, p1: byte(offset >> 8), p2: byte(offset), le: n}
	if offset > near { // ISO 7816-4 section 11.2.3: offset and data stand in objects
		c = command{ins: 0xB1, data: tlv(0x54, []byte{byte(offset >> 16), byte(offset >> 8), byte(offset)}), le: n}
	}
	a, err := l.send(ctx, step, c)
	if err != nil || a.sw != swOK && a.sw != swEndOfFile {
		return nil, a.sw, err
	}
	if len(a.data) > n {
		return nil, a.sw, fault(Protocol, step, a.sw)
	}
	if offset > near {
		a.data, _ = child(a.data, 0x53)
	}
	return a.data, a.sw, nil
}

// most is how much to ask for at an offset. Far reads have a head of up to four bytes.
func (l *line) most(offset, total int) int {
	n := min(l.chunk(), total-offset)
	if offset > near {
		return min(l.chunk(), n+4+4)
	}
	return n
}

// chunk is how much one READ BINARY asks for.
func (l *line) chunk() int {
	if l.long {
		return 4096
	}
	return safeRead
}

func stateOf(sw uint16) State {
	switch sw {
	case swNotFound:
		return StateMissing
	case swDenied:
		return StateRefused
	}
	return StateUnreadable
}
