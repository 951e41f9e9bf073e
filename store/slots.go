package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"clinicbox/internal/durable"
)

// sort tells signed from cosigned checkpoints.
type sort int

const (
	signedSort   sort = iota // the newest that this box signed
	cosignedSort             // the newest that the centre cosigned
	sorts
)

// slots is the file own/checkpoint: two slots for each sort of checkpoint.
//
//	slot  "CBXCKPT1" | number u64 | length u16 | note | CRC-32C u32 | zeros to 4,096
//
// Of the two the higher number counts. Until a sync only one of them is written, over
// and over, and never the one that was synced last: whatever a power cut tears, a
// checkpoint is left. It is not safe for use by several goroutines.
type slots struct {
	f     durable.File
	notes [sorts][]byte // the newest, nil = none
	next  [sorts]int64  // which of the two is written
	seq   [sorts]uint64
	dirty [sorts]bool

	readOnly bool
}

const (
	slotMagic = "CBXCKPT1"
	slotSize  = 4096
	slotHead  = len(slotMagic) + 8 + 2
	maxNote   = slotSize - slotHead - 4
)

var slotSums = crc32.MakeTable(crc32.Castagnoli)

func slotsPath(dir string) string { return filepath.Join(dir, "own", "checkpoint") }

func slotAt(s sort, n int64) int64 { return (int64(s)*2 + n) * slotSize }

// openSlots opens the file, or makes it. Read-only, one that is missing has no notes.
func openSlots(l durable.FS, path string, readOnly bool) (*slots, error) {
	flag := os.O_RDWR
	if readOnly {
		flag = os.O_RDONLY
	}
	f, err := l.OpenFile(path, flag, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if readOnly {
			return &slots{readOnly: true}, nil
		}
		// All of its length at once: later syncs then change no size.
		if err := durable.WriteFileFS(l, path, make([]byte, slotAt(sorts, 0)), 0o600); err != nil {
			return nil, err
		}
		f, err = l.OpenFile(path, flag, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("store: checkpoint: %w", err)
	}
	s := &slots{f: f, readOnly: readOnly}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if readOnly {
		return s, nil
	}
	// What a killed process wrote may be read but not be on the disk yet: it must be
	// before the other slot is written.
	if err := f.Sync(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: checkpoint: %w", ErrFatal, err), f.Close())
	}
	return s, nil
}

func (s *slots) load() error {
	for k := range sorts {
		for n := range int64(2) {
			b := make([]byte, slotSize)
			if _, err := s.f.ReadAt(b, slotAt(k, n)); err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("store: checkpoint: %w", err)
			}
			if seq, note, ok := parseSlot(b); ok && seq > s.seq[k] {
				s.seq[k], s.notes[k], s.next[k] = seq, note, 1-n
			}
		}
	}
	return nil
}

func encodeSlot(seq uint64, note []byte) []byte {
	b := binary.BigEndian.AppendUint64([]byte(slotMagic), seq)
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(note))), note...)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, slotSums))
	return append(b, make([]byte, slotSize-len(b))...)
}

// parseSlot reads a slot; ok is false for one that was never written or is torn.
func parseSlot(b []byte) (seq uint64, note []byte, ok bool) {
	if len(b) != slotSize || string(b[:len(slotMagic)]) != slotMagic {
		return 0, nil, false
	}
	n := int(binary.BigEndian.Uint16(b[slotHead-2:]))
	if n == 0 || n > maxNote {
		return 0, nil, false
	}
	end := slotHead + n
	if crc32.Checksum(b[:end], slotSums) != binary.BigEndian.Uint32(b[end:]) {
		return 0, nil, false
	}
	return binary.BigEndian.Uint64(b[len(slotMagic):]), b[slotHead:end], true
}

// put writes a note; it is durable after the next sync.
func (s *slots) put(k sort, note []byte) error {
	if len(note) == 0 || len(note) > maxNote {
		return fmt.Errorf("store: checkpoint of %d bytes", len(note))
	}
	if _, err := s.f.WriteAt(encodeSlot(s.seq[k]+1, note), slotAt(k, s.next[k])); err != nil {
		return fmt.Errorf("store: checkpoint: %w", err)
	}
	s.seq[k]++
	s.notes[k], s.dirty[k] = note, true
	return nil
}

// sync makes what was put durable. An error is ErrFatal and is not tried again.
func (s *slots) sync() error {
	if s.dirty == [sorts]bool{} {
		return nil
	}
	if err := s.f.Sync(); err != nil {
		return fmt.Errorf("%w: checkpoint: %w", ErrFatal, err)
	}
	for k := range sorts {
		if s.dirty[k] {
			s.next[k], s.dirty[k] = 1-s.next[k], false
		}
	}
	return nil
}

func (s *slots) close() error {
	if s == nil || s.f == nil {
		return nil
	}
	return s.f.Close()
}
